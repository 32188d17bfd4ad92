from collections.abc import Iterator

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import WrongLayer, is_pool
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question

ASKS = ("shape", "elements", "memory")


class InputForOutput(WrongLayer):
    """You gave the input of the layer. The question asks for its output."""

    says = "gave the layer's input instead of its output"
    prior = 8
    examples = (on_alexnet("shape", "3x227x227", "the input; the output is 96×55×55"),)

    def instead(self, row: Row) -> Layer | None:
        """The identity; for pools, see ``pooling_skipped``."""
        if len(row.inputs) != 1 or is_pool(row):
            return None
        return layers.load("identity").parse(None)

    def other(self, question: Question) -> Iterator[Question]:
        """The question about this one layer."""
        if not question.everywhere and question.ask.name in ASKS:
            yield from super().other(question)
