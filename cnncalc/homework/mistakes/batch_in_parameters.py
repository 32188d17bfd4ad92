from collections.abc import Iterator

from cnncalc.homework.mistake import Mistake
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.question import Question

SHARED = ("parameters", "weights", "biases", "parameter_memory")
"""The quantities that all images of a batch share."""


class BatchInParameters(Mistake):
    """You multiplied by the batch size. All images in a batch go through the same filters, so the
    number of parameters does not depend on the batch.
    """

    says = "multiplied the parameters by the batch size"
    prior = 20
    examples = (
        on_ten_filters(
            "parameters",
            "24,320",
            "760·32, but the 32 images share the same 760 parameters",
            batch=32,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question with every layer counted once per image."""
        batch = question.report.batch
        if batch > 1 and question.ask.name in SHARED:
            rows = question.part(question.report) if question.row is None else (question.row,)
            yield question.adding({row.name: batch for row in rows})
