"""Faults in the geometry of a scene: overlaps, parts that are cut off, lines that miss."""

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import NamedTuple

from cnncalc.render.pictures.metrics import Measure, extent
from cnncalc.render.pictures.scene import Box, Line, Scene

CLOSE = 0.51
"""Coordinates that differ by less count as equal."""


class Area(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float
    what: str

    def meets(self, other: "Area") -> bool:
        return (
            self.left < other.right - CLOSE
            and other.left < self.right - CLOSE
            and self.top < other.bottom - CLOSE
            and other.top < self.bottom - CLOSE
        )

    def holds(self, other: "Area") -> bool:
        return (
            self.left <= other.left + CLOSE
            and self.top <= other.top + CLOSE
            and self.right >= other.right - CLOSE
            and self.bottom >= other.bottom - CLOSE
        )


def area(box: Box) -> Area:
    return Area(box.x, box.y, box.right, box.bottom, box.name)


def faults(scene: Scene, measure: Measure) -> list[str]:
    """Every fault in words."""
    return [
        *overlapping(scene, measure),
        *cut_off(scene, measure),
        *missing(scene),
        *crossing(scene),
        *covered(scene, measure),
    ]


def texts(scene: Scene, measure: Measure) -> list[Area]:
    return [Area(*extent(text, measure), text.content) for text in scene.all_texts]


def overlapping(scene: Scene, measure: Measure) -> Iterator[str]:
    """Boxes that overlap, and texts that overlap."""
    for kind, areas in (
        ("boxes", sorted(map(area, scene.boxes))),
        ("texts", sorted(texts(scene, measure))),
    ):
        for at, one in enumerate(areas):
            for other in areas[at + 1 :]:
                if other.left >= one.right:
                    break
                if one.meets(other):
                    yield f"{kind} {one.what!r} and {other.what!r} overlap"
    for one, other in combinations(map(area, scene.frames), 2):
        if one.meets(other) and not one.holds(other) and not other.holds(one):
            yield f"frames {one.what!r} and {other.what!r} overlap"
    for frame in map(area, scene.frames):
        for box in map(area, scene.boxes):
            if frame.meets(box) and not frame.holds(box):
                yield f"{box.what!r} sticks out of the frame {frame.what!r}"


def covered(scene: Scene, measure: Measure) -> Iterator[str]:
    """Texts beside boxes that a box or a line covers."""
    boxes = [*map(area, scene.boxes)]
    for text in scene.texts:
        place = Area(*extent(text, measure), text.content)
        for box in boxes:
            if place.meets(box):
                yield f"{text.content!r} is covered by {box.what!r}"
        for line in scene.lines:
            for piece in pairwise(line.points):
                if line.source and _passes(piece, _bounds(piece), place):
                    yield f"a line from {line.source} crosses {text.content!r}"


def cut_off(scene: Scene, measure: Measure) -> Iterator[str]:
    """Parts that reach beyond the picture, and texts that reach beyond their boxes."""
    page = Area(0, 0, scene.width, scene.height, "page")
    lines = [
        Area(*point, *point, f"a line from {line.source}")
        for line in scene.lines
        for point in line.points
    ]
    boxes = (*scene.boxes, *scene.frames)
    for one in (*map(area, boxes), *texts(scene, measure), *lines):
        if not page.holds(one):
            yield f"{one.what!r} is cut off"
    for box in boxes:
        for text in box.texts:
            if not area(box).holds(Area(*extent(text, measure), text.content)):
                yield f"{text.content!r} sticks out of {box.name!r}"


def missing(scene: Scene) -> Iterator[str]:
    """Lines that do not begin or end at the edge of their boxes."""
    boxes = {box.key: box for box in scene.boxes}
    for line in scene.lines:
        if line.source:
            for key, point in ((line.source, line.points[0]), (line.target, line.points[-1])):
                if not on_edge(point, boxes[key]):
                    yield f"a line misses {boxes[key].name!r}: {point}"


def on_edge(point: tuple[float, float], box: Box) -> bool:
    """Whether a point is on the edge of a box, or of the copies behind it."""
    x, y = point
    room = 4.0 * min(box.copies - 1, 2) + CLOSE
    inside = box.x - CLOSE <= x <= box.right + room and box.y - CLOSE <= y <= box.bottom + room
    deep = box.x + CLOSE < x < box.right - CLOSE and box.y + CLOSE < y < box.bottom - CLOSE
    return inside and not deep


def crossing(scene: Scene) -> Iterator[str]:
    """Lines that pass through boxes."""
    areas = [(box.key, area(box)) for box in scene.boxes]
    for line in (line for line in scene.lines if line.source):
        for piece in pairwise(line.points):
            bounds = _bounds(piece)
            for key, box in areas:
                if _passes(piece, bounds, box):
                    yield f"a line from {line.source} to {line.target} crosses {key} {box.what!r}"


def _bounds(piece: tuple[tuple[float, float], ...]) -> Area:
    (x0, y0), (x1, y1) = piece
    return Area(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), "")


def _passes(piece: tuple[tuple[float, float], ...], bounds: Area, box: Area) -> bool:
    """Whether a straight piece goes through the inside of a box."""
    if (
        bounds.right <= box.left + CLOSE
        or bounds.left >= box.right - CLOSE
        or bounds.bottom <= box.top + CLOSE
        or bounds.top >= box.bottom - CLOSE
    ):
        return False
    (x0, y0), (x1, y1) = piece
    begin, end = 0.0, 1.0
    for start, step, low, high in (
        (x0, x1 - x0, box.left + CLOSE, box.right - CLOSE),
        (y0, y1 - y0, box.top + CLOSE, box.bottom - CLOSE),
    ):
        if step:
            near, far = sorted(((low - start) / step, (high - start) / step))
            begin, end = max(begin, near), min(end, far)
    return begin < end


def edges(lines: tuple[Line, ...]) -> set[tuple[str, str]]:
    return {(line.source, line.target) for line in lines}
