from collections.abc import Iterator

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Mistake
from cnncalc.homework.mistakes._examples import on_numbers
from cnncalc.homework.numeric import ACTIVATION, Numeric
from cnncalc.homework.question import Question


class ActivationForgotten(Mistake):
    """You stopped at the sums. The layer applies its activation to each of them: a ReLU, for
    example, replaces every negative sum with 0.
    """

    says = "left out the activation"
    prior = 20
    examples = (
        on_numbers(
            "1 2 4 3",
            "-1 -2 1",
            "1 − 2 = −1, which the ReLU replaces with 0",
            kernel="1 -1",
            activation="relu",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question without the activation."""
        if isinstance(question, Numeric):
            changed = question.with_layers(_without)
            if changed is not None:
                yield changed


def _without(row: Row) -> Layer | None:
    return layers.load("identity").parse(None) if row.name == ACTIVATION else None
