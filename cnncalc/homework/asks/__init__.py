"""What can be asked: one class in one file each, found by being there."""

import re
from collections.abc import Iterator
from functools import cache

from cnncalc.core import discovery
from cnncalc.core.errors import UsageError, did_you_mean
from cnncalc.homework.ask import Ask


@cache
def names() -> tuple[str, ...]:
    """The names of all asks, in alphabetical order."""
    return discovery.modules(__path__)


@cache
def load(name: str) -> Ask:
    """The ask of this canonical name."""
    return discovery.the_class(f"{__name__}.{name}", Ask)()


def every() -> Iterator[Ask]:
    """All asks, in alphabetical order."""
    return map(load, names())


def find(word: str) -> Ask:
    """The ask that a word names; raises UsageError with the nearest names."""
    name = _spellings().get(_plain(word))
    if name is None:
        words = [*names(), *(alias for ask in every() for alias in ask.aliases)]
        hint = did_you_mean(word, words) or f"; there are {', '.join(names())}"
        raise UsageError(f"nothing is asked by the name {word[:60]!r}{hint}")
    return load(name)


def _plain(word: str) -> str:
    """A word without what may stand around it: ``# of parameters``, ``Memory (MB)``."""
    plain = re.sub(r"[_-]", " ", word.lower())
    counted = r"^\s*(?:the )?(?:#|(?:no\.|num|number|count|total)(?= ))\s*(?:of )?"
    return re.sub(rf"\(.*\)|{counted}|\s", "", plain)


@cache
def _spellings() -> dict[str, str]:
    """Canonical name by plain spelling; each may stand for one ask."""
    known: dict[str, str] = {}
    for ask in every():
        for word in (ask.name, *ask.aliases):
            other = known.setdefault(_plain(word), ask.name)
            if other != ask.name:
                raise TypeError(f"{word!r} names both {other} and {ask.name}")
    return known
