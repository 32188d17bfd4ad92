from collections.abc import Iterator

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import fields_of
from cnncalc.core.shape import Map, Shape
from cnncalc.homework.mistake import Example, Mistake, with_fields
from cnncalc.homework.question import Question


class HeightWidthSwapped(Mistake):
    """You swapped height and width. The height comes first: 28x20 is 28 rows of 20 columns, and a
    3x1 kernel is 3 high and 1 wide.
    """

    says = "swapped height and width"
    prior = 20
    examples = (
        Example(
            ({"conv": {"filters": 8, "kernel": 3}},),
            "1x28x20",
            "shape",
            "8x18x26",
            "20 − 3 + 1 = 18, then 28 − 3 + 1 = 26",
        ),
        Example(
            ({"conv": {"filters": 8, "kernel": [5, 1]}},),
            "1x28x28",
            "shape",
            "8x28x24",
            "a kernel 1 high and 5 wide",
        ),
        Example(
            ({"conv": {"filters": 8, "kernel": [5, 1]}},),
            "1x28x20",
            "shape",
            "8x20x24",
            "28 − 5 + 1 = 24 rows of 20, given as 20 rows of 24",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """Swap the axes of the kernel, of the input, or of both."""
        turned = question.with_layers(_turned_layer)
        if turned is not None:
            yield turned
        if not question.everywhere and question.row is not None:
            inputs = tuple(map(_turned, question.row.inputs))
            if inputs != question.row.inputs:
                yield question.with_inputs(inputs)
                if turned is not None:
                    yield turned.with_inputs(inputs)


def _turned(shape: Shape) -> Shape:
    """A map with its last two axes swapped."""
    if not isinstance(shape, Map) or len(shape.spatial) < 2:
        return shape
    *before, height, width = shape.spatial
    return Map(shape.channels, (*before, width, height))


def _turned_layer(row: Row) -> Layer | None:
    """The layer with the last two values of its per-axis fields swapped; None if that changes
    nothing."""
    swapped = {}
    for name in fields_of(type(row.layer)):
        value = getattr(row.layer, name)
        if name in AXES and isinstance(value, tuple) and len(value) > 1:
            swapped[name] = (*value[:-2], value[-1], value[-2])
    return with_fields(row.layer, **swapped) if swapped else None


AXES = ("kernel_size", "stride", "padding", "dilation", "output_padding")
"""Fields with a value for each axis."""
