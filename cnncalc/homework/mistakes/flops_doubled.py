from collections.abc import Iterator

from cnncalc.homework.mistake import Mistake
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.question import Question


class FlopsDoubled(Mistake):
    """You doubled twice. A multiply-accumulate is two floating-point operations; once these are
    counted, there is nothing left to double.
    """

    says = "counted four operations for each MAC instead of two"
    prior = 6
    alone = True
    examples = (on_ten_filters("flops", "3,072,000", "4·768,000 MACs; 2·768,000 is right"),)

    def other(self, question: Question) -> Iterator[Question]:
        """Every layer counted twice."""
        if question.ask.name == "flops":
            rows = question.part(question.report) if question.row is None else (question.row,)
            yield question.adding({row.name: 2 for row in rows})
