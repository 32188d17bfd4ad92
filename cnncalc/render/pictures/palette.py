"""The colours of pictures, on light and on dark backgrounds."""

from typing import NamedTuple


class Tone(NamedTuple):
    """The fill and the edge of a box, on a light and on a dark background."""

    fill: str
    edge: str
    dark_fill: str
    dark_edge: str


PAPER, INK, MUTED, LINE = (
    ("#ffffff", "#0d1117"),
    ("#1f2328", "#e6edf3"),
    ("#57606a", "#9da7b3"),
    ("#6e7781", "#8b949e"),
)
"""The background, texts, less important texts and lines, in light and dark mode."""

GRID = "#808080"
"""The colour of grid lines, which are half-transparent so that a chart's colours show through."""

TONES = {
    "input": Tone("#ffffff", "#57606a", "#161b22", "#9da7b3"),
    "outside": Tone("#ffffff", "#b6bec7", "#0d1117", "#4a525c"),
    "block": Tone("#eef1f5", "#57606a", "#20262e", "#8b949e"),
    "frame": Tone("#f8f9fb", "#c3cad2", "#12171e", "#3d444d"),
    "convolution": Tone("#dcebff", "#2f6fc4", "#13294a", "#5a9cf0"),
    "dense": Tone("#ece4fc", "#7b53c1", "#2a1e47", "#a98ae8"),
    "pooling": Tone("#ffe3df", "#c4503f", "#45201b", "#ee8473"),
    "upsampling": Tone("#d9f4ee", "#1d8573", "#0f3a33", "#45bda7"),
    "normalization": Tone("#e8f1d9", "#66852a", "#2a3613", "#9dbd5b"),
    "activation": Tone("#fff2cf", "#a97a11", "#40310c", "#dcae47"),
    "join": Tone("#d9f2dd", "#2f8a45", "#12361c", "#56b96d"),
    "arrangement": Tone("#f0ece6", "#857763", "#322c23", "#b5a68f"),
    "recurrent": Tone("#fde6f1", "#b8487f", "#431d31", "#e57fb0"),
    "attention": Tone("#dff3fb", "#20809f", "#0f3644", "#55b5d4"),
    "other": Tone("#eceff2", "#6e7781", "#2a3038", "#8b949e"),
    "cell": Tone("#ffffff", "#b6bec7", "#161b22", "#4a525c"),
    "padding": Tone("#eef1f5", "#d5dbe1", "#262d36", "#3d444d"),
    "unread": Tone("#ffd0c8", "#c4503f", "#5b2a23", "#ee8473"),
    "tap": Tone("#7fb2f5", "#2f6fc4", "#2c5ca0", "#79b0f7"),
    "made": Tone("#8fd69c", "#2f8a45", "#277a3d", "#6fd385"),
    "cone": Tone("#e3effd", "#e3effd", "#122136", "#122136"),
    "window": Tone("#ffffff", "#1f2328", "#0d1117", "#e6edf3"),
    "resident": Tone("#c9d1d9", "#8b949e", "#3d444d", "#6e7781"),
    "gradients": Tone("#c9b3f2", "#7b53c1", "#4a3380", "#a98ae8"),
    "saved": Tone("#9cc7fb", "#2f6fc4", "#1f4e8c", "#5a9cf0"),
    "transient": Tone("#ffd88a", "#a97a11", "#7a5a10", "#dcae47"),
    "heat0": Tone("#ffffff", "#8b949e", "#161b22", "#6e7781"),
    "heat1": Tone("#fff3e0", "#b98a5b", "#2b1f14", "#8a6a48"),
    "heat2": Tone("#ffe2bd", "#b87a3d", "#43290f", "#a5743f"),
    "heat3": Tone("#ffcb94", "#b56a25", "#5c350e", "#c07f38"),
    "heat4": Tone("#ffb06b", "#ac5a17", "#7a420d", "#d98b35"),
    "heat5": Tone("#fb9250", "#9c4a0f", "#98500d", "#f09a3a"),
    "heat6": Tone("#f2743c", "#8a3a0a", "#a3510c", "#ffad4d"),
}
"""The colours of the families of layers, of other boxes, and of heat maps."""


def mixed(fill: str, edge: str, share: float) -> str:
    """A fill with a share of the colour of its edge, such as the face of a box in the shade."""
    pairs = ((int(fill[at : at + 2], 16), int(edge[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one + share * (other - one)):02x}" for one, other in pairs)
