"""How many points an answer gets: a part of what its question is worth, by what became of it."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from cnncalc.core.errors import UsageError, did_you_mean
from cnncalc.homework.marking import Mark, Outcome
from cnncalc.homework.sheet import part_of


class Scheme(NamedTuple):
    """The part of the points that each outcome is worth.

    ``follows`` is right given an own earlier answer, ``arithmetic`` a right method with a wrong
    result, ``slip`` a wrong value that one known mistake explains, ``slips`` one that two explain
    together. Whatever else is wrong, or missing, is worth nothing.
    """

    right: Fraction = Fraction(1)
    follows: Fraction = Fraction(1)
    arithmetic: Fraction = Fraction(1, 2)
    slip: Fraction = Fraction(1, 2)
    slips: Fraction = Fraction(0)

    def part(self, mark: Mark) -> Fraction:
        """The part of the points that a mark is worth."""
        match mark.outcome:
            case Outcome.RIGHT:
                return self.right
            case Outcome.FOLLOWS:
                return self.follows
            case Outcome.ARITHMETIC:
                return self.arithmetic
            case Outcome.WRONG if mark.diagnoses:
                return self.slip if len(mark.diagnoses[0].slip.mistakes) == 1 else self.slips
        return Fraction(0)


def scheme(given: Mapping[str, Any]) -> Scheme:
    """The scheme with some parts changed (``{"slip": "0.25"}``); raises UsageError for a part that
    there is not, or that is not from 0 to 1."""
    parts = {}
    for name, value in given.items():
        if name not in Scheme._fields:
            hint = did_you_mean(name, Scheme._fields) or f"; there are {', '.join(Scheme._fields)}"
            raise UsageError(f"no credit is given for {name[:40]!r}{hint}")
        parts[name] = _part(name, value)
    return Scheme(**parts)


def _part(name: str, value: Any) -> Fraction:
    part = part_of(str(value))
    if part is None or part > 1:
        raise UsageError(f"credit is a part from 0 to 1, as in {name}=0.5, not {str(value)[:40]!r}")
    return part


def points(number: Fraction) -> str:
    """Points as they are printed: at most two decimals, none that say nothing."""
    return f"{float(number):.2f}".rstrip("0").rstrip(".")
