from collections.abc import Iterator
from dataclasses import replace

from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.written import KIND, Reading, Size, Terms, Value, Written


class Transposed(Map):
    """The shape of a weight tensor whose first axis has the input channels, and whose second has
    the filters."""


class Depthwise(Map):
    """The shape of a weight tensor whose filters each read one of several channels."""


class WeightShape(Ask):
    """The shape of a layer's weight tensor: filters, channels, height and width as in PyTorch (in a
    transposed convolution, channels and filters); height and width first as in Keras; or ``96
    filters of 11x11x3``."""

    aliases = ("weight_tensor", "kernel_shape", "filter_shape", "shape_of_the_weights")
    takes = (Size,)
    adds_up = False

    def of(self, row: Row, report: Report) -> Value:
        """The shape as in PyTorch; raises NoAnswer if there is no such tensor."""
        tensors = row.layer.tensors(*row.inputs)
        if "weight" not in tensors or len(tensors["weight"]) < 2:
            raise NoAnswer("has no single weight tensor with two or more axes")
        first, *rest = tensors["weight"]
        shape = Map
        if first != row.output[0]:
            shape = Transposed
        elif rest[0] == 1 and row.inputs[0][0] > 1:
            shape = Depthwise
        return shape(first, tuple(rest))

    def agrees(
        self, written: Written, value: Value, report: Report, terms: Terms = KIND
    ) -> Reading | None:
        """Accept the order of PyTorch or, unless ``strict``, a different common order."""
        exactly = terms._replace(strict=True)
        reading = super().agrees(written, value, report, exactly)
        if reading is None and isinstance(written, Size) and not terms.strict:
            for sizes, note in _meant(written.sizes, value):
                if super().agrees(replace(written, sizes=sizes), value, report, exactly):
                    return Reading((note,))
        return reading


def _meant(sizes: tuple[int, ...], value: Value) -> Iterator[tuple[tuple[int, ...], str]]:
    """The shapes as in PyTorch that sizes in another order may mean, and that order."""
    if len(sizes) < 2:
        return
    first, *window, last = sizes
    *positions, before = sizes[:-1]
    yield (last, before, *positions), "in the order of Keras"
    if isinstance(value, Depthwise):
        yield (before * last, 1, *positions), "in the order of Keras"
    filters = (last, first) if isinstance(value, Transposed) else (first, last)
    yield (*filters, *window), "each filter with its channels last"
