from collections.abc import Iterator
from typing import Any

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map
from cnncalc.homework.mistake import WrongLayer, with_fields
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.mistakes.stride_on_channels import ASKS
from cnncalc.homework.question import Question


class DepthMultiplied(WrongLayer):
    """You multiplied the number of filters by the depth of the input, as if each filter gave one
    map for every input channel. A filter adds up its products over all the channels, so it gives
    only one map.
    """

    says = "multiplied the number of filters by the depth of the input"
    prior = 9
    alone = True
    examples = (on_ten_filters("shape", "30x32x32", "3·10 channels; each filter gives only one"),)

    def instead(self, row: Row) -> Layer | None:
        """The layer with its number of filters multiplied by the depth of its input."""
        (x,) = row.inputs if len(row.inputs) == 1 else (None,)
        layer: Any = row.layer
        if not (isinstance(x, Map) and isinstance(row.output, Map) and hasattr(layer, "axes")):
            return None
        return with_fields(layer, out_channels=x.channels * row.output.channels)

    def other(self, question: Question) -> Iterator[Question]:
        """The question about this one layer."""
        if not question.everywhere and question.ask.name in ASKS:
            yield from super().other(question)
