from collections.abc import Iterator

from cnncalc.homework.mistake import Mistake
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question

STORED = ("elements", "memory", "memory_without_input", "parameters", "parameter_memory")
"""The quantities of which training needs a gradient each."""


class GradientsCounted(Mistake):
    """You counted everything twice. Training also stores a gradient for every value, and some
    lectures double their figures to include it, but the question is about the values themselves.
    """

    says = "doubled the number, as if the gradients of the backward pass counted too"
    prior = 4
    alone = True
    examples = (
        on_alexnet("elements", "580,800", "2·96·55·55: each value and its gradient"),
        on_alexnet("parameters", "69,888", "2·34,944: each parameter and its gradient"),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """Every layer counted twice."""
        if question.ask.name in STORED:
            rows = question.part(question.report) if question.row is None else (question.row,)
            yield question.adding({row.name: 2 for row in rows})
