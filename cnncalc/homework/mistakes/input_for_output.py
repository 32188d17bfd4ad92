"""The input given for the output."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, is_pool
from cnncalc.homework.question import Question

ASKS = ("shape", "elements", "memory")


class InputForOutput(WrongLayer):
    """It is asked what the layer puts out, not what enters it."""

    says: ClassVar = "the layer's input is given, not its output"
    prior: ClassVar = 8
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 96, "kernel": 11, "stride": 4}},),
            "3x227x227",
            "shape",
            "3x227x227",
            "the input; the output is 96×55×55",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """A layer that lets pass what enters it; a pool that does is skipped, another mistake."""
        if len(row.inputs) != 1 or is_pool(row):
            return None
        return layers.load("identity").parse(None)

    def other(self, question: Question) -> Iterator[Question]:
        """The question of that layer alone."""
        if not question.everywhere and question.ask.name in ASKS:
            yield from super().other(question)
