"""Flattening forgotten."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.formulas import dimensions
from cnncalc.formulas.vocabulary import product
from cnncalc.homework.mistake import Example, WrongRule
from cnncalc.homework.question import Question


def channels_only(C_in: int, N_in: tuple[int, ...]) -> int:
    """One input for each channel."""
    return C_in


def positions_only(C_in: int, N_in: tuple[int, ...]) -> int:
    """One input for each position."""
    return product(N_in)


class FlattenForgotten(WrongRule):
    """Before a fully connected layer the map is laid out as one vector of C·H·W numbers, and each
    of them is connected with every output: channels and positions both count.
    """

    says: ClassVar = "the map is not flattened to C·H·W inputs"
    prior: ClassVar = 20
    rules: ClassVar = {dimensions.flattened: channels_only}
    examples: ClassVar = (
        Example(
            ({"linear": 10},),
            "16x5x5",
            "parameters",
            "170",
            "16·10 + 10, though 16·5·5 inputs are connected",
        ),
        Example(
            ({"linear": 10},),
            "16x5x5",
            "parameters",
            "260",
            "5·5·10 + 10, though there are 16 channels",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The channels alone, or the positions alone."""
        for alone, rule in (("channels", channels_only), ("positions", positions_only)):
            yield question.under({dimensions.flattened: rule}).saying(f"{alone} alone")
