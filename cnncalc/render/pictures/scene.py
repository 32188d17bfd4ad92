"""A picture before it is written: boxes, lines, shapes and texts with their coordinates.

Coordinates grow to the right and downwards, in the unit of the ``Measure`` that the writer chose:
pixels, or characters on a terminal.
"""

from collections.abc import Iterator
from typing import NamedTuple

Point = tuple[float, float]


class Text(NamedTuple):
    """One line of text. ``y`` is its baseline, ``anchor`` says which end of it ``x`` is."""

    x: float
    y: float
    content: str
    role: str = "note"
    """What it is, which decides its size and colour: name, note, title or small."""
    anchor: str = "start"


class Box(NamedTuple):
    """A rectangle that stands for a layer or a block.

    ``key`` is unique in a picture, and empty for a frame around the boxes of an open block.
    ``rows`` are the names of its layers; ``title`` has their exact numbers. ``copies`` are drawn
    behind it. ``tone`` names its colours.
    """

    x: float
    y: float
    width: float
    height: float
    tone: str
    key: str = ""
    name: str = ""
    title: str = ""
    texts: tuple[Text, ...] = ()
    copies: int = 1
    rows: tuple[str, ...] = ()
    inside: str = ""
    """The keys of the frames around it, with spaces between."""

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The bottom edge."""
        return self.y + self.height


class Line(NamedTuple):
    """Straight pieces from one box to another, or decoration if it has no ``source``."""

    points: tuple[Point, ...]
    source: str = ""
    target: str = ""
    arrow: bool = True
    tone: str = "edge"


class Shape(NamedTuple):
    """A filled polygon, such as a face of a volume; ``move`` names its animation."""

    points: tuple[Point, ...]
    tone: str
    title: str = ""
    move: str = ""


class Scene(NamedTuple):
    """A whole picture, drawn in this order: shapes, frames, lines, boxes, texts."""

    title: str
    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    frames: tuple[Box, ...] = ()
    lines: tuple[Line, ...] = ()
    shapes: tuple[Shape, ...] = ()
    texts: tuple[Text, ...] = ()
    css: str = ""
    """The animations of its shapes."""

    @property
    def all_texts(self) -> Iterator[Text]:
        """Every text, including those of the boxes and frames."""
        for box in (*self.frames, *self.boxes):
            yield from box.texts
        yield from self.texts
