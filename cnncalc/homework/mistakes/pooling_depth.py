from collections.abc import Iterator
from typing import Any

from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map, Shape
from cnncalc.homework.mistake import Example, WrongInput, is_pool


class PoolingDepth(WrongInput):
    """You changed the depth. A pooling window slides over each channel separately. It changes
    only the height and width; the number of channels stays the same.
    """

    says = "changed the depth in a pooling layer"
    prior = 20
    examples = (
        Example(
            ({"max_pool": 2},),
            "64x224x224",
            "shape",
            "32x112x112",
            "64/2 channels, but all 64 remain",
        ),
        Example(
            ({"max_pool": {"kernel": 3, "stride": 2}},),
            "96x55x55",
            "shape",
            "47x27x27",
            "(96 − 3)/2 + 1 = 47.5 channels, as if the window also slid along the depth",
        ),
    )

    def other_inputs(self, row: Row, report: Report) -> Iterator[Shape]:
        """Maps with a wrong number of channels: the right one divided by the stride, the number of
        positions of a window that also slides along the channels, 1, and the window size."""
        (x,) = row.inputs
        layer: Any = row.layer
        if not (is_pool(row) and isinstance(x, Map) and hasattr(layer, "axes")):
            return
        F, S = layer.axes(x)[0].F, layer.axes(x)[0].S
        for channels in (x.channels // S, (x.channels - F) // S + 1, 1, F):
            if channels > 0:
                yield Map(channels, x.spatial)
