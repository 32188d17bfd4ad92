"""The + 1 of the output size forgotten."""

from typing import ClassVar

from cnncalc.formulas import window
from cnncalc.homework.mistake import Example, WrongRule


def steps(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """How often the window moves, not how many places it has."""
    return (N - (D * (F - 1) + 1) + 2 * P) // S


class PlusOneForgotten(WrongRule):
    """(N − F + 2P)/S counts the steps of the window. It has one place more than it makes steps:
    the one where it starts.
    """

    says: ClassVar = "the + 1 of the output size is forgotten"
    prior: ClassVar = 25
    rules: ClassVar = {window.output_size: steps}
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 96, "kernel": 11, "stride": 4}},),
            "3x227x227",
            "shape",
            "96x54x54",
            "(227 − 11)/4 = 54",
        ),
    )
