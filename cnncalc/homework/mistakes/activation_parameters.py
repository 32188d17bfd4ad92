from collections.abc import Iterator

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Vector
from cnncalc.homework.mistake import Example, WrongLayer
from cnncalc.homework.question import Question

ASKS = ("parameters", "weights", "biases", "parameter_memory", "macs", "flops")


class ActivationParameters(WrongLayer):
    """You treated the activation as a fully connected layer. An activation, such as a softmax,
    applies a fixed function to its inputs; the weights belong to the layer before it.
    """

    says = "treated the activation as a fully connected layer with weights"
    prior = 9
    examples = (
        Example(
            ({"linear": 10}, "softmax"),
            "84",
            "parameters",
            "110",
            "10·10 + 10; a softmax has no parameters",
        ),
        Example(
            ({"linear": 10}, "softmax"),
            "84",
            "parameters",
            "960",
            "84·10 + 10, and 10·10 + 10 for the softmax",
            of=None,
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """A fully connected layer of the same size, in place of a layer without weights."""
        (x,) = row.inputs if len(row.inputs) == 1 else (None,)
        if not isinstance(x, Vector) or row.output != x or row.cost.params or row.cost.buffers:
            return None
        if not row.cost.operations_total:  # no arithmetic, as in dropout
            return None
        return layers.load("linear").parse(x.features)

    def other(self, question: Question) -> Iterator[Question]:
        """The question about this one layer; in a total, only the last layer is changed."""
        if question.ask.name not in ASKS:
            return
        if not question.everywhere:
            yield from super().other(question)
        elif question.row is None:
            changed = question.with_layers(self.instead, {question.report.rows[-1].name})
            if changed is not None:
                yield changed
