from collections.abc import Iterator

from cnncalc.formulas import parameters
from cnncalc.homework.mistake import Example, WrongRule
from cnncalc.homework.mistakes._examples import on_two_linear
from cnncalc.homework.mistakes.bias_forgotten import WITHOUT_BIASES
from cnncalc.homework.question import Question


def no_shift(n: int) -> int:
    """No shift."""
    return 0


class BiasesLeftOutOfTotal(WrongRule):
    """You added up the weights only. A network's parameters are all the numbers that it learns, so
    its biases count too, although there are few of them.
    """

    says = "left the biases out of the total"
    prior = 30
    rules = WITHOUT_BIASES
    examples = (
        on_two_linear("parameters", "79,400", "784·100 + 100·10, without the 100 + 10 biases"),
        Example(
            ({"conv": {"filters": 4, "kernel": 3, "bias": False}}, "batch_norm"),
            "1x5x5",
            "parameters",
            "40",
            "3·3·4 weights and 4 scales, without the 4 shifts",
            of=None,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The totals without biases, and without the shifts of norms as well."""
        if question.row is None:
            yield from super().other(question)
            yield question.under({**self.rules, parameters.shifts: no_shift})
