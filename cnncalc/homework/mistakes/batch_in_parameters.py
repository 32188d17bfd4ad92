"""The batch counted in parameters."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question

SHARED = ("parameters", "weights", "biases", "parameter_memory")
"""What all images of a batch have in common."""


class BatchInParameters(Mistake):
    """All images of a batch go through the same filters: the parameters are there once, however
    many images there are.
    """

    says: ClassVar = "the parameters are multiplied by the batch"
    prior: ClassVar = 20
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "parameters",
            "24,320",
            "760·32, though 32 images share them",
            batch=32,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The parameters of as many layers as there are images."""
        batch = question.report.batch
        if batch > 1 and question.ask.name in SHARED:
            rows = question.part(question.report) if question.row is None else (question.row,)
            yield question.adding({row.name: batch for row in rows})
