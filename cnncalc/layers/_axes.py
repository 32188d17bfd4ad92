"""The names of axes and dimensions."""

from collections.abc import Sequence
from typing import Any

from cnncalc.core.errors import LayerError, one_of
from cnncalc.core.fields import REQUIRED, choice, declare, shown
from cnncalc.core.layer import Reach
from cnncalc.core.shape import Map, Shape

NAMES = {0: (), 1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""The names of the spatial axes, by rank."""
WORDS = ("channels", "length", "depth", "height", "width", "last")


def axis(doc: str, default: Any = "channels", also: Sequence[str] = ("axis",)) -> Any:
    """One axis, by name."""
    return choice(doc, WORDS, default, also)


def axes(doc: str, default: Any = REQUIRED, also: Sequence[str] = ("axis",)) -> Any:
    """One or more axes, by name; ``positions`` stands for all spatial axes."""
    words = (*WORDS, "positions")

    def check(value: Any) -> tuple[str, ...]:
        listed = value if isinstance(value, list | tuple) else (value,)
        if not listed or any(word not in words for word in listed):
            raise LayerError(f"must be {one_of(words)}, or a list of them, not {shown(value)}")
        return tuple(listed)

    one = {"enum": list(words)}
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": 4}
    return declare(doc, default, also, check, {"anyOf": [one, many]})


def place(word: str, x: Shape) -> int:
    """The dimension with this name, counted from 0 (the channels)."""
    names = ("channels", *NAMES[len(x.dimensions) - 1])
    if word == "last":
        return len(names) - 1
    if word not in names:
        raise LayerError(f"{x} has no axis {word!r}; choose {one_of(names)}")
    return names.index(word)


def word(sizes: Sequence[int], dim: int) -> str:
    """The name of a dimension among these, as in ``along: width``."""
    return ("channels", *NAMES[len(sizes) - 1])[dim]


def places(words: Sequence[str], x: Shape) -> tuple[int, ...]:
    """The dimensions with these names, in ascending order."""
    return tuple(sorted(as_named(words, x)))


def as_named(words: Sequence[str], x: Shape) -> tuple[int, ...]:
    """The dimensions with these names, in the order of the names."""
    if words == ("positions",) and not isinstance(x, Map):
        raise LayerError(f"a vector of {x} has no positions")
    found = [
        dim
        for word in words
        for dim in (range(1, len(x.dimensions)) if word == "positions" else [place(word, x)])
    ]
    if len(set(found)) < len(found):
        raise LayerError(f"names an axis twice: {', '.join(words)}")
    return tuple(found)


def along(dims: Sequence[int], x: Shape, bound: bool = False) -> tuple[Reach, ...] | None:
    """The reach of a layer whose outputs read all of these dimensions, and one position along the
    others; with ``bound``, at most that. None if none of these dimensions is a spatial axis."""
    if not isinstance(x, Map) or not any(dims):
        return None
    return tuple(
        Reach(size, 0, bound=bound) if dim in dims else Reach(1)
        for dim, size in enumerate(x.spatial, 1)
    )
