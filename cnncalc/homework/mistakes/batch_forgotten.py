"""The batch forgotten."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question


class BatchForgotten(Mistake):
    """Every image of a batch has its own activations and takes its own operations, so that both are
    multiplied by the number of images. Only the parameters are shared.
    """

    says: ClassVar = "one image is counted, not the batch"
    prior: ClassVar = 25
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "macs",
            "768,000",
            "75 products for each of 10·32·32 outputs, for one image of 32",
            batch=32,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question for one image, where there are several."""
        if question.report.batch > 1:
            yield question.where(batch=1)
