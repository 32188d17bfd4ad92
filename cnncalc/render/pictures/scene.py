"""A picture before it is written: boxes, lines, shapes and texts with their coordinates.

Coordinates grow to the right and downwards, in the unit of the ``Measure`` that the writer chose:
pixels, or characters on a terminal.
"""

from collections.abc import Iterator
from typing import NamedTuple

from cnncalc.core.errors import UsageError

Point = tuple[float, float]


class Text(NamedTuple):
    """One line of text. ``y`` is its baseline; ``x`` is its start, middle or end (``anchor``)."""

    x: float
    y: float
    content: str
    role: str = "note"
    """The role of the text, which decides its size and colour: name, note, title or small."""
    anchor: str = "start"


class Shape(NamedTuple):
    """A filled polygon, such as a face of a volume; ``move`` names its animation."""

    points: tuple[Point, ...]
    tone: str
    title: str = ""
    move: str = ""
    shade: float = 0.0
    """The share of its edge's colour in its fill."""


class Box(NamedTuple):
    """A rectangle that stands for a layer or a block.

    ``key`` is unique in a picture, and empty for a frame around the boxes of an open block.
    ``rows`` are the names of its layers; ``title`` has their exact numbers. ``copies``
    is the number of equal layers or blocks that it stands for; up to two are drawn behind it.
    ``tone`` names its colours.
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
    faces: tuple[Shape, ...] = ()
    """The shapes that are drawn instead of a rectangle, from back to front."""

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The bottom edge."""
        return self.y + self.height


class Line(NamedTuple):
    """Straight pieces from one box to another, or decoration on top if it has no ``source``."""

    points: tuple[Point, ...]
    source: str = ""
    target: str = ""
    arrow: bool = True
    tone: str = "edge"


class Scene(NamedTuple):
    """A whole picture, drawn in this order: frames, lines between boxes, boxes, shapes, other
    lines, texts."""

    title: str
    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    frames: tuple[Box, ...] = ()
    """The frames of open blocks, each before those in it."""
    lines: tuple[Line, ...] = ()
    shapes: tuple[Shape, ...] = ()
    texts: tuple[Text, ...] = ()
    css: str = ""
    """The animations of its shapes."""
    down: bool = True
    """Whether a graph flows down rather than to the right."""

    def nested(self) -> "Nest":
        """The boxes, grouped by the frames that they stand in."""
        root = Nest(None, [], [])
        places = [(Box(0, 0, self.width, self.height, ""), root)]
        for frame in self.frames:
            inner = Nest(frame, [], [])
            _innermost(places, frame).nests.append(inner)
            places.append((frame, inner))
        for box in self.boxes:
            _innermost(places, box).boxes.append(box)
        return root

    @property
    def all_texts(self) -> Iterator[Text]:
        """Every text, including those of the boxes and frames."""
        for box in (*self.frames, *self.boxes):
            yield from box.texts
        yield from self.texts


class Nest(NamedTuple):
    """A frame (None for the whole picture), with the boxes and the frames that stand in it."""

    frame: Box | None
    boxes: list[Box]
    nests: "list[Nest]"


def _innermost(places: list[tuple[Box, Nest]], box: Box) -> Nest:
    """The innermost frame around a box; ``places`` lists a frame before those in it."""
    return next(
        nest
        for frame, nest in reversed(places)
        if frame.x <= box.x <= frame.right and frame.y <= box.y <= frame.bottom
    )


def need_graph(scene: Scene, suffix: str) -> None:
    """Raise UsageError for a picture that is not a graph of boxes."""
    if not scene.boxes or any(box.faces for box in scene.boxes):
        raise UsageError(f"a {suffix} file holds a graph; use the graph style")
