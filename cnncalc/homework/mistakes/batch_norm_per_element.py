from collections.abc import Iterator

from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.homework.mistake import Example, WrongInput
from cnncalc.homework.question import Question

ASKS = ("parameters", "weights", "biases", "parameter_memory")


class BatchNormPerElement(WrongInput):
    """You counted the scale and the shift again for every element. A batch norm, like a group norm,
    learns one scale and one shift for each channel and uses them at all positions of that channel.
    """

    says = "counted a scale and a shift for every element instead of for every channel"
    prior = 12
    examples = (
        Example(
            ("batch_norm",),
            "64x112x112",
            "parameters",
            "1,605,632",
            "2·64·112·112; a scale and a shift for each of 64 channels are 128",
        ),
    )

    def other_inputs(self, row: Row, report: Report) -> Iterator[Shape]:
        """Every element as a channel of its own, for a layer without multiply-accumulates."""
        (x,) = row.inputs
        if isinstance(x, Map) and row.cost.params and not row.cost.macs:
            yield Vector(x.elements)

    def other(self, question: Question) -> Iterator[Question]:
        """The question about parameters."""
        if question.ask.name in ASKS:
            yield from super().other(question)
