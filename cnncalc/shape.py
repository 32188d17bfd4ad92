"""Typed shapes, without the batch: a feature map of 1, 2 or 3 spatial axes, and a vector."""

import re
from math import prod
from typing import Literal, NamedTuple

from cnncalc.errors import UsageError

Layout = Literal["chw", "hwc"]

AXES = {0: (), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
"""The names of the spatial axes by how many there are: a signal, an image, a volume."""

MOST_DIGITS = 100
"""Sizes longer than this are refused: no size is, and arithmetic on them could take for ever."""


class Map(NamedTuple):
    """A feature map: ``channels`` planes of 1, 2 or 3 spatial sizes (L, H x W, or D x H x W)."""

    channels: int
    spatial: tuple[int, ...]

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return self.channels * prod(self.spatial)

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of the spatial axes."""
        return AXES[len(self.spatial)]

    @property
    def dimensions(self) -> tuple[int, ...]:
        """All sizes, channels first."""
        return (self.channels, *self.spatial)

    def text(self, layout: Layout = "chw") -> str:
        """``3×224×224``, or ``224×224×3`` with the channels last."""
        sizes = self.dimensions if layout == "chw" else (*self.spatial, self.channels)
        return "×".join(map(str, sizes))

    def __str__(self) -> str:
        return self.text()


class Vector(NamedTuple):
    """A vector of ``features`` numbers."""

    features: int

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return self.features

    @property
    def dimensions(self) -> tuple[int, ...]:
        """Its one size."""
        return (self.features,)

    def text(self, layout: Layout = "chw") -> str:
        """``4096``."""
        return str(self.features)

    def __str__(self) -> str:
        return self.text()


Shape = Map | Vector


def layout_of(word: str) -> Layout:
    """The layout of that name; raises UsageError for another word."""
    layouts: dict[str, Layout] = {"chw": "chw", "hwc": "hwc"}
    if word.lower() in layouts:
        return layouts[word.lower()]
    raise UsageError(f"a layout is chw or hwc, not {word!r}")


def shape_of(sizes: tuple[int, ...], layout: Layout = "chw") -> Shape:
    """The shape with these sizes: one is a vector, two a signal, three an image, four a volume.

    Raises UsageError for any other number of sizes, and for a size below 1.
    """
    for size in sizes:
        if size < 1:
            raise UsageError(f"a size must be at least 1, not {size}")
    if len(sizes) == 1:
        return Vector(sizes[0])
    if not 2 <= len(sizes) <= 4:
        raise UsageError(
            f"a shape has 1 to 4 sizes (a vector; channels and 1 to 3 axes), not {len(sizes)}"
        )
    if layout == "hwc":
        sizes = (sizes[-1], *sizes[:-1])
    return Map(sizes[0], sizes[1:])


def read_shape(text: str, layout: Layout = "chw") -> Shape:
    """Read ``3x224x224`` (also with ``×``, ``*`` or ``,``), in the layout given.

    Raises UsageError for anything that is not whole numbers joined so.
    """
    parts = re.split(r"\s*[x×X*,]\s*", text.strip().strip("[]()"))
    if not all(part.isdecimal() and part.isascii() and len(part) <= MOST_DIGITS for part in parts):
        raise UsageError(
            f"a shape is whole numbers joined by x, as in 3x224x224, not {text[:60]!r}"
        )
    return shape_of(tuple(map(int, parts)), layout)
