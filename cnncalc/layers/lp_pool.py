"""Power-average pooling."""

from collections.abc import Mapping
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import positive
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, need_map, of_rank, per_axis
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations
from cnncalc.layers._pool import Pool
from cnncalc.layers._window import onnx_ceil, onnx_padded, onnx_settings, onnx_window, torch_sides
from cnncalc.layers.avg_pool import check_volume


class LpPool(Pool):
    """Computes the p-th root of the sum of the p-th powers in each window.

    p = 1 gives the sum and p = 2 the Euclidean length. If no value is negative, this is the p-norm,
    which approaches max pooling for large p. The stride defaults to the window size. Padding adds
    zeros. There are no parameters.

    Operations: each input is raised to the power p once, which takes one multiplication if p is
    2 and one exponential otherwise; a window of n elements takes n − 1 additions, and one
    exponential for the root. With p = 1, there are no powers and no roots.
    """

    operators = {"LpPool": {}}
    aliases = ("lp_pooling", "power_average_pool")
    limited = False

    norm_type: float = positive("the exponent p", 2, also=("p",))

    def split_padding(self, x: Map) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The whole padding in a separate step, since PyTorch's pool has no padding."""
        sides = torch_sides([(axis.before, axis.after) for axis in self.axes(x)])
        return (0,) * len(x.spatial), sides if any(sides) else ()

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        if self.rounds_up and self.split_padding(x)[1]:
            raise LayerError("padding and ceil_mode cannot be combined; remove one of them")
        out = super().output(x)
        around = tuple(axis.before + axis.N + axis.after for axis in self.axes(x))
        check_volume(Map(x.channels, around), self.kernel_size)
        return out

    def operations(self, x: Map) -> Operations:
        n_out = self.output(x).elements
        taps = self.taps(x)
        added = operations.window_reductions(n_out=n_out, taps=taps)
        if self.norm_type == 1:
            return Operations(add=added)
        powers, roots = operations.each(n=x.elements), operations.each(n=n_out)
        if self.norm_type == 2:
            return Operations(multiply=powers, add=added, exponential=roots)
        return Operations(add=added, exponential=powers + roots)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The mean of the powers, then its sign times its magnitude, times the window size, and
        the root."""
        if self.spread:
            raise LayerError("how PyTorch uses memory for a pool with dilation is not modelled")
        copied = self.copied(x.shape)
        around = tape.op(x, makes=copied) if copied else x
        powers = tape.power(around, self.norm_type)
        if len(x.shape.spatial) == 3:
            powers = tape.raised(powers, cuda=False)
        means = tape.op(powers, makes=self.output(x.shape).elements, keeps=(powers,))
        signs = tape.op(means)
        sizes = tape.op(means, keeps=(means,), beside=means.bytes)  # its gradient needs the sign
        positive = tape.op(sizes, keeps_output=True)
        root = tape.power(tape.times(tape.multiply(signs, positive)), 1 / self.norm_type)
        tape.hold(around, means)
        return root

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        window, ceil = onnx_window(call), bool(call.settings.get("ceil_mode", 0))
        if ceil and (window["padding"] != 0 or window["dilation"] != 1):
            return None
        return {**window, "ceil_mode": ceil, "norm_type": call.settings.get("p", 2)}

    def to_torch(self, nn: Any, x: Map) -> Any:
        # LPPool1d multiplies by the window size, so it accepts no tuple.
        window = per_axis(self.kernel_size, x, "kernel_size")
        size = window[0] if len(window) == 1 else window
        stride = size if self.spread else self.stride
        pool = of_rank(nn, "LPPool", x)(self.norm_type, size, stride, self.rounds_up)
        return nn.padded(self.laid_out(nn, pool, x), self.split_padding(x)[1])

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        axes = self.axes(x)
        settings = onnx_settings(axes)
        fits = all(max(axis.before, axis.after) < axis.F for axis in axes)
        if self.norm_type % 2 == 0 and not self.rounds_up and fits:
            return onnx.node("LpPool", *onnx.inputs, p=int(self.norm_type), **settings)
        # ONNX's LpPool has integer powers of absolute values, and pads by less than a window.
        onnx.function()
        y = onnx.node("Pow", *onnx.inputs, onnx.number(self.norm_type))
        settings |= {"pads": [0] * 2 * len(axes), "ceil_mode": onnx_ceil(axes)}
        y = onnx.node("AveragePool", onnx_padded(onnx, axes, y), **settings)
        y = onnx.node("Mul", y, onnx.number(self.taps(x)))
        return onnx.node("Pow", y, onnx.number(1 / self.norm_type))

    examples = (
        Example(
            given={"kernel": 3, "stride": 2},
            inputs=("16x50x32",),
            output="16x24x15",
            # 16·50·32 squares; 5,760 outputs of 8 additions and a root each
            operations=Operations(multiply=25_600, add=46_080, exponential=5_760),
            source="torch.nn.LPPool2d, example: LPPool2d(2, 3, stride=2)",
        ),
        Example(
            given={"kernel": [3, 2], "stride": [2, 1], "norm_type": 1.2},
            inputs=("16x50x32",),
            output="16x24x31",
            operations=Operations(add=59_520, exponential=37_504),  # 25,600 powers, 11,904 roots
            source="torch.nn.LPPool2d, example: LPPool2d(1.2, (3, 2), stride=(2, 1))",
        ),
        Example(
            given={"kernel": 2, "norm_type": 1},
            inputs=("1x4x4",),
            output="1x2x2",
            operations=Operations(add=12),
            source="torch.nn.LPPool2d: with p = 1 it is sum pooling",
        ),
        Example(
            given={"kernel": 2, "padding": 1},
            inputs=("1x4x4",),
            output="1x3x3",
            operations=Operations(multiply=16, add=27, exponential=9),  # 3 additions for each of 9
            source="ONNX, LpPool: pads of 1; (4 + 2 − 2)/2 + 1 = 3",
        ),
        Example(
            given={"kernel": 2, "stride": 1, "dilation": 2},
            inputs=("1x4x4",),
            output="1x2x2",
            operations=Operations(multiply=16, add=12, exponential=4),
            source="ONNX, LpPool, example lppool_2d_dilations: 4 − 2·(2 − 1) − 1 + 1 = 2",
        ),
    )
    refusals = (
        Refusal(3, ("4x2x2",), "larger than the input of 2"),
        Refusal({"kernel": 2, "norm_type": 0}, ("4x4x4",), "greater than 0, not 0"),
        Refusal({"kernel": 2, "padding": 1, "ceil_mode": True}, ("4x5x5",), "cannot be combined"),
        Refusal(2, ("100",), "not a vector"),
    )
