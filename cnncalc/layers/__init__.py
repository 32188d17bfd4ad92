"""The layer kinds, one class per file, discovered automatically.

A file without a leading underscore defines the kind of that name; a file with one holds code that
several kinds share. Looking a kind up by its name imports only that kind; looking up an alias
imports all of them.
"""

import re
from collections.abc import Iterator
from functools import cache

from cnncalc.core import discovery
from cnncalc.core.errors import LayerError, did_you_mean
from cnncalc.core.layer import Layer


@cache
def names() -> tuple[str, ...]:
    """The canonical names of all kinds, sorted."""
    return discovery.modules(__path__)


@cache
def load(name: str) -> type[Layer]:
    """The kind with this canonical name."""
    return discovery.the_class(f"{__name__}.{name}", Layer)


def every() -> Iterator[type[Layer]]:
    """All kinds, sorted by name."""
    return map(load, names())


@cache
def find(word: str) -> tuple[type[Layer], int | None]:
    """The kind that a word in a spec names, and the rank it requires: ``Conv2d`` is (conv, 2).

    Raises LayerError with the nearest name for an unknown word.
    """
    if found := known(word):
        return found
    words = [*names(), *(alias for kind in every() for alias in kind.aliases)]
    hint = did_you_mean(word, words) or "; run cnncalc kinds for a list"
    raise LayerError(f"no layer kind {word[:60]!r}{hint}")


def known(word: str) -> tuple[type[Layer], int | None] | None:
    """The same, or None for an unknown word."""
    if word in names():
        return load(word), None
    spellings = _spellings()
    bare = plain(word)
    if bare in spellings:
        return load(spellings[bare]), None
    rank = re.fullmatch(r"(.+?)([123])d", bare)
    if rank and rank[1] in spellings:
        return load(spellings[rank[1]]), int(rank[2])
    return None


def plain(word: str) -> str:
    """A name in lower case without underscores, hyphens and spaces."""
    return re.sub(r"[\s_-]", "", word).lower()


@cache
def _spellings() -> dict[str, str]:
    """The canonical name for every plain name and alias. Raises TypeError for an ambiguous one."""
    known: dict[str, str] = {}
    for kind in every():
        for word in (kind.kind, *kind.aliases):
            other = known.setdefault(plain(word), kind.kind)
            if other != kind.kind:
                raise TypeError(f"{word!r} names both {other} and {kind.kind}")
    return known
