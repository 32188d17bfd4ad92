"""Exact quotients, for steps that are a fraction of an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction


def ratio(a: int, b: int) -> int | Fraction:
    """``a / b``, as an integer where it is one."""
    if a % b == 0:
        return a // b
    # Few networks need fractions, and the import would slow the start of all others.
    from fractions import Fraction

    return Fraction(a, b)
