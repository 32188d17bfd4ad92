"""Stride forgotten."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields
from cnncalc.homework.question import Question


class StrideForgotten(WrongLayer):
    """The window moves S pixels at a time, so that it finds about S times fewer places along each
    axis than with steps of 1.
    """

    says: ClassVar = "the stride is forgotten"
    prior: ClassVar = 20
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 96, "kernel": 11, "stride": 4}},),
            "3x227x227",
            "shape",
            "96x217x217",
            "227 − 11 + 1 = 217",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The same with steps of 1."""
        return with_fields(row.layer, stride=1)

    def other(self, question: Question) -> Iterator[Question]:
        """The question with steps of 1; where fields grow along the way it is the jump that is
        forgotten, a mistake of its own."""
        return iter(()) if question.ask.whole_way else super().other(question)
