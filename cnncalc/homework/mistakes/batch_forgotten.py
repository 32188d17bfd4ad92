from collections.abc import Iterator

from cnncalc.homework.mistake import Mistake
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.question import Question


class BatchForgotten(Mistake):
    """You counted a single image. Every image in the batch has its own activations and needs its
    own operations, so multiply both by the batch size. Only the parameters are shared.
    """

    says = "counted a single image instead of the whole batch"
    prior = 25
    examples = (
        on_ten_filters(
            "macs",
            "768,000",
            "75 products for each of 10·32·32 outputs, but for only one of the 32 images",
            batch=32,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question for a single image."""
        if question.report.batch > 1:
            yield question.where(batch=1)
