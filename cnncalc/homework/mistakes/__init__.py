"""The known mistakes, discovered automatically: one per file."""

from collections.abc import Iterator
from functools import cache

from cnncalc.core import discovery
from cnncalc.homework.mistake import Mistake


@cache
def names() -> tuple[str, ...]:
    """The names of all mistakes, in alphabetical order."""
    return discovery.modules(__path__)


@cache
def load(name: str) -> Mistake:
    """The mistake with this name."""
    return discovery.the_class(f"{__name__}.{name}", Mistake)()  # type: ignore[type-abstract]


def every() -> Iterator[Mistake]:
    """All mistakes, in alphabetical order."""
    return map(load, names())
