from collections.abc import Iterator
from math import prod

from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.core.shape import Map
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.asks.parameters import Parameters
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value


class Unshared(Parameters):
    """The parameters at every position of the output."""

    def of(self, row: Row, report: Report) -> Value:
        """As many times as the output has positions."""
        if not (isinstance(row.output, Map) and row.cost.macs):
            raise LayerError("has no filter that moves over positions")
        return row.cost.params * prod(row.output.spatial)

    def derive(self, row: Row, report: Report) -> Derivation:
        """The product."""
        derivation = super().derive(row, report)
        places = prod(row.output.dimensions[1:])
        return derivation._replace(
            answer=f"{row.cost.params:,} at each of {places:,} positions = {derivation.answer}"
        )


class WeightsNotShared(Mistake):
    """You counted the filters again at every position. A convolution slides the same filters over
    the whole map, so their weights count once, however large the map is. Only a locally connected
    layer learns different weights at every position.
    """

    says = "counted the filters again at every position"
    prior = 12
    examples = (
        on_ten_filters("parameters", "778,240", "(5·5·3 + 1)·10 at each of 32·32 positions"),
        Example(
            ({"conv": {"filters": 6, "kernel": 5, "bias": False}},),
            "1x32x32",
            "parameters",
            "117,600",
            "5·5·6 at each of 28·28 positions; LeNet-5 shares them",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The parameters of one layer, at every position."""
        if question.ask.name == "parameters" and not question.everywhere:
            yield question.asking(Unshared())
