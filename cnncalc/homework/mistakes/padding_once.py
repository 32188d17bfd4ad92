"""Padding added on one side only."""

from typing import ClassVar

from cnncalc.formulas import window
from cnncalc.homework.mistake import Example, WrongRule


def one_side(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """P added once."""
    return (N - (D * (F - 1) + 1) + P) // S + 1


class PaddingOnce(WrongRule):
    """Zeros are added on both sides of an axis, so that its size grows by 2P, not by P."""

    says: ClassVar = "the padding is added once, not on both sides"
    prior: ClassVar = 20
    rules: ClassVar = {window.output_size: one_side}
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "shape",
            "10x30x30",
            "32 − 5 + 2 + 1 = 30",
        ),
    )
