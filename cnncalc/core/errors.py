"""The errors that a user can cause.

CnncalcError
├── LayerError      mistakes in a layer, without its location
├── SpecError       one mistake at one location in a spec
├── Mistakes        all independent SpecErrors of one spec
└── UsageError      an invalid argument of a command or a function
    └── UnknownName a name that a mapping does not have (also a KeyError)

A sentence says what is wrong and, after a semicolon, how to fix it, if that is known. Code that
does not know the location raises ``LayerError``; the code that walks a spec adds the location.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate, islice
from os import PathLike
from pathlib import Path
from typing import NamedTuple, Self


def printable(text: str) -> str:
    """The text with unprintable characters, such as terminal controls, escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Source(str):
    """The name of a file together with its text, so that an error can show the line it is about."""

    __slots__ = ("text",)
    text: str

    @classmethod
    def of(cls, name: str, text: str) -> Self:
        """A source with this name and text."""
        source = cls(name)
        source.text = text
        return source

    def line(self, number: int) -> str:
        """A line of the text, counted from 1; empty if there is none."""
        lines = re.split(r"\r\n|[\n\r\x85\u2028\u2029]", self.text)  # as YAML counts them
        return lines[number - 1] if 0 < number <= len(lines) else ""


class Where(NamedTuple):
    """A location: the name of the text, and line and column counted from 1 (0 if unknown)."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = (printable(self.source), self.line, self.column)
        return ":".join(str(part) for part in parts if part)


class CnncalcError(Exception):
    """An error that the user can fix.

    ``fact`` says what is wrong and ``help`` how to fix it, if that is known; ``sentence`` is both.
    """

    def __init__(self, sentence: str = "", help: str = "") -> None:
        self.sentence = f"{sentence}; {help}" if help else sentence
        self.fact, self.help = (sentence, help) if help else sentence.partition("; ")[::2]
        super().__init__(self.sentence)


class LayerError(CnncalcError):
    """An error about a layer, such as an input that it refuses."""


class UsageError(CnncalcError):
    """An argument of a command or of a function is invalid."""


def unwritable(path: str | PathLike[str], why: OSError) -> UsageError:
    """The error for a file that cannot be written, such as one in a missing folder."""
    file = Path(why.filename or path)
    if isinstance(why, FileExistsError | NotADirectoryError):
        taken = next((one for one in (file, *file.parents) if one.is_file()), file)
        fact = f"cannot write {str(file)!r}: {str(taken)!r} is a file, not a folder"
        return UsageError(fact, "choose another name")
    if isinstance(why, FileNotFoundError) and not file.parent.exists():
        return UsageError(
            f"cannot write {str(file)!r}: there is no folder {str(file.parent)!r}",
            "create it first",
        )
    if file.is_dir():
        return UsageError(f"cannot write {str(file)!r}: it is a folder", "name a file")
    return UsageError(f"cannot write {str(file)!r}: {why.strerror or why}")


def unreadable(path: str | PathLike[str], why: OSError) -> UsageError:
    """The error for a file that does not exist or cannot be read."""
    file = Path(path)
    if not isinstance(why, FileNotFoundError):
        return UsageError(f"cannot read {str(file)!r}: {why.strerror or why}")
    return UsageError(f"no file {str(file)[:200]!r}{near_file(file)}")


def near_file(file: Path) -> str:
    """A hint with the nearest name of a file in the same folder; empty if none is near. For a name
    without an extension, folders count too."""
    try:
        every = islice(file.parent.iterdir(), MAX_BESIDE)
        beside = sorted(one for one in every if not file.suffix or one.is_file())
    except OSError:
        return ""
    # An equal extension is no reason to suggest a file.
    alike = (one for one in beside if _edits(file.stem.lower(), one.stem.lower()) is not None)
    return did_you_mean(file.name, [one.name for one in alike])


class UnknownName(UsageError, KeyError):
    """A name looked up in a mapping, such as a layer of a report, does not exist."""

    __str__ = Exception.__str__  # KeyError would print the repr of the sentence


class SpecError(CnncalcError):
    """One mistake in a spec: ``file:line:column: sentence``."""

    def __init__(self, sentence: str, where: Where, help: str = "") -> None:
        super().__init__(sentence, help)
        self.where = where

    def __str__(self) -> str:
        place = str(self.where)
        return f"{place}: {self.sentence}" if place else self.sentence


MAX_BESIDE = 200
"""The name of a missing file is compared with at most this many others in its folder."""
MAX_MISTAKES = 50
"""Checks stop after this many mistakes."""


class Mistakes(CnncalcError):
    """All independent mistakes found in one spec, each once, sorted by line and column."""

    SHOWN = 20

    def __init__(self, errors: Iterable[SpecError]) -> None:
        distinct = {str(error): error for error in errors}
        self.errors = tuple(sorted(distinct.values(), key=lambda error: error.where[1:]))
        super().__init__("\n".join([*map(str, self.errors[: self.SHOWN]), *self.rest]))

    @property
    def rest(self) -> list[str]:
        """A line that says how many more errors there are, if any."""
        return [f"... and {self.more} more error{'s' * (self.more > 1)}"] if self.more else []

    @property
    def more(self) -> int:
        """The number of mistakes that are not shown."""
        return max(len(self.errors) - self.SHOWN, 0)


SHORTEST_PART = 3
"""``longer_names`` suggests no names for words with fewer letters."""
MAX_NEAR = 4
"""``longer_names`` suggests at most this many names."""
MAX_COMPARED = 3_000
"""A misspelt word is compared only with the first known words, up to this many letters in all."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint ``; did you mean 'x'?`` with the nearest known word; empty if none is near."""
    meant = word.lower()[:100]
    first = list(islice(known, MAX_COMPARED))
    ends = accumulate(map(len, first))
    few = [
        name for name, end in zip(first, ends) if end <= MAX_COMPARED and _same_numbers(word, name)
    ]
    near = [(edits, name) for name in few if (edits := _edits(meant, name.lower())) is not None]
    if not near:
        return ""
    # Among equally near names, prefer one that only swaps letters: vgg61 is vgg16.
    letters = sorted(meant)
    _, best = min(near, key=lambda pair: (pair[0], sorted(pair[1].lower()) != letters))
    return f"; did you mean {best!r}?"


