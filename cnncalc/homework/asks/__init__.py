"""The quantities that a question can ask for, discovered automatically: one per file."""

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
    """The ask with this canonical name."""
    return discovery.the_class(f"{__name__}.{name}", Ask)()  # type: ignore[type-abstract]


def every() -> Iterator[Ask]:
    """All asks, in alphabetical order."""
    return map(load, names())


def find(word: str) -> Ask:
    """The ask with this name or alias; raises UsageError if there is none, suggesting others."""
    name = _spellings().get(_plain(word))
    if name is None:
        hint = nearest(word) or f"; choose from {', '.join(names())}"
        raise UsageError(f"unknown quantity {word[:60]!r}{hint}")
    return load(name)


def nearest(word: str) -> str:
    """The hint ``; did you mean 'parameters'?`` with the nearest name; empty if none is near."""
    words = [*names(), *(alias for ask in every() for alias in ask.aliases)]
    return did_you_mean(word, [known.replace("_", " ") for known in words]) or did_you_mean(
        word, words
    )


WORDS = {
    **dict.fromkeys(("dim", "dims", "dimension", "dimensions"), "shape"),
    **dict.fromkeys(("parameter", "params", "param"), "parameters"),
    "out": "output",
    "o/p": "output",
    "mem": "memory",
    "rec": "receptive",
    "r.f": "rf",
}
"""Other words for the words in the names of asks."""
COUNTED = re.compile(
    r"^\s*(?:the )?(?:#|(?:no\.|nb|n|num|number|count|total|how many)(?= ))\s*(?:of )?|"
    r"(?<=\S) (?:count|usage)$"
)
WITH_BIASES = re.compile(r"(weights?)\s*\((?:incl\.?|including|with|and) bias(?:es)?\)")
"""Weights that are parameters; after any other word, the remark changes nothing."""


def _plain(word: str) -> str:
    """A word without its decoration: ``# of parameters``, ``How many MACs``, ``Memory (MB)``."""
    plain = re.sub(r"[_-]", " ", word.lower().strip())
    plain = WITH_BIASES.sub(r"\1 and biases", plain)
    plain = COUNTED.sub("", re.sub(r"\(.*\)|#$", "", plain).strip())
    plain = re.sub(r"(shape|size|volume) of (?:the )?output", r"output \1", plain)
    plain = re.sub(r"[a-z/.]+", lambda found: WORDS.get(found[0].rstrip("."), found[0]), plain)
    return re.sub(r"\s", "", plain)


@cache
def _spellings() -> dict[str, str]:
    """The canonical name of every plain spelling; a spelling names only one ask."""
    known: dict[str, str] = {}
    for ask in every():
        for word in (ask.name, *ask.aliases):
            other = known.setdefault(_plain(word), ask.name)
            if other != ask.name:
                raise TypeError(f"{word!r} names both {other} and {ask.name}")
    return known
