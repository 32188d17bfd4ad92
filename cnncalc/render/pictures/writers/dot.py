"""Graphviz's DOT language, for other layouts: ``dot -Tpdf net.dot -o net.pdf``."""

from collections.abc import Iterator

from cnncalc.render.pictures.metrics import PIXELS
from cnncalc.render.pictures.palette import TONES
from cnncalc.render.pictures.scene import Box, Nest, Scene, need_graph

SUFFIX = ".dot"
MEASURE = PIXELS


def render(scene: Scene) -> bytes:
    """The whole file. Raises UsageError for a picture that is not a graph."""
    need_graph(scene, SUFFIX)
    lines = [
        f"digraph {_quoted(scene.title)} {{",
        f"  rankdir={'TB' if scene.down else 'LR'};",
        '  node [shape=box, style="rounded,filled", fontname="Arial", fontsize=11];',
        '  graph [fontname="Arial", fontsize=10, style=rounded];',
        *_inside(scene.nested(), "  "),
        *(f"  {line.source} -> {line.target};" for line in scene.lines),
        "}\n",
    ]
    return "\n".join(lines).encode()


def _inside(nest: Nest, indent: str) -> Iterator[str]:
    """The boxes of a frame, and the frames in it as clusters."""
    for box in nest.boxes:
        yield f"{indent}{box.key} [{_attributes(box)}];"
    for inner in nest.nests:
        frame = inner.frame
        assert frame is not None
        name = f"cluster_{_first(inner).key}_{round(frame.width)}_{round(frame.height)}"
        yield f"{indent}subgraph {name} {{"
        yield f"{indent}  label={_quoted(frame.texts[0].content)};"
        yield from _inside(inner, f"{indent}  ")
        yield f"{indent}}}"


def _first(nest: Nest) -> Box:
    return nest.boxes[0] if nest.boxes else _first(nest.nests[0])


def _attributes(box: Box) -> str:
    label = r"\n".join(_escaped(text.content) for text in box.texts)
    fill, edge, *_ = TONES[box.tone]
    more = ", peripheries=2" if box.copies > 1 else ""
    return f'label="{label}", fillcolor="{fill}", color="{edge}"{more}'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'
