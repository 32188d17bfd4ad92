from collections.abc import Iterator
from typing import Any

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map
from cnncalc.homework.mistake import WrongLayer, with_fields
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question

ASKS = ("shape", "elements", "memory")


class StrideOnChannels(WrongLayer):
    """You divided the number of channels by the stride. The stride moves the window along the
    height and width; the number of filters alone decides how many channels the output has.
    """

    says = "divided the number of channels by the stride"
    prior = 7
    examples = (on_alexnet("shape", "24x55x55", "96/4 channels; there are 96 filters"),)

    def instead(self, row: Row) -> Layer | None:
        """The layer with fewer filters."""
        (x,) = row.inputs if len(row.inputs) == 1 else (None,)
        layer: Any = row.layer
        if not (isinstance(x, Map) and hasattr(layer, "axes") and isinstance(row.output, Map)):
            return None
        channels, stride = row.output.channels, layer.axes(x)[0].S
        return None if channels % stride else with_fields(layer, out_channels=channels // stride)

    def other(self, question: Question) -> Iterator[Question]:
        """The question about this one layer."""
        if not question.everywhere and question.ask.name in ASKS:
            yield from super().other(question)
