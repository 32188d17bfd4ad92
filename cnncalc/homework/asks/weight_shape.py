from dataclasses import replace

from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.written import KIND, Reading, Size, Terms, Value, Written


class WeightShape(Ask):
    """The shape of a layer's weight tensor: filters, channels, height and width as in PyTorch;
    height, width, channels and filters as in Keras; or ``96 filters of 11x11x3``."""

    aliases = ("weight_tensor", "kernel_shape", "filter_shape", "shape_of_the_weights")
    takes = (Size,)
    adds_up = False

    def of(self, row: Row, report: Report) -> Value:
        """The shape as in PyTorch; raises NoAnswer if there is no such tensor."""
        tensors = row.layer.tensors(*row.inputs)
        if "weight" not in tensors or len(tensors["weight"]) < 2:
            raise NoAnswer("has no single weight tensor")
        filters, *rest = tensors["weight"]
        return Map(filters, tuple(rest))

    def agrees(
        self, written: Written, value: Value, report: Report, terms: Terms = KIND
    ) -> Reading | None:
        """Accept filters first or, unless ``strict``, a different common order."""
        exactly = terms._replace(strict=True)
        reading = super().agrees(written, value, report, exactly)
        if reading is None and isinstance(written, Size) and not terms.strict:
            sizes = written.sizes if len(written.sizes) > 1 else (0, 0)
            keras = replace(written, sizes=(*sizes[:-3:-1], *sizes[:-2]))
            if super().agrees(keras, value, report, exactly):
                return Reading(("in the order of Keras",))
            each = replace(written, sizes=(sizes[0], sizes[-1], *sizes[1:-1]))
            if super().agrees(each, value, report, exactly):
                return Reading(("each filter with its channels last",))
        return reading
