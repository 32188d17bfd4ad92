from collections.abc import Iterator
from math import prod
from typing import ClassVar

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
    """The parameters, or some of them, at every position of the output."""

    repeated = "params"
    """The field of ``Cost`` that is counted at every position."""

    def of(self, row: Row, report: Report) -> Value:
        """The repeated parameters at every position, plus those that are counted once."""
        slides = hasattr(row.layer, "axes") and row.cost.macs > row.cost.weights
        if not (isinstance(row.output, Map) and slides):
            raise LayerError("has no filter that moves over positions")
        repeated: int = getattr(row.cost, self.repeated)
        return repeated * prod(row.output.spatial) + self.once(row)

    def once(self, row: Row) -> int:
        """The parameters that are counted once."""
        return 0

    def derive(self, row: Row, report: Report) -> Derivation:
        """The product, plus the parameters that are counted once."""
        derivation = super().derive(row, report)
        places, once = prod(row.output.dimensions[1:]), self.once(row)
        sum_of = f"{getattr(row.cost, self.repeated):,} at each of {places:,} positions"
        sum_of += f" + {once:,} {'bias' if once == 1 else 'biases'}" if once else ""
        return derivation._replace(answer=f"{sum_of} = {derivation.answer}")


class UnsharedWeights(Unshared):
    """The weights alone at every position."""

    repeated = "weights"
    symbols: ClassVar[tuple[str, ...]] = ("weights",)


class WithSharedBiases(UnsharedWeights):
    """The weights at every position, and the biases once."""

    symbols = Parameters.symbols

    def once(self, row: Row) -> int:
        """The biases."""
        return row.cost.biases


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
            "5·5·6 at each of 28·28 positions; LeNet-5 shares its weights",
        ),
        on_ten_filters(
            "parameters", "768,010", "5·5·3·10 at each of 32·32 positions, and 10 biases"
        ),
        on_ten_filters("weights", "768,000", "5·5·3·10 at each of 32·32 positions"),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question about one layer with its parameters or weights at every position."""
        if question.everywhere:
            return
        if question.ask.name == "parameters":
            yield question.asking(Unshared())
            yield question.asking(WithSharedBiases())
        if question.ask.name == "weights":
            yield question.asking(UnsharedWeights())
