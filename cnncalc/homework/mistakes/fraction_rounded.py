"""Rounded to the nearest whole number."""

from typing import ClassVar

from cnncalc.formulas import window
from cnncalc.formulas.tracing import nearest
from cnncalc.homework.mistake import Example, WrongRule


def to_nearest(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """The fraction rounded as one rounds money."""
    return nearest(N - (D * (F - 1) + 1) + 2 * P, S) + 1


def to_nearest_sides(N: int, F: int, S: int, P_before: int, P_after: int, D: int = 1) -> int:
    """The same, padded differently on the two sides."""
    return nearest(N - (D * (F - 1) + 1) + P_before + P_after, S) + 1


def same_to_nearest(N: int, S: int) -> int:
    """The quotient under ``same`` padding rounded so."""
    return nearest(N, S)


class FractionRounded(WrongRule):
    """Half a place is no place, however near it is to the next whole number: the quotient is always
    rounded down (always up with ``ceil_mode`` and ``same``), never to the nearest.
    """

    says: ClassVar = "the fraction in the output size is rounded to the nearest whole number"
    prior: ClassVar = 12
    rules: ClassVar = {
        window.output_size: to_nearest,
        window.output_size_sides: to_nearest_sides,
        window.output_size_ceil: to_nearest,
        window.output_size_same: same_to_nearest,
    }
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 4, "kernel": 3, "stride": 3}},),
            "1x7x8",
            "shape",
            "4x2x3",
            "(7 − 3)/3 = 1.33 gives 1 + 1, but (8 − 3)/3 = 1.67 is rounded to 2 + 1",
        ),
        Example(
            ({"conv": {"filters": 8, "kernel": 3, "stride": 3, "padding": [[0, 1], [0, 1]]}},),
            "4x7x7",
            "shape",
            "8x3x3",
            "(7 − 3 + 1)/3 + 1 = 2.67",
        ),
    )
