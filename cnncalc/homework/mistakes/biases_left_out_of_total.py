"""Weights added up without biases."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.formulas import parameters
from cnncalc.homework.mistake import Example, WrongRule
from cnncalc.homework.mistakes.bias_forgotten import WITHOUT_BIASES
from cnncalc.homework.question import Question


def no_shift(n: int) -> int:
    """No summand."""
    return 0


class BiasesLeftOutOfTotal(WrongRule):
    """A network's parameters are all that it learns: the biases of its layers count with the
    weights, although they are few beside them.
    """

    says: ClassVar = "the weights are added up without the biases"
    prior: ClassVar = 30
    rules: ClassVar = WITHOUT_BIASES
    examples: ClassVar = (
        Example(
            ({"linear": 100}, {"linear": 10}),
            "784",
            "parameters",
            "79,400",
            "784·100 + 100·10, without + 100 + 10",
            of=None,
        ),
        Example(
            ({"conv": {"filters": 4, "kernel": 3, "bias": False}}, "batch_norm"),
            "1x5x5",
            "parameters",
            "40",
            "3·3·4 and 4 scales, without the 4 shifts",
            of=None,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The sums without biases, and without what norms add."""
        if question.row is None:
            yield from super().other(question)
            yield question.under({**self.rules, parameters.shifts: no_shift})
