"""The few words that formulas use beside ``+ - * //``, for integers and whatever acts like them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.formulas.tracing import ONE, Traced, expression_of, traced

if TYPE_CHECKING:
    from fractions import Fraction


def product(factors: Iterable[int]) -> int:
    """All factors multiplied, from the left; 1 when there are none."""
    result: int | None = None
    for factor in factors:
        result = factor if result is None else result * factor
    return 1 if result is None else result


def span(F: int, D: int) -> int:
    """From the first to the last of F taps, D apart."""
    return D * (F - 1) + 1


def ceil_div(a: int, b: int) -> int:
    """The quotient rounded up."""
    return -(-a // b)


def share(a: int, b: int) -> int:
    """The quotient where b divides a: one quantity shared out."""
    return a.shared(b) if isinstance(a, Traced) else a // b


def holds(condition: bool) -> int:
    """1 where the condition holds, else 0; elementwise for arrays."""
    return condition * 1


def positive_part(a: int) -> int:
    """The number where it is positive, else 0; elementwise for arrays."""
    if isinstance(a, Traced):
        return traced("max", max(int(a), 0), a, 0)  # type: ignore[no-any-return]
    return a * holds(a > 0)


# Words for integers alone: they do not take arrays.


def ratio(a: int, b: int) -> int | Fraction:
    """The exact quotient: an integer where it is one, else a fraction."""
    if expression_of(b) == ONE:
        return a
    return traced("share", exact(int(a), int(b)), a, b)  # type: ignore[no-any-return]


def exact(a: int, b: int) -> int | Fraction:
    """``a / b``, as an integer where it is one."""
    if a % b == 0:
        return a // b
    # Few networks need fractions, and the import would slow the start of all others.
    from fractions import Fraction

    return Fraction(a, b)


def gcd(a: int, b: int) -> int:
    """The greatest common divisor."""
    if ONE in (expression_of(a), expression_of(b)):
        return 1
    return traced("gcd", math.gcd(a, b), a, b)  # type: ignore[no-any-return]


def total(terms: Iterable[int]) -> int:
    """All terms added, from the left."""
    return sum(terms)


def least(numbers: Sequence[int]) -> int:
    """The smallest."""
    return _chosen("min", min, numbers)


def most(numbers: Sequence[int]) -> int:
    """The largest."""
    return _chosen("max", max, numbers)


def _chosen(op: str, choose: Any, numbers: Sequence[int]) -> int:
    chosen: int = choose(numbers)
    if isinstance(chosen, Traced):
        return traced(op, int(chosen), *numbers)  # type: ignore[no-any-return]
    return chosen


INTEGERS_ALONE = frozenset({"ratio", "exact", "gcd", "total", "least", "most"})
"""The words that do not take arrays."""
