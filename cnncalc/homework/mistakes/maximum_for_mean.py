from collections.abc import Iterator

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.convolution.pooling import REDUCTIONS
from cnncalc.homework.mistake import Mistake
from cnncalc.homework.mistakes._examples import on_numbers
from cnncalc.homework.numeric import POOLING, Numeric
from cnncalc.homework.question import Question
from cnncalc.layers._pool import Pool


class MaximumForMean(Mistake):
    """You used the other kind of pooling. Max pooling takes the largest number in each window;
    average pooling takes the mean of all numbers in it.
    """

    says = "used the other kind of pooling (maximum and mean swapped)"
    prior = 15
    examples = (
        on_numbers(
            "1 2 5 7; 3 6 4 8",
            "3 6",
            "(1 + 2 + 3 + 6)/4 = 3 and (5 + 7 + 4 + 8)/4 = 6, instead of the maxima 6 and 8",
            kernel="1",
            pool="max:2",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question with the other kind of pooling."""
        if isinstance(question, Numeric):
            changed = question.with_layers(_the_other)
            if changed is not None:
                yield changed


def _the_other(row: Row) -> Layer | None:
    """The same window with the other kind of pooling."""
    if row.name != POOLING or not isinstance(row.layer, Pool):
        return None
    (other,) = (kind for kind in map(layers.load, REDUCTIONS) if not isinstance(row.layer, kind))
    names = ("kernel_size", "stride", "padding", "ceil_mode")
    window = {name: getattr(row.layer, name) for name in names}
    given = {name: value for name, value in window.items() if value is not None}
    return other.parse(given)
