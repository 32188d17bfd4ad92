"""A written value: how to read it, and whether the right answer agrees with it."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from cnncalc.core.errors import LayerError, UsageError, one_of
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.homework.convolution.matrix import Tensor
from cnncalc.homework.convolution.writing import Style
from cnncalc.homework.written.texts import readable, shown, undressed


class Names(tuple[str, ...]):
    """The right names, any of which is enough."""

    __slots__ = ()


class Irrational(Fraction):
    """A number that is known to about 15 digits, such as a logarithm, and shown with 4."""

    def __str__(self) -> str:
        return f"{float(self):.4g}"


Value = int | Fraction | bool | Shape | Tensor | Names
"""The answer to a question: a count or a size, yes or no, a shape, a matrix, a name."""

MANY = 10**6
"""A resolution at which no value matches by chance."""
REMARKED = re.compile(r"\s*([^(]*[^(\s])\s*\((?=[^a-z]*[a-z])(?=.*[a-z]{3}).*\)\.?\s*", re.DOTALL)
"""A value with a remark in brackets: ``32x32x10 (padding 2 keeps the size)``."""


class Terms(NamedTuple):
    """The terms on which values are accepted.

    If ``strict``, only the exact value is accepted, with K = 1000 and channels first. The
    ``tolerance`` is a fraction of the right value (1/100 is 1%). If ``as_asked``, no other
    quantity is accepted in place of the one asked for, such as elements in place of bytes.
    """

    strict: bool = False
    tolerance: Fraction = Fraction(0)
    as_asked: bool = False


KIND = Terms()
"""The default terms, which are kind: any usual way to write a value is accepted."""

CHANNELS_LAST = "channels last"
"""The note on a habit that the answers of a sheet usually share; it is shown once."""
ROUNDED = "rounded"
"""The note on a value to whose digits the right one rounds."""


class Reading(NamedTuple):
    """How a written value agrees with the right one; ``notes`` lists the assumptions."""

    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written(ABC):
    """A value as it was written."""

    text: str

    expected = "a value"
    examples: ClassVar[tuple[str, ...]] = ()
    longest = 300
    """The maximum number of characters in such a value."""
    telling: ClassVar[bool] = True
    """Whether a wrong value shows which mistake was made; any mistake could turn yes into no."""

    @property
    def before(self) -> "Written | None":
        """The working before an equals sign."""
        return None

    @property
    def rounded(self) -> bool:
        """Whether it may stand for other values too."""
        return False

    @property
    def resolution(self) -> Fraction:
        """Roughly the number of values of this size that its digits can tell apart: the more, the
        less likely a match is by chance."""
        return Fraction(MANY)

    @classmethod
    @abstractmethod
    def read(cls, given: Any) -> "Written | None":
        """The given value as this kind; None if it is not of this kind.

        Raises LayerError if it is, but cannot be evaluated.
        """

    @abstractmethod
    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """How it agrees with the right value, counted in ``unit``; None if it does not."""

    def overlaps(
        self, low: Fraction, high: Fraction, unit: str = "", terms: Terms = KIND
    ) -> Reading | None:
        """How it agrees with any right value from low to high; None if it does not."""
        return None

    def differs(self, truth: Value, unit: str = "") -> str:
        """What is wrong with it, or what is right, in a few words; empty if there is no more to
        say."""
        return ""


def read(given: Any, takes: Sequence[type[Written]]) -> Written:
    """A given value (as YAML holds it) as the first of these kinds that fits.

    ``55*55*96`` is a Number or a Size, whichever is accepted. Raises UsageError if none fits, or
    if the text is too long.
    """
    if isinstance(given, str):
        return _read_text(readable(given), tuple(takes))
    return _read(given, takes)


@lru_cache(maxsize=10_000)
def _read_text(given: str, takes: tuple[type[Written], ...]) -> Written:
    """Read text; cached because many students write the same answer."""
    longest = max(kind.longest for kind in takes)
    if len(given) > longest:
        raise UsageError(f"an answer has at most {longest:,} characters, not {len(given):,}")
    return _read(given, takes)


def _read(given: Any, takes: Sequence[type[Written]]) -> Written:
    found, why = _first(given, takes)
    if found is None and isinstance(given, str):
        remarked = REMARKED.fullmatch(given)
        for bare in (remarked and remarked[1], undressed(given)):
            if bare and bare != given and found is None:
                found, _ = _first(bare, takes)
        found = found and replace(found, text=given)
    if found is not None:
        return found
    expected = one_of([kind.expected for kind in takes])
    examples = [example for kind in takes for example in kind.examples]
    fix = f"; write it like {one_of(examples)}" if examples else ""
    raise UsageError(f"{shown(given)} is not {expected}{why or fix}")


def _first(given: Any, takes: Sequence[type[Written]]) -> tuple[Written | None, str]:
    """The value as the first kind that fits; if none does, None and the reason."""
    why = ""
    for kind in takes:
        try:
            found = kind.read(given)
        except LayerError as error:
            # Leave out a reason that only repeats that the value is not a number.
            words = ("defined", "a number", "an expression")
            same = tuple(f"{shown(given)} is not {what}" for what in words)
            why = why or ("" if str(error).startswith(same) else f": {error}")
            continue
        if found is not None:
            return found, ""
    return None, why


def format_value(value: Value, unit: str = "") -> str:
    """A right value formatted for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Map | Vector):
        return str(value)
    if isinstance(value, Names):
        return one_of(value)
    if isinstance(value, Tensor):
        style = Style(value.decimal)
        planes = (style.rows(value, channel) for channel in range(value.shape.channels))
        return " | ".join("; ".join(" ".join(row) for row in rows) for rows in planes)
    number = f"{value:,}" if isinstance(value, int) else str(value)
    return f"{number} {unit}" if unit else number
