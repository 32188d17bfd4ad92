"""The functions that formulas use besides ``+ - * //``, for integers and types that act like
them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from cnncalc.formulas.tracing import ONE, Traced, expression_of, traced

if TYPE_CHECKING:
    from fractions import Fraction

N = TypeVar("N", int, "Fraction")


class Number:
    """A number that records its operations, so that they can be repeated for other values
    (``cnncalc.formulas.recorded``)."""

    __slots__ = ()

    @abstractmethod
    def combine(self, op: str, numbers: Sequence[Any]) -> Any:
        """The ``max``, ``min`` or ``gcd`` of some numbers."""


def combined_by(op: str, numbers: Sequence[Any]) -> Any:
    """The ``max``, ``min`` or ``gcd`` of numbers, some of which are recorded."""
    recorded = next(one for one in numbers if isinstance(one, Number))
    return recorded.combine(op, numbers)


def product(factors: Iterable[int]) -> int:
    """The product of all factors, from the left; 1 if there are none."""
    result: int | None = None
    for factor in factors:
        result = factor if result is None else result * factor
    return 1 if result is None else result


def span(F: int, D: int) -> int:
    """The number of inputs from the first to the last of F taps that are D apart."""
    return D * (F - 1) + 1


def ceil_div(a: int, b: int) -> int:
    """The quotient, rounded up."""
    return -(-a // b)


def share(a: int, b: int) -> int:
    """The quotient of numbers that divide evenly."""
    return a.shared(b) if isinstance(a, Traced) else a // b


def holds(condition: bool) -> int:
    """1 if the condition holds, else 0; elementwise for arrays."""
    return condition * 1


def positive_part(a: int) -> int:
    """The number if it is positive, else 0; elementwise for arrays."""
    if isinstance(a, Traced):
        return traced("max", max(int(a), 0), a, 0)  # type: ignore[no-any-return]
    return a * holds(a > 0)


# For integers only, not for arrays.


def ratio(a: int, b: int) -> int | Fraction:
    """The exact quotient: an integer if possible, else a fraction."""
    if expression_of(b) == ONE:
        return a
    return traced("share", exact(int(a), int(b)), a, b)  # type: ignore[no-any-return]


def exact(a: int, b: int) -> int | Fraction:
    """``a / b`` as an integer if possible, else as a fraction."""
    if a % b == 0:
        return a // b
    # Few networks need fractions, and importing them takes time.
    from fractions import Fraction

    return Fraction(a, b)


def gcd(a: int, b: int) -> int:
    """The greatest common divisor."""
    if isinstance(a, Number) or isinstance(b, Number):
        return combined_by("gcd", (a, b))  # type: ignore[no-any-return]
    if ONE in (expression_of(a), expression_of(b)):
        return 1
    return traced("gcd", math.gcd(a, b), a, b)  # type: ignore[no-any-return]


def total(terms: Iterable[int]) -> int:
    """The sum of all terms, from the left."""
    return sum(terms)


def least(numbers: Sequence[N]) -> N:
    """The smallest number."""
    return _chosen("min", min, numbers)


def most(numbers: Sequence[N]) -> N:
    """The largest number."""
    return _chosen("max", max, numbers)


PLAIN = frozenset({int})


def _chosen(op: str, choose: Any, numbers: Sequence[N]) -> N:
    plain = PLAIN.issuperset(map(type, numbers))
    if not plain and any(isinstance(number, Number) for number in numbers):
        return combined_by(op, numbers)  # type: ignore[no-any-return]
    chosen: N = choose(numbers)
    if isinstance(chosen, Traced):
        return traced(op, int(chosen), *numbers)  # type: ignore[no-any-return]
    return chosen


INTEGERS_ONLY = frozenset({"ratio", "exact", "gcd", "total", "least", "most"})
"""The functions that do not accept arrays."""
