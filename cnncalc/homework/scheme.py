"""The points of an answer: a fraction of the points of its question, by its outcome."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from cnncalc.core.errors import UsageError, unknown
from cnncalc.homework.entries import part_of
from cnncalc.homework.marking import Mark, Outcome


class Scheme(NamedTuple):
    """The fraction of the points that each outcome earns.

    ``follows`` is follow-through credit; ``arithmetic`` is for right working with a wrong result,
    ``slip`` for a wrong value that one known mistake explains, and ``slips`` for one that only two
    mistakes explain together. All other answers earn nothing.
    """

    right: Fraction = Fraction(1)
    follows: Fraction = Fraction(1)
    arithmetic: Fraction = Fraction(1, 2)
    slip: Fraction = Fraction(1, 2)
    slips: Fraction = Fraction(0)

    def part(self, mark: Mark) -> Fraction:
        """The fraction of the points that a mark earns."""
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
    """The scheme with some parts changed (``{"slip": "0.25"}``); raises UsageError for an unknown
    outcome, or a fraction that is not from 0 to 1."""
    parts = {}
    for name, value in given.items():
        if name not in Scheme._fields:
            raise unknown("outcome", name, Scheme._fields)
        parts[name] = _part(name, value)
    return Scheme(**parts)


def _part(name: str, value: Any) -> Fraction:
    part = part_of(str(value))
    if part is None or part > 1:
        raise UsageError(
            f"credit for {name!r} must be a fraction from 0 to 1, such as 0.5 or 50%, "
            f"not {str(value)[:40]!r}"
        )
    return part


def points(number: Fraction) -> str:
    """Points as text: at most two decimal places, and no trailing zeros."""
    return f"{float(number):.2f}".rstrip("0").rstrip(".")


def out_of(score: Fraction, possible: Fraction) -> str:
    """A score as text: ``7.5 of 10 points``."""
    unit = "point" if possible == 1 else "points"
    return f"{points(score)} of {points(possible)} {unit}"
