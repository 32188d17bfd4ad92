from collections.abc import Iterator
from functools import partial
from typing import Any

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map
from cnncalc.homework.mistake import Example, Mistake, is_pool
from cnncalc.homework.question import Question

ASKS = ("parameters", "weights", "biases", "parameter_memory", "macs", "flops")


class PoolingParameters(Mistake):
    """You counted weights for the pooling layer. Its window has a size, but it only takes the
    maximum or the mean of the values inside: nothing is learned.
    """

    says = "treated the pooling layer as a convolution with weights"
    prior = 25
    examples = (
        Example(
            ({"max_pool": 2},),
            "64x112x112",
            "parameters",
            "16,448",
            "(2·2·64 + 1)·64, as for 64 filters of a convolution",
        ),
        Example(
            ({"max_pool": 2},),
            "64x112x112",
            "parameters",
            "256",
            "2·2·64, as for one 2×2 filter per channel",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """Convolutions in place of the pools: with filters over all channels, or one for each
        channel, with and without biases; and a single plane of weights."""
        if question.ask.name not in ASKS:
            return
        for bias in (True, False):
            for instead in (_dense, _depthwise):
                learned = question.with_layers(partial(instead, bias=bias))
                if learned is not None:
                    yield learned
        if not question.everywhere and question.row is not None:
            x = question.row.inputs[0]
            plane = question.with_layers(partial(_depthwise, bias=False))
            if plane is not None and isinstance(x, Map):
                yield plane.with_inputs((Map(1, x.spatial),))


def _window(row: Row) -> dict[str, Any]:
    """The fields of a pool's window; empty for other layers and for pools without a fixed size."""
    if not is_pool(row) or not hasattr(row.layer, "kernel_size"):
        return {}
    size = row.layer.kernel_size
    stride = getattr(row.layer, "stride", None)
    return {"kernel_size": size, "stride": size if stride is None else stride}


def _dense(row: Row, bias: bool) -> Layer | None:
    window = _window(row)
    if not window:
        return None
    filters = row.inputs[0].dimensions[0]
    return layers.load("conv").parse({**window, "out_channels": filters, "bias": bias})


def _depthwise(row: Row, bias: bool) -> Layer | None:
    window = _window(row)
    return layers.load("depthwise_conv").parse({**window, "bias": bias}) if window else None
