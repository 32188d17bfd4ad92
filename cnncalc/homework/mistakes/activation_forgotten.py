"""The activation forgotten."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.numeric import ACTIVATION, Numeric
from cnncalc.homework.question import Question


class ActivationForgotten(Mistake):
    """The activation is applied to every sum: a ReLU puts a 0 in place of each negative one."""

    says: ClassVar = "the activation is forgotten"
    prior: ClassVar = 20
    examples: ClassVar = (
        Example(
            ({"kernel": "1 -1", "activation": "relu"},),
            "1 2 4 3",
            "convolution",
            "-1 -2 1",
            "1 − 2 = −1, which a ReLU makes 0",
            of=None,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The numbers without it."""
        if isinstance(question, Numeric):
            changed = question.with_layers(_without)
            if changed is not None:
                yield changed


def _without(row: Row) -> Layer | None:
    return layers.load("identity").parse(None) if row.name == ACTIVATION else None
