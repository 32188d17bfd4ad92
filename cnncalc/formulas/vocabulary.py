"""The few words that formulas use beside ``+ - * //``, for integers and whatever acts like them."""

from collections.abc import Iterable


def product(factors: Iterable[int]) -> int:
    """All factors multiplied, from the left; 1 when there are none."""
    result: int | None = None
    for factor in factors:
        result = factor if result is None else result * factor
    return 1 if result is None else result


def ceil_div(a: int, b: int) -> int:
    """The quotient rounded up."""
    return -(-a // b)


def holds(condition: bool) -> int:
    """1 where the condition holds, else 0; elementwise for arrays."""
    return condition * 1


def positive_part(a: int) -> int:
    """The number where it is positive, else 0; elementwise for arrays."""
    return a * holds(a > 0)
