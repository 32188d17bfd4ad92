from collections.abc import Iterator

from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.core.shape import Map
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.asks.parameters import Parameters
from cnncalc.homework.mistake import Mistake, has_bias_per_filter
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value


class BiasForEachPlane(Parameters):
    """The weights, and a bias for every plane of every filter."""

    def of(self, row: Row, report: Report) -> Value:
        """The weights plus the planes."""
        (x,) = row.inputs
        if not (isinstance(x, Map) and row.cost.macs and has_bias_per_filter(row)):
            raise LayerError("has no filters with biases")
        return row.cost.weights + x.channels * row.output.dimensions[0]

    def derive(self, row: Row, report: Report) -> Derivation:
        """The sum."""
        derivation = super().derive(row, report)
        planes = row.inputs[0].dimensions[0] * row.output.dimensions[0]
        total = f"{row.cost.weights:,} + {planes:,} biases"
        return derivation._replace(answer=f"{total} = {derivation.answer}")


class BiasPerPlane(Mistake):
    """You counted one bias for each input channel of every filter. A filter adds up its products
    over all input channels and then adds a single bias, so K filters have K biases, however deep
    they are.
    """

    says = "counted one bias for each input channel of every filter"
    prior = 8
    examples = (on_alexnet("parameters", "35,136", "11·11·3·96 + 3·96"),)

    def other(self, question: Question) -> Iterator[Question]:
        """The question about one layer with these biases."""
        row = question.row
        if question.ask.name == "parameters" and row is not None and len(row.inputs) == 1:
            yield question.asking(BiasForEachPlane())
