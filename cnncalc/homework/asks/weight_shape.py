from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.core.shape import Map
from cnncalc.homework.ask import Ask
from cnncalc.homework.written import Size, Value


class WeightShape(Ask):
    """The shape of a layer's weight tensor in PyTorch: filters, channels, height and width."""

    aliases = ("weight_tensor", "kernel_shape", "filter_shape", "shape_of_the_weights")
    takes = (Size,)
    adds_up = False

    def of(self, row: Row, report: Report) -> Value:
        """The shape."""
        tensors = row.layer.tensors(*row.inputs)
        if "weight" not in tensors or len(tensors["weight"]) < 2:
            raise LayerError("has no single weight tensor")
        filters, *rest = tensors["weight"]
        return Map(filters, tuple(rest))
