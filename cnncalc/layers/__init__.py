"""The layer kinds: one class in one file each, found by being there.

A file named without a leading underscore is a kind of that name; files with one hold what a family
shares. A kind is imported when it is asked for by name, all of them only when an alias is.
"""

import re
from collections.abc import Iterator
from functools import cache

from cnncalc.core import discovery
from cnncalc.core.errors import LayerError, did_you_mean
from cnncalc.core.layer import Layer


@cache
def names() -> tuple[str, ...]:
    """The canonical names of all kinds, in alphabetical order."""
    return discovery.modules(__path__)


@cache
def load(name: str) -> type[Layer]:
    """The kind of this canonical name: the one Layer that its file defines."""
    return discovery.the_class(f"{__name__}.{name}", Layer)


def every() -> Iterator[type[Layer]]:
    """All kinds, in alphabetical order."""
    return map(load, names())


@cache
def find(word: str) -> tuple[type[Layer], int | None]:
    """The kind that a word of a spec names, and the axes it insists on: ``Conv2d`` is (conv, 2).

    Raises LayerError with the nearest names where there is none.
    """
    if word in names():
        return load(word), None
    known = _spellings()
    bare = plain(word)
    if bare in known:
        return load(known[bare]), None
    rank = re.fullmatch(r"(.+?)([123])d", bare)
    if rank and rank[1] in known:
        return load(known[rank[1]]), int(rank[2])
    words = [*names(), *(alias for kind in every() for alias in kind.aliases)]
    hint = did_you_mean(word, words) or "; cnncalc kinds lists those that there are"
    raise LayerError(f"no layer kind {word[:60]!r}{hint}")


def plain(word: str) -> str:
    """A name without case, underscores, hyphens and blanks."""
    return re.sub(r"[\s_-]", "", word).lower()


@cache
def _spellings() -> dict[str, str]:
    """Canonical name by plain spelling, for all names and aliases; each may stand for one kind."""
    known: dict[str, str] = {}
    for kind in every():
        for word in (kind.kind, *kind.aliases):
            other = known.setdefault(plain(word), kind.kind)
            if other != kind.kind:
                raise TypeError(f"{word!r} names both {other} and {kind.kind}")
    return known
