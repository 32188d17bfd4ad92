from collections.abc import Iterator
from dataclasses import replace

from cnncalc.homework.mistake import WrongWriting
from cnncalc.homework.mistakes._examples import on_ten_filters, on_two_linear
from cnncalc.homework.question import Question
from cnncalc.homework.written import Number, Value, Written

SMALLEST = 100
"""The smallest right number whose half is recognized; smaller ones match too often by chance."""


class HalfCounted(WrongWriting):
    """Your number is exactly half of the right one, so a factor of 2 is missing. Check each factor:
    perhaps you used half of the channels or filters, as on one of the two GPUs in the drawing of
    AlexNet, or half of the height or width.
    """

    says = "gave exactly half of the right number"
    prior = 2
    alone = True
    examples = (
        on_ten_filters("parameters", "380", "760 / 2"),
        on_ten_filters("elements", "5,120", "10,240 / 2, as with half of the filters"),
        on_two_linear("parameters", "39,755", "79,510 / 2"),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question, if its answer is a count without a unit; for MACs, see ``macs_halved``."""
        if not question.ask.unit and question.ask.name != "macs":
            yield from super().other(question)

    def meant(self, written: Written, truth: Value) -> Written | None:
        """Twice the number."""
        if not isinstance(written, Number) or isinstance(truth, bool):
            return None
        if not isinstance(truth, int) or truth < SMALLEST:
            return None
        return replace(written, digits=2 * written.digits, half=2 * written.half)
