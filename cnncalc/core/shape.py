"""Typed shapes, without the batch: a feature map with 1, 2 or 3 spatial axes, and a vector."""

import re
from collections.abc import Sequence
from math import prod
from typing import Any, Literal

from cnncalc.core.errors import UsageError
from cnncalc.formulas.expression import AXES

Layout = Literal["chw", "hwc"]

SIZE = r"0*[1-9][0-9]*"
JOINED = r"\s*[x×X*,]\s*"
SHAPE_PATTERN = rf"^\s*[\[\]()]*{SIZE}(?:{JOINED}{SIZE}){{0,3}}[\[\]()]*\s*$"
"""A regular expression for the text that ``read_shape`` accepts, without the limit on digits. The
JSON schema of specs shares it."""

MAX_DIGITS = 100
"""The most digits that a size may have; arithmetic on longer ones could take forever."""


class Map(tuple[int, ...]):
    """A feature map: a tuple of its sizes, channels first, such as ``(3, 224, 224)``.

    It has ``channels`` channels, each with 1, 2 or 3 ``spatial`` sizes (L, H×W, or D×H×W).
    """

    __slots__ = ()
    __match_args__ = ("channels", "spatial")

    def __new__(cls, channels: int, spatial: tuple[int, ...]) -> "Map":
        """A tuple of all sizes: ``(3, 224, 224)`` for ``Map(3, (224, 224))``."""
        return super().__new__(cls, (channels, *spatial))

    def __getnewargs__(self) -> tuple[int, tuple[int, ...]]:
        return self.channels, self.spatial

    @property
    def channels(self) -> int:
        """The number of channels."""
        return self[0]

    @property
    def spatial(self) -> tuple[int, ...]:
        """The spatial sizes."""
        return self[1:]

    @property
    def elements(self) -> int:
        """The number of elements."""
        return prod(self)

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of the spatial axes."""
        return AXES[len(self) - 1]

    @property
    def dimensions(self) -> tuple[int, ...]:
        """All sizes, channels first."""
        return tuple(self)

    def text(self, layout: Layout = "chw") -> str:
        """The sizes as text: ``3×224×224``, or ``224×224×3`` with the channels last."""
        return "×".join(map(str, self if layout == "chw" else (*self.spatial, self.channels)))

    def __repr__(self) -> str:
        return f"Map(channels={self.channels}, spatial={self.spatial})"

    def __str__(self) -> str:
        return self.text()


class Vector(tuple[int]):
    """A vector of ``features`` values: a tuple of one size, such as ``(4096,)``."""

    __slots__ = ()
    __match_args__ = ("features",)

    def __new__(cls, features: int) -> "Vector":
        """A tuple of one size, such as ``Vector(4096)``."""
        return super().__new__(cls, (features,))

    def __getnewargs__(self) -> tuple[int]:
        return (self.features,)

    @property
    def features(self) -> int:
        """The number of features."""
        return self[0]

    @property
    def elements(self) -> int:
        """The number of elements."""
        return self[0]

    @property
    def dimensions(self) -> tuple[int, ...]:
        """The only size."""
        return (self[0],)

    def text(self, layout: Layout = "chw") -> str:
        """The size as text: ``4096``."""
        return str(self[0])

    def __repr__(self) -> str:
        return f"Vector(features={self.features})"

    def __str__(self) -> str:
        return self.text()


Shape = Map | Vector


def alike(values: Sequence[Any]) -> bool:
    """Whether all values are equal. A set would not work for recorded numbers
    (``formulas.recorded``), because equal ones may have different hashes."""
    return values[1:] == values[:-1]


def layout_of(word: str | None) -> Layout | None:
    """The layout with this name; None for None. Raises UsageError for an unknown name."""
    if word is None:
        return None
    layouts: dict[str, Layout] = {"chw": "chw", "hwc": "hwc"}
    if word.lower() in layouts:
        return layouts[word.lower()]
    fact = "a layout must be chw (channels first) or hwc (channels last)"
    raise UsageError(f"{fact}, not {word[:60]!r}")


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
            f"a shape has 1 to 4 sizes (a vector, or channels and 1 to 3 axes), not {len(sizes)}",
            "drop the batch size, and use --batch for it" if len(sizes) == 5 else "",
        )
    if layout == "hwc":
        sizes = (sizes[-1], *sizes[:-1])
    return Map(sizes[0], sizes[1:])


def read_shape(text: str, layout: Layout = "chw") -> Shape:
    """Parse a shape such as ``3x224x224`` in this layout. Raises UsageError for any other text."""
    return shape_of(read_sizes(text), layout)


def read_sizes(text: str) -> tuple[int, ...]:
    """Parse a shape such as ``3x224x224`` (or with ``×``, ``*`` or ``,``) into its sizes.

    Raises UsageError for any other text.
    """
    parts = re.split(JOINED, text.strip().strip("[]()"))
    if not all(part.isdecimal() and part.isascii() and len(part) <= MAX_DIGITS for part in parts):
        raise UsageError(
            f"a shape must be whole numbers joined by x, such as 3x224x224, not {text[:60]!r}"
        )
    return tuple(map(int, parts))
