"""The maximum for the mean, and the reverse."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.convolution.pooling import REDUCTIONS
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.numeric import POOLING, Numeric
from cnncalc.homework.question import Question
from cnncalc.layers._pool import Pool


class MaximumForMean(Mistake):
    """Max pooling keeps the largest number of a window, average pooling the mean of them all."""

    says: ClassVar = "the other pooling is worked out: the maximum for the mean, or the reverse"
    prior: ClassVar = 15
    examples: ClassVar = (
        Example(
            ({"kernel": "1", "pool": "max:2"},),
            "1 2 5 7; 3 6 4 8",
            "convolution",
            "3 6",
            "(1 + 2 + 3 + 6)/4 = 3 and (5 + 7 + 4 + 8)/4 = 6, not the maxima 6 and 8",
            of=None,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The numbers pooled the other way."""
        if isinstance(question, Numeric):
            changed = question.with_layers(_the_other)
            if changed is not None:
                yield changed


def _the_other(row: Row) -> Layer | None:
    """The same window of the other kind."""
    if row.name != POOLING or not isinstance(row.layer, Pool):
        return None
    (kind,) = (kind for kind in REDUCTIONS if kind != row.kind)
    window = {name: getattr(row.layer, name) for name in ("kernel_size", "stride", "padding")}
    given = {name: value for name, value in window.items() if value is not None}
    return layers.load(kind).parse(given)
