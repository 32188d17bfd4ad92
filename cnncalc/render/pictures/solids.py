"""Feature maps as solids: boxes in oblique projection, stacks of planes, and bars for vectors."""

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

from cnncalc.core.shape import Map, Shape
from cnncalc.render.pictures import scene
from cnncalc.render.pictures.scene import Point

SIDE = 150
"""The drawn length of the longest side of all maps, in pixels."""
CHANNEL = 1.9
"""The width of a map is this times the square root of its number of channels, but at least
``THINNEST``."""
SLANT = (0.34, 0.2)
"""The offset for one pixel of depth, to the right and upwards."""
FEW = 24
"""If all maps have two spatial axes and none has more channels than this, every channel is a
plane."""
THINNEST = 3.0
BAR = (9.0, 4.0, 3.0)
"""The width of a bar, and its depth to the right and upwards."""


class Scale(NamedTuple):
    """The scale of a drawing: lengths are proportional to the square roots of sizes."""

    largest_side: int
    largest_vector: int
    planes: bool

    def side(self, size: int) -> float:
        """The length of a side that is this many pixels long."""
        return max(SIDE * sqrt(size / self.largest_side), THINNEST)

    def width(self, channels: int) -> float:
        """The width of this many channels."""
        return max(CHANNEL * sqrt(channels), THINNEST)

    def length(self, features: int) -> float:
        """The height of a bar."""
        return max(SIDE * sqrt(features / self.largest_vector), THINNEST)


def scale_for(shapes: Iterable[Shape]) -> Scale:
    """The scale that shows all these shapes."""
    found = list(shapes)
    maps = [shape for shape in found if isinstance(shape, Map) and not is_vector(shape)]
    sides = [size for shape in maps for size in shape.spatial[-2:]]
    vectors = [shape[0] for shape in found if is_vector(shape)]
    few = all(shape[0] <= FEW and len(shape) == 3 for shape in maps)
    return Scale(max(sides, default=1), max([*vectors, 500]), bool(maps) and few)


def is_vector(shape: Shape) -> bool:
    """Whether a shape is drawn as a bar."""
    return not isinstance(shape, Map) or all(size == 1 for size in shape.spatial)


class Solid(NamedTuple):
    """A solid: the size of what it covers, its faces, and its spatial plane.

    Coordinates are relative to its upper left corner. ``plane`` is the corner of the plane on
    which windows are drawn, and its two sides; ``target`` is the same for the plane at which the
    rays of a window arrive.
    """

    width: float
    height: float
    faces: tuple[tuple[tuple[Point, ...], float], ...]
    """The polygons from back to front, each with its shade."""
    plane: tuple[Point, Point, Point] | None = None
    target: tuple[Point, Point, Point] | None = None

    def shapes(self, x: float, y: float, tone: str) -> tuple[scene.Shape, ...]:
        """The faces at a place."""
        return tuple(
            scene.Shape(tuple((x + right, y + down) for right, down in points), tone, shade=shade)
            for points, shade in self.faces
        )


def solid(shape: Shape, scale: Scale) -> Solid:
    """The solid of a feature map or a vector."""
    if is_vector(shape):
        width, right, up = BAR
        return _box(width, scale.length(shape[0]), right, up, flat=True)
    height = scale.side(shape[-2] if len(shape) > 2 else shape[-1])
    depth = scale.side(shape[-1]) if len(shape) > 2 else 2 * BAR[1]
    if scale.planes:
        return _planes(shape[0], depth, height)
    right, up = SLANT[0] * depth, SLANT[1] * depth
    return _box(scale.width(shape[0]), height, right, up)


def _box(width: float, height: float, right: float, up: float, flat: bool = False) -> Solid:
    """A box whose depth leads up to the right."""
    front = ((0, up), (width, up), (width, up + height), (0, up + height))
    top = ((0, up), (right, 0), (width + right, 0), (width, up))
    side = ((width, up), (width + right, 0), (width + right, height), (width, up + height))
    faces = ((top, 0.12), (side, 0.28), (front, 0.0))
    if flat:
        return Solid(width + right, height + up, faces)
    plane = ((width, up), (right, -up), (0.0, height))
    target = ((0.0, up), (right, -up), (0.0, height))
    return Solid(width + right, height + up, faces, plane, target)


def _planes(channels: int, width: float, height: float) -> Solid:
    """A plane for each channel, from back to front."""
    step = min(max(40 / channels, 2.0), 7.0)
    shift = step * (channels - 1)
    corners = [(shift - step * at, step * at) for at in range(channels)]
    faces = tuple(
        (((x, y), (x + width, y), (x + width, y + height), (x, y + height)), 0.0)
        for x, y in corners
    )
    plane = ((0.0, shift), (width, 0.0), (0.0, height))
    return Solid(width + shift, height + shift, faces, plane, plane)


def window(
    solid: Solid, x: float, y: float, share: tuple[float, float], corner: Point
) -> tuple[Point, ...]:
    """The corners of a window that covers a share of the width and height of a solid's plane."""
    (left, top), across, down = solid.plane or ((0, 0), (0, 0), (0, 0))
    a, b = min(corner[0], 1 - share[0]), min(corner[1], 1 - share[1])
    return tuple(
        (
            x + left + one * across[0] + other * down[0],
            y + top + one * across[1] + other * down[1],
        )
        for one, other in (
            (a, b),
            (a + share[0], b),
            (a + share[0], b + share[1]),
            (a, b + share[1]),
        )
    )


def tip(solid: Solid, x: float, y: float, at: Point) -> Point:
    """The place on a solid at which the rays of a window arrive."""
    (left, top), across, down = solid.target or ((0, solid.height / 2), (0, 0), (0, 0))
    return (
        x + left + at[0] * across[0] + at[1] * down[0],
        y + top + at[0] * across[1] + at[1] * down[1],
    )
