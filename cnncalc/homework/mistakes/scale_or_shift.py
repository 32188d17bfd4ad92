from collections.abc import Iterator

from cnncalc.analysis.report import Report, Row
from cnncalc.core import units
from cnncalc.core.errors import LayerError
from cnncalc.core.shape import Map
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.asks.parameters import Parameters
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value


class OneForEachChannel(Parameters):
    """One parameter for each channel, of a layer that has two."""

    def of(self, row: Row, report: Report) -> Value:
        """The number of channels."""
        channels = row.output.dimensions[0]
        halves = row.cost.weights == row.cost.biases == channels
        if row.cost.macs or not halves:
            raise LayerError("has no scale and shift for each channel")
        return channels

    def derive(self, row: Row, report: Report) -> Derivation:
        """The number itself."""
        channels = row.output.dimensions[0]
        what = "channel" if isinstance(row.output, Map) else "feature"
        return Derivation(self.title, (), f"{units.counted(channels, what)}, 1 each")


class ScaleOrShift(Mistake):
    """You counted one parameter for each channel. A normalization learns two: a scale and a
    shift.
    """

    says = "counted only the scale or only the shift of each channel"
    prior = 20
    alone = True
    examples = (
        Example(
            ("batch_norm",), "64x112x112", "parameters", "64", "64 scales, without the 64 shifts"
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question about one layer with one parameter for each channel."""
        if question.ask.name == "parameters" and question.row is not None:
            yield question.asking(OneForEachChannel())
