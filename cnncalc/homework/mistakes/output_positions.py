from collections.abc import Iterator

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question


class OutputPositions(Mistake):
    """You multiplied by the positions of the output. A transposed convolution applies its filters
    once for every position of its input, so your count is about S·S times too large.
    """

    says = "used the positions of the output instead of the input"
    prior = 20
    examples = (
        Example(
            ({"conv_transpose": {"filters": 512, "kernel": 2, "stride": 2}},),
            "1024x28x28",
            "macs",
            "6,576,668,672",
            "2·2·1024·512 · 56·56",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question about a convolution over the positions of the output."""
        row = question.row
        counted = None if question.everywhere else question.with_layers(_convolution)
        if row is not None and counted is not None:
            x = Map(row.inputs[0].dimensions[0], row.output.dimensions[1:])
            yield counted.with_inputs((x,))


def _convolution(row: Row) -> Layer | None:
    """The convolution with the same filters that keeps the size; None for other layers."""
    if not hasattr(row.layer, "output_padding"):
        return None
    names = ("out_channels", "kernel_size", "groups", "bias")
    fields = {name: getattr(row.layer, name) for name in names}
    return layers.load("conv").parse({**fields, "padding": "same"})
