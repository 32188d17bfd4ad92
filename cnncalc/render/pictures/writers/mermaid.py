"""Mermaid, which GitHub and GitLab render in Markdown: put it in a block that starts with
```` ```mermaid ````.
"""

from collections.abc import Iterator

from cnncalc.core.errors import UsageError
from cnncalc.render.pictures.metrics import PIXELS
from cnncalc.render.pictures.palette import TONES
from cnncalc.render.pictures.scene import Nest, Scene, need_graph

SUFFIX = ".mmd"
MEASURE = PIXELS
MOST_LINES, MOST_TEXT = 500, 50_000
"""Mermaid's default limits on arrows and characters, which are fixed on GitHub."""
SAFE = " ,.:+-_/=×·–…≥≤()"
"""The characters besides letters and digits that have no meaning in a quoted label."""


def render(scene: Scene) -> bytes:
    """The whole file. Raises UsageError for a picture that is not a graph, or is too large."""
    need_graph(scene, SUFFIX)
    lines = [
        f"flowchart {'TB' if scene.down else 'LR'}",
        *_inside(scene.nested(), "  "),
        *(f"  {line.source} --> {line.target}" for line in scene.lines),
        *_classes(scene),
    ]
    text = "\n".join(lines) + "\n"
    if len(scene.lines) > MOST_LINES or len(text) > MOST_TEXT:
        raise UsageError(
            f"Mermaid draws at most {MOST_LINES} arrows and {MOST_TEXT:,} characters, and this "
            f"graph has {len(scene.lines):,} and {len(text):,}",
            "use 'depth' or 'only' to draw less",
        )
    return text.encode()


def _inside(nest: Nest, indent: str, path: str = "f") -> Iterator[str]:
    """The boxes of a frame, and the frames in it as subgraphs."""
    for box in nest.boxes:
        label = "<br/>".join(_escaped(text.content) for text in box.texts)
        open_, close = ("[[", "]]") if box.copies > 1 else ("[", "]")
        yield f'{indent}{box.key}{open_}"{label}"{close}'
    for at, inner in enumerate(nest.nests):
        assert inner.frame is not None
        name = f"{path}_{at}"
        yield f'{indent}subgraph {name}["{_escaped(inner.frame.texts[0].content)}"]'
        yield from _inside(inner, f"{indent}  ", name)
        yield f"{indent}end"


def _classes(scene: Scene) -> Iterator[str]:
    """The colours of every tone, and the boxes that have it."""
    tones: dict[str, list[str]] = {}
    for box in scene.boxes:
        tones.setdefault(box.tone, []).append(box.key)
    for tone, keys in tones.items():
        fill, edge, *_ = TONES[tone]
        yield f"  classDef {tone} fill:{fill},stroke:{edge},color:#1f2328"
        yield f"  class {','.join(keys)} {tone}"


def _escaped(text: str) -> str:
    """The text, with every character that Mermaid could interpret written as an entity."""
    return "".join(one if one.isalnum() or one in SAFE else f"#{ord(one)};" for one in text)
