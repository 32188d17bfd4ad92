from collections.abc import Iterator

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import WrongLayer, with_fields
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question


class StrideForgotten(WrongLayer):
    """You moved the window one pixel at a time. With stride S, it moves S pixels, so it has about S
    times fewer positions along each axis. A transposed convolution enlarges the map about S times
    instead.
    """

    says = "forgot the stride"
    prior = 20
    examples = (on_alexnet("shape", "96x217x217", "227 − 11 + 1 = 217"),)

    def instead(self, row: Row) -> Layer | None:
        """The layer with stride 1."""
        return with_fields(row.layer, stride=1)

    def other(self, question: Question) -> Iterator[Question]:
        """The question with stride 1; for receptive fields, see ``field_without_jump``."""
        return iter(()) if question.ask.cumulative else super().other(question)
