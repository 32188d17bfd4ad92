"""Advice on numbers that must divide a number of channels."""

from math import isqrt

from cnncalc.core.errors import MAX_LISTED, one_of, some

LARGEST = 10**8
"""The divisors of larger numbers are not searched for."""


def that_fit(field: str, channels: int) -> str:
    """Advice on a field that must divide this number: ``groups can be 1 or 3``."""
    if channels > LARGEST:
        return f"{field} must divide {channels}"
    low = [number for number in range(1, isqrt(channels) + 1) if channels % number == 0]
    both = sorted({*low, *(channels // number for number in low)})
    if len(both) == 1:
        return f"{field} can only be 1"
    return f"{field} can be {one_of([*map(str, both)]) if len(both) <= MAX_LISTED else some(both)}"