def near_names(word: str, known: Sequence[str]) -> str:
    """The hint of ``longer_names``, or else of ``did_you_mean``: ``resnet5`` may be ``resnet50``,
    and ``vgg61`` ``vgg16``."""
    return longer_names(word, known) or did_you_mean(word, known)


def longer_names(word: str, known: Iterable[str]) -> str:
    """The hint with a few names that begin with a word, contain it as a whole part (``large`` in
    ``mobilenet_v3_large``), or lack only its last letter; empty if there are none."""
    meant = word.lower()[:100]
    near = [name for name in known if _extends(meant, name.lower())]
    near.sort(key=lambda name: abs(len(name) - len(meant)))
    return f"; did you mean {one_of([*map(repr, near[:MAX_NEAR])])}?" if near else ""


def _extends(word: str, name: str) -> bool:
    """Whether a name begins with a word, contains it as a whole part, or is all of it but the last
    letter. Always false for a very short word."""
    if len(word) < SHORTEST_PART:
        return False
    return name.startswith(word) or name == word[:-1] or word in re.split("[-_ ]", name)


def _same_numbers(word: str, name: str) -> bool:
    """Whether two names have the same digits, or one has more numbers at its end: ``conv99`` is not
    ``conv1`` misspelt, but ``conv1`` may be ``conv1_1``."""
    one, other = (re.findall("[0-9]+", text[:100]) for text in (word, name))
    least = min(len(one), len(other))
    return one[:least] == other[:least] or sorted("".join(one)) == sorted("".join(other))


def _tolerance(word: str) -> int:
    """The number of typos that a word of this length may have."""
    letters = len(word.lstrip("-"))
    return 1 if letters <= 4 else 2 if letters <= 8 else 3


def _edits(word: str, name: str) -> int | None:
    """The number of letters to insert, delete, replace or swap with a neighbour to turn one word
    into the other; None if there are too many for a typo.

    The Damerau-Levenshtein distance (optimal string alignment), in a band around the diagonal.
    """
    most = _tolerance(word)
    if word == name:
        return 0
    of_two = len(word) == 2 and not name.startswith(word)
    other_start = len(word) == len(name) == 3 and word[0] != name[0] and {*word} != {*name}
    if len(word) == 1 or of_two or other_start or abs(len(word) - len(name)) > most:
        return None
    if len({*word} ^ {*name}) > 2 * most:  # each edit changes at most two letters
        return None
    word, name = _without_ends(word, name)
    far = most + 1
    before, row = [far] * (len(name) + 1), [min(j, far) for j in range(len(name) + 1)]
    for i, letter in enumerate(word, 1):
        above, row = row, [far] * (len(name) + 1)
        row[0] = min(i, far)
        for j in range(max(1, i - most), min(len(name), i + most) + 1):
            same = letter == name[j - 1]
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (not same))
            if i > 1 < j and letter == name[j - 2] and word[i - 2] == name[j - 1]:
                row[j] = min(row[j], before[j - 2] + 1)
        if min(row) > most:
            return None
        before = above
    return row[-1] if row[-1] <= most else None


def _without_ends(word: str, name: str) -> tuple[str, str]:
    """Both words without their common prefix and suffix, which need no edits."""
    while word and name and word[0] == name[0]:
        word, name = word[1:], name[1:]
    while word and name and word[-1] == name[-1]:
        word, name = word[:-1], name[:-1]
    return word, name


def unknown(what: str, word: str, known: Iterable[str], meant: str | None = None) -> UsageError:
    """The error ``no format 'jsno'; did you mean 'json'?``, or one that lists all the choices.

    ``meant`` is the word in the form in which it is looked up, if that differs.
    """
    hint = did_you_mean(meant or word, known) or f"; choose from {', '.join(known)}"
    return UsageError(f"no {what} {word[:40]!r}{hint}")


MAX_LISTED = 12


def some(words: Iterable[object], between: str = ", ") -> str:
    """The words, joined; a long list is cut after ``MAX_LISTED`` words and ends with its length."""
    listed = [str(word) for word in words]
    more = f"{between}... ({len(listed):,} in all)" if len(listed) > MAX_LISTED else ""
    return between.join(listed[:MAX_LISTED]) + more


def inputs_of(shapes: Sequence[object]) -> str:
    """The shapes of a layer's inputs: ``input 3×8×8``, or ``inputs 3×8×8 and 3×4×4``."""
    if len(shapes) < 2:
        return f"input {some(shapes)}"
    return f"inputs {some(shapes, ' and ' if len(shapes) == 2 else ', ')}"


def one_of(words: Sequence[str], joint: str = "or") -> str:
    """The words joined for a sentence: ``a, b or c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}"


def all_of(words: Sequence[str]) -> str:
    """The words joined for a sentence: ``a, b and c``."""
    return one_of(words, "and")
