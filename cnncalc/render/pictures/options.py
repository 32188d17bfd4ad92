"""The options of pictures."""

from dataclasses import dataclass

from cnncalc.core.errors import UsageError, unknown
from cnncalc.core.fields import is_whole
from cnncalc.render.pictures.labels import FIGURES

HEATS = tuple(name for name in FIGURES if name != "none")
COLOURS = ("kind", *HEATS)
DIRECTIONS = ("down", "right")


@dataclass(frozen=True)
class Options:
    """The choices, of which a style may take only some. Raises UsageError for an invalid one.

    ``depth`` levels of blocks are opened, by default as many as fit. ``only`` draws one block.
    ``every_layer`` gives activations and normalizations boxes of their own. ``direction`` is that
    of the flow, ``label`` the figure in a box (the default depends on the style), ``colour`` what
    colours mean, and ``layer`` the layer to draw. With ``animate``, a window moves.
    """

    depth: int | None = None
    only: str | None = None
    every_layer: bool = False
    direction: str = "down"
    label: str | None = None
    colour: str = "kind"
    layer: str | None = None
    animate: bool = False

    def __post_init__(self) -> None:
        if self.depth is not None and not is_whole(self.depth, 1):
            fact = f"'depth' must be a whole number of at least 1, not {self.depth!r:.60}"
            raise UsageError(fact)
        for what, name, known in (
            ("direction", self.direction, DIRECTIONS),
            ("label", self.label or "none", tuple(FIGURES)),
            ("colour", self.colour, COLOURS),
        ):
            if name not in known:
                raise unknown(what, str(name), known)
