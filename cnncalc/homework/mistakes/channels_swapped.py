"""Input and output channels swapped."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.homework.mistake import Example, Mistake, with_fields
from cnncalc.homework.question import Question


class ChannelsSwapped(Mistake):
    """The filters read the channels of the input; how many there are decides the channels of the
    output, and the number of biases.
    """

    says: ClassVar = "the channels of the input and of the output are swapped"
    prior: ClassVar = 10
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "parameters",
            "753",
            "5·5·10·3 + 3",
        ),
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "shape",
            "3x32x32",
            "the depth of the input",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question of a layer that leads back from its output's channels to its input's."""
        row = question.row
        if question.everywhere or row is None or len(row.inputs) != 1:
            return
        (x,) = row.inputs
        swapped = question.with_layers(
            lambda row: with_fields(row.layer, **{_field(x): x.dimensions[0]})
        )
        if swapped is not None:
            yield swapped.with_inputs((_deep(x, row.output.dimensions[0]),))


def _field(x: Shape) -> str:
    return "out_channels" if isinstance(x, Map) else "out_features"


def _deep(x: Shape, channels: int) -> Shape:
    return Map(channels, x.spatial) if isinstance(x, Map) else Vector(channels)
