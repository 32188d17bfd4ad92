"""Max pooling."""

from collections.abc import Mapping
from math import inf
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, of_rank
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Map
from cnncalc.formulas import operations
from cnncalc.layers._pool import SHARED_REFUSALS, Pool
from cnncalc.layers._window import LOWEST, onnx_ceil, onnx_padded, onnx_pool, onnx_settings


class MaxPool(Pool):
    """Takes the maximum of each window.

    The window slides over every channel separately, so the number of channels stays the same.
    There are no parameters. The stride defaults to the window size.

    Operations: a window of n elements takes n − 1 comparisons.
    """

    aliases = ("maxpooling", "pool", "pooling", "mp")
    foreign = {
        "keras.MaxPooling*D": Foreign({"kernel_size": 2}),
        "caffe.Pooling": Foreign({"ceil_mode": True}),
    }
    operators = {"MaxPool": {}}
    pads_with = -inf
    dilates = True

    def operations(self, x: Map) -> Operations:
        return Operations(
            compare=operations.window_reductions(n_out=self.output(x).elements, taps=self.taps(x))
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A pool, which saves its input and the index of each maximum."""
        around, n_out = self.around(tape, x), self.output(x.shape).elements
        return tape.op(around, makes=n_out, keeps=(around,), own=tape.indices(n_out * tape.batch))

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        return onnx_pool(call)

    def to_torch(self, nn: Any, x: Map) -> Any:
        own, around = self.split_padding(x)
        pool = of_rank(nn, "MaxPool", x)(
            self.kernel_size, self.stride, own, self.dilation, ceil_mode=self.rounds_up
        )
        return nn.padded(pool, around, -inf)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        axes = self.axes(x)
        settings = {**onnx_settings(axes), "ceil_mode": onnx_ceil(axes)}
        # ONNX allows more padding than PyTorch's pools, but some runtimes refuse it.
        if any(max(axis.before, axis.after) > axis.F // 2 for axis in axes):
            onnx.function()
            onnx.inputs = [onnx_padded(onnx, axes, *onnx.inputs, onnx.number(LOWEST))]
            settings["pads"] = [0] * (2 * len(axes))
        return onnx.node("MaxPool", *onnx.inputs, **settings)

    examples = (
        Example(
            given={"kernel": 3, "stride": 2},
            inputs=("96x55x55",),
            output="96x27x27",
            operations=Operations(compare=559_872),  # 96·27·27 outputs, 3·3 − 1 each
            source="TUM lecture, AlexNet MAX POOL1",
        ),
        Example(
            given=2,
            inputs=("64x224x224",),
            output="64x112x112",
            source="TUM lecture, VGG POOL2",
        ),
        Example(
            given={"kernel": 3, "stride": 2, "ceil_mode": True},
            inputs=("64x112x112",),
            output="64x56x56",
            source="TUM lecture, GoogLeNet: max pool 3×3/2 from 112 to 56",
        ),
        Example(
            given={"kernel": 5, "stride": 5, "padding": 1, "ceil_mode": True},
            inputs=("1x19x19",),
            output="1x4x4",
            source="PyTorch: the fifth window would start at 20 = 19 + 1, past the last input",
        ),
    )
    refusals = (
        *SHARED_REFUSALS,
        Refusal(
            {"kernel": 3, "padding": [[0, 1], [0, 1]], "ceil_mode": True},
            ("4x9x9",),
            "the same padding on both sides",
        ),
    )
