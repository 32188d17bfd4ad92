from collections.abc import Iterator

from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.asks.parameters import Parameters
from cnncalc.homework.mistake import Example, Mistake, has_bias_per_filter
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value


class BiasForEachInput(Parameters):
    """The weights, and a bias for every input channel."""

    def of(self, row: Row, report: Report) -> Value:
        """The weights plus the input channels."""
        (x,) = row.inputs
        if not (row.cost.macs and has_bias_per_filter(row)):
            raise LayerError("has no filters with biases")
        return row.cost.weights + x.dimensions[0]

    def derive(self, row: Row, report: Report) -> Derivation:
        """The weights, and the sum."""
        derivation = super().derive(row, report)
        weights = tuple(one for one in derivation.workings if one.symbol == "weights")
        total = f"{row.cost.weights:,} + {row.inputs[0].dimensions[0]:,} biases"
        return derivation._replace(workings=weights, answer=f"{total} = {derivation.answer}")


class BiasPerInputChannel(Mistake):
    """You counted a bias for each input or input channel. A bias is added to an output: K filters
    have K biases, and a fully connected layer has one for each output.
    """

    says = "counted one bias per input instead of one per filter or output"
    prior = 12
    examples = (
        on_alexnet("parameters", "34,851", "11·11·3·96 + 3"),
        Example(({"linear": 100},), "784", "parameters", "79,184", "784·100 + 784"),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question about one layer with these biases."""
        row = question.row
        if question.ask.name == "parameters" and row is not None and len(row.inputs) == 1:
            yield question.asking(BiasForEachInput())
