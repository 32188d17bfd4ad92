"""The tree of what a user can do wrong.

CnncalcError
├── LayerError      one layer cannot take its fields or its input (states the fact, never where)
├── SpecError       one mistake at one place of a spec
├── Mistakes        several independent SpecErrors of one spec, told at once
└── UsageError      a command or a function was given something that it cannot use
    └── UnknownName a name that does not exist (also a KeyError)

Leaf code raises ``LayerError`` with the bare fact; the code that walks a spec adds the place, once.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate, islice
from typing import NamedTuple


class Where(NamedTuple):
    """A place in a text: its name, and line and column counted from 1 (0 when there are none)."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join(str(part) for part in self if part)


class CnncalcError(Exception):
    """Anything that is the user's to mend; its text is one clear sentence."""


class LayerError(CnncalcError):
    """A layer kind refuses its fields or its input; the text states the fact with its numbers."""


class UsageError(CnncalcError):
    """An argument of a command or of a function cannot be used."""


class UnknownName(UsageError, KeyError):
    """A name looked up in a mapping, such as a layer of a report, does not exist."""

    __str__ = Exception.__str__  # KeyError would print the repr of the sentence


class SpecError(CnncalcError):
    """One mistake in a spec: ``file:line:column: sentence``."""

    def __init__(self, sentence: str, where: Where) -> None:
        place = str(where)
        super().__init__(f"{place}: {sentence}" if place else sentence)
        self.sentence = sentence
        self.where = where


MOST_MISTAKES = 50
"""With so many, the rest of a text is not looked at."""


class Mistakes(CnncalcError):
    """All independent mistakes of one spec, in the order of the text, each told once."""

    SHOWN = 20

    def __init__(self, errors: Iterable[SpecError]) -> None:
        told = {str(error): error for error in errors}
        self.errors = tuple(sorted(told.values(), key=lambda error: error.where[1:]))
        lines = [str(error) for error in self.errors[: self.SHOWN]]
        if len(self.errors) > self.SHOWN:
            lines.append(f"... and {len(self.errors) - self.SHOWN} more mistakes")
        super().__init__("\n".join(lines))


MOST_COMPARED = 3_000
"""Of very many known words only the first, of so many letters, are compared with a misspelt one."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint ``; did you mean 'x'?`` with the nearest of the known words, or nothing."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(b=word.lower()[:100])
    letters = sorted(word.lower()[:100])

    def likeness(name: str) -> tuple[float, bool]:
        matcher.set_seq1(name.lower())
        # Of names that are equally like it, the one with its letters swapped: vgg61 is vgg16.
        return matcher.ratio(), sorted(name.lower()) == letters

    first = list(islice(known, MOST_COMPARED))
    ends = accumulate(map(len, first))
    few = [name for name, end in zip(first, ends) if end <= MOST_COMPARED]
    near = max(few, key=likeness, default="")
    return f"; did you mean {near!r}?" if near and likeness(near)[0] >= 0.6 else ""


MOST_LISTED = 12


def some(words: Iterable[object], between: str = ", ") -> str:
    """The words joined; of very many, the first ones and how many there are."""
    listed = [str(word) for word in words]
    more = f"{between}... ({len(listed)} in all)" if len(listed) > MOST_LISTED else ""
    return between.join(listed[:MOST_LISTED]) + more


def one_of(words: Sequence[str]) -> str:
    """The words as a person lists them: ``a, b or c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
