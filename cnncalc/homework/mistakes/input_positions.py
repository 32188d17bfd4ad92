"""Positions of the input counted."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongLayer, is_pool, with_fields
from cnncalc.homework.question import Question
from cnncalc.layer import Layer
from cnncalc.report import Row


class InputPositions(WrongLayer):
    """A filter is laid on the input once for every position of the output. So products and
    activations are counted with the height and width of the output, not of the input.
    """

    says: ClassVar = "the positions of the input are counted, not those of the output"
    prior: ClassVar = 15
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 96, "kernel": 11, "stride": 4}},),
            "3x227x227",
            "macs",
            "1,795,682,592",
            "11·11·3·96 · 227·227",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """A layer of as many positions as its input has."""
        return None if is_pool(row) else with_fields(row.layer, stride=1, padding="same")

    def other(self, question: Question) -> Iterator[Question]:
        """The question of a layer alone."""
        return iter(()) if question.everywhere else super().other(question)
