from cnncalc.analysis.report import Report, Row
from cnncalc.homework.ask import Ask
from cnncalc.homework.written import Size, Value


class Shape(Ask):
    """The output shape of a layer or a network."""

    aliases = (
        "output",
        "output_shape",
        "output_size",
        "activation_shape",
        "size",
        "dimensions",
        "output_volume",
        "volume",
        "feature_map_size",
        "feature_map_shape",
        "activation_map",
        "activation_map_size",
        "activation_map_shape",
        "map_size",
        "volume_size",
        "tensor_shape",
        "resulting_shape",
        "layer_output",
        "output_tensor",
        "activation_volume",
        "output_feature_map",
        "output_feature_map_size",
    )
    takes = (Size,)
    stored_as = "memory"
    counted_as = "elements"
    explained = "shape"
    costs = False
    adds_up = False

    def of(self, row: Row, report: Report) -> Value:
        """The shape."""
        return row.output
