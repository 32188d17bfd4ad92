"""Average pooling."""

from collections.abc import Mapping
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Sizes, flag
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, need_map, of_rank, per_axis
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations
from cnncalc.layers._pool import SHARED_REFUSALS, Pool
from cnncalc.layers._window import (
    is_same,
    onnx_ceil,
    onnx_padded,
    onnx_pool,
    onnx_settings,
    torch_sides,
)


class AvgPool(Pool):
    """Averages the elements under each window.

    The window slides over every channel separately, so the number of channels stays the same.
    There are no parameters. The stride defaults to the window size.

    Operations: a window of n elements takes n − 1 additions and one division. Windows that
    extend past the edge count in full.
    """

    aliases = ("average_pool", "avg_pooling", "average_pooling", "mean_pool", "ap")
    foreign = {"keras.AveragePooling*D": Foreign({"kernel_size": 2, "count_include_pad": False})}
    operators = {"AveragePool": {}}

    count_include_pad: bool = flag("whether padding zeros count in the mean", True)

    def output(self, x: Shape) -> Map:
        out, x = super().output(x), need_map(x)
        if len(x.spatial) == 3 and not self.split_padding(x)[1]:
            check_volume(x, self.kernel_size)
        return out

    def operations(self, x: Map) -> Operations:
        n_out = self.output(x).elements
        return Operations(
            add=operations.window_reductions(n_out=n_out, taps=self.taps(x)),
            divide=operations.each(n=n_out),
        )

    def split_padding(self, x: Map) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """As for any pool, but all of the ``same`` padding is a separate step if a window is larger
        than the volume without padding, which PyTorch's pool does not allow."""
        own, around = super().split_padding(x)
        axes = self.axes(x)
        if is_same(self.padding) and len(axes) == 3 and any(axis.F > axis.N for axis in axes):
            return (0, 0, 0), torch_sides([(axis.before, axis.after) for axis in axes])
        return own, around

    def leaves_out(self, x: Map) -> bool:
        """Whether the mean must leave out zeros that were added in a separate padding step."""
        return bool(self.copied(x)) and not self.count_include_pad

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A pool, which saves its input. To leave the padding out, a map of ones is padded and
        pooled as well, and the means are divided by the result."""
        n_out = self.output(x.shape).elements
        if self.spread or not self.leaves_out(x.shape):
            around = self.around(tape, x)
            return tape.op(around, makes=n_out, keeps=(around,))
        channels = x.shape.channels
        ones = tape.op(shared=x.shape.elements // channels, size=x.size)
        inside = tape.op(ones, shared=self.copied(x.shape) // channels)
        around = self.around(tape, x)
        means = tape.op(around, makes=n_out, keeps=(around,))
        parts = tape.op(inside, shared=n_out // channels)
        y = tape.divide(means, parts)
        tape.hold(inside)
        return y

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        window = onnx_pool(call)
        if window is None or (window["dilation"] != 1 and window["ceil_mode"]):
            return None
        counted = bool(call.settings.get("count_include_pad", 0))
        return {**window, "count_include_pad": counted or not window["padding"]}

    def to_torch(self, nn: Any, x: Map) -> Any:
        own, around = self.split_padding(x)
        stride = self.kernel_size if self.spread else self.stride
        pool = of_rank(nn, "AvgPool", x)(
            self.kernel_size, stride, own, self.rounds_up, self.count_include_pad
        )
        pool = self.laid_out(nn, pool, x)
        if around and not self.count_include_pad:
            return nn.MeanInside(pool, around)
        return nn.padded(pool, around)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        axes = self.axes(x)
        settings = {**onnx_settings(axes), "ceil_mode": onnx_ceil(axes)}
        wide = len(axes) == 3 and any(axis.F > axis.N for axis in axes)
        if all(max(axis.before, axis.after) <= axis.F // 2 for axis in axes) and not wide:
            counted = int(self.count_include_pad)
            return onnx.node("AveragePool", *onnx.inputs, count_include_pad=counted, **settings)
        # A pool may not pad by this much, and its window may not be larger than a volume.
        onnx.function()
        settings["pads"] = [0] * (2 * len(axes))
        (map_,), one = onnx.inputs, onnx.number(1)
        means = onnx.node("AveragePool", onnx_padded(onnx, axes, map_), **settings)
        if self.count_include_pad:
            return means
        ones = onnx.node("Expand", one, onnx.ints([1, 1, *x.spatial]))
        parts = onnx.node("AveragePool", onnx_padded(onnx, axes, ones), **settings)
        return onnx.node("Div", means, parts)

    examples = (
        Example(
            given={"kernel": 7, "stride": 1},
            inputs=("1024x7x7",),
            output="1024x1x1",
            operations=Operations(add=49_152, divide=1_024),  # 48 additions for each channel
            source="TUM lecture, GoogLeNet table: avg pool 7×7/1 gives 1×1×1024",
        ),
        Example(
            given=2,
            inputs=("128x56x56",),
            output="128x28x28",
            operations=Operations(add=301_056, divide=100_352),  # 3 additions for each output
            source="Huang et al. 2017, DenseNet, table 1: 2×2 average pool, stride 2, to 28×28",
        ),
        Example(
            given={"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True},
            inputs=("1x6x6",),
            output="1x4x4",
            source="torch.nn.AvgPool2d: ⌈(6 + 2 − 3)/2⌉ + 1 = 4; window 4 starts at 6 < 6 + 1",
        ),
        Example(
            given={"kernel": 2, "stride": 1, "dilation": 2},
            inputs=("1x4x4",),
            output="1x2x2",
            operations=Operations(add=12, divide=4),  # 3 additions for each output
            source="ONNX, AveragePool, example averagepool_2d_dilations: 4 − 2·(2 − 1) − 1 + 1 = 2",
        ),
    )
    refusals = (
        *SHARED_REFUSALS,
        Refusal({"kernel": 3, "dilation": 2, "ceil_mode": True}, ("4x9x9",), "cannot be combined"),
        Refusal({"kernel": 3, "dilation": 5}, ("4x9x9",), "larger than the input of 9"),
        Refusal({"kernel": 3, "dilation": 5}, ("4x5x5",), "6 in total; a pool needs a pad layer"),
        Refusal({"kernel": 3, "padding": 1}, ("4x5x5x2",), "larger than an axis of size 2"),
    )


def check_volume(x: Map, kernel_size: Sizes) -> None:
    """Raise LayerError if a window is longer than an axis of a volume.

    PyTorch does not average such windows over three axes, though it does over one or two.
    """
    if len(x.spatial) < 3:
        return
    for N, F in zip(x.spatial, per_axis(kernel_size, x, "kernel_size")):
        if F > N:
            raise LayerError(
                f"a window of {F} is larger than an axis of size {N}, and PyTorch cannot average "
                "such windows in a volume; use a smaller window, or put a pad layer before the pool"
            )
