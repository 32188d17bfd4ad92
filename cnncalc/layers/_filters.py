"""Base class for convolutions: filters that slide along every spatial axis."""

from typing import Any

from cnncalc.core.call import Call, one_size
from cnncalc.core.cost import Operations
from cnncalc.core.fields import BIAS, Padding, Sizes, flag, padding, sizes
from cnncalc.core.layer import Layer, Reach, Tape, Tensor, need_map, of_rank, per_axis
from cnncalc.core.nest import Nest, Window
from cnncalc.core.shape import Map
from cnncalc.formulas import operations
from cnncalc.layers._window import (
    CAUSAL,
    SAME,
    Axis,
    axes_of,
    for_each,
    onnx_settings,
    padded,
    split_padding,
    worked_out,
)


class Filters(Layer):
    """Filters that slide over the input."""

    family = "convolution"
    activated = True

    kernel_size: Sizes = sizes("filter size along each axis", also=("kernel", "F"))
    stride: Sizes = sizes("step between neighbouring windows", 1, also=("S", "strides"))
    padding: Padding = padding(
        "zeros added around the input; same keeps the size at stride 1 (same_lower puts the "
        "extra zero first if their number is odd), valid adds none, causal puts them all before a "
        "signal",
        words=(*SAME, CAUSAL),
    )
    dilation: Sizes = sizes(
        "distance between neighbouring taps; 1 means no dilation", 1, also=("D", "dilation_rate")
    )
    bias: bool = flag("whether each filter has a bias", True, BIAS)

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        """The kernel size follows from the weights."""
        return {"kernel_size": one_size(call.held["weight"][2:]), **super().imported(call)}

    def axes(self, x: Map) -> tuple[Axis, ...]:
        return axes_of(x, self.kernel_size, self.stride, self.padding, self.dilation)

    def places(self, x: Map) -> tuple[int, ...]:
        """The number of window positions along each axis."""
        return for_each(Axis.places, self.axes(x))

    def window(self, x: Map) -> tuple[int, ...]:
        """The filter size along each axis."""
        return per_axis(self.kernel_size, x, "kernel_size")

    def operations(self, x: Map) -> Operations:
        products = self.macs(x)
        added = operations.bias_additions(n_out=self.output(x).elements) if self.bias else 0
        return Operations(multiply=products, add=products + added)

    def nest(self, x: Map, filters: int, groups: int = 1) -> Nest:
        """The loops of a convolution with this window."""
        windows = [
            Window(axis.N, axis.places(), axis.F, axis.S, axis.D, axis.before, axis.after)
            for axis in self.axes(x)
        ]
        return Nest(groups, filters // groups, x.channels // groups, tuple(windows))

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return for_each(Axis.reach, self.axes(x))

    def zeros(self, x: Map) -> tuple[tuple[int, int], ...]:
        return worked_out(self.axes(x))

    def is_same_in_torch(self, x: Map) -> bool:
        """Whether PyTorch's own ``same``, which needs a stride of 1, pads in the same way."""
        return self.padding == "same" and all(axis.S == 1 for axis in self.axes(x))

    def copied(self, x: Map) -> int:
        """The number of elements of the padded copy, for padding that PyTorch's convolution does
        not support; otherwise 0. PyTorch's own ``same`` makes a copy with the extra zero, and pads
        the rest itself."""
        axes = self.axes(x)
        if not split_padding(axes)[1]:
            return 0
        if self.is_same_in_torch(x):
            axes = tuple(one._replace(before=0, after=one.after - one.before) for one in axes)
        return padded(x, axes)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        params = self.parameters(x.shape)
        return self.convolved(
            tape, x, need_map(self.output(x.shape)), params.weights, params.biases
        )

    def convolved(self, tape: Tape, x: Tensor, out: Map, weights: int, biases: int) -> Tensor:
        """A convolution with this window, which saves its input or the padded copy."""
        copied = self.copied(x.shape)
        around = tape.op(x, makes=copied) if copied else x
        taps = Map(1, self.window(x.shape)).elements
        if taps > 1:
            tape.guess_order(x)
        spans = taps > 1 and weights > out.channels * taps
        y = tape.convolution(around, weights, biases, out.elements, spans=spans)
        return y if copied else tape.suggested(y, x, tape.batch, *out)

    def convolution(
        self, nn: Any, x: Map, out_channels: int, groups: int, bias: bool | None = None
    ) -> Any:
        """PyTorch's convolution with this window, after a separate padding step if it needs one."""
        own, around = split_padding(self.axes(x))
        same = bool(around) and self.is_same_in_torch(x)
        conv = of_rank(nn, "Conv", x)(
            x.channels,
            out_channels,
            self.kernel_size,
            self.stride,
            "same" if same else own,
            self.dilation,
            groups,
            self.bias if bias is None else bias,
        )
        return nn.padded(conv, () if same else around)

    def onnx_convolution(self, onnx: Any, x: Map, groups: int, prefix: str = "") -> Any:
        """ONNX's convolution with this window; ``prefix`` begins the names of its weights."""
        weights = [onnx.weight(f"{prefix}weight"), onnx.weight(f"{prefix}bias")]
        return onnx.node(
            "Conv", *onnx.inputs, *weights, group=groups, **onnx_settings(self.axes(x))
        )
