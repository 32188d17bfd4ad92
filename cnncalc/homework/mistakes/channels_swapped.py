from collections.abc import Iterator

from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.homework.mistake import Mistake, with_fields
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.question import Question


class ChannelsSwapped(Mistake):
    """You swapped the input and output channels (in a fully connected layer, the inputs and
    outputs). The depth of each filter is the number of input channels. There are as many filters,
    and as many biases, as output channels.
    """

    says = "swapped the input and output channels"
    prior = 10
    examples = (
        on_ten_filters("parameters", "753", "5·5·10·3 + 3"),
        on_ten_filters("shape", "3x32x32", "the depth of the input; there are 10 filters"),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question about a layer with input and output channels swapped."""
        row = question.row
        if question.everywhere or row is None or len(row.inputs) != 1:
            return
        (x,) = row.inputs
        sized = question.ask.name in ("shape", "elements", "memory")
        if sized and not isinstance(x, Map):  # see ``input_for_output``
            return
        swapped = question.with_layers(
            lambda row: with_fields(row.layer, **{_field(x): x.dimensions[0]})
        )
        if swapped is not None:
            swapped = swapped.with_inputs((_deep(x, row.output.dimensions[0]),))
            yield swapped.saying("the output has the depth of the input") if sized else swapped


def _field(x: Shape) -> str:
    return "out_channels" if isinstance(x, Map) else "out_features"


def _deep(x: Shape, channels: int) -> Shape:
    return Map(channels, x.spatial) if isinstance(x, Map) else Vector(channels)
