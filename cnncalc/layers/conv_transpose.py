"""Transposed convolution."""

from collections.abc import Mapping
from math import prod
from operator import add
from typing import Any

from cnncalc.core.call import Call, one_size
from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import BIAS, Padding, Sizes, count, flag, padding, sizes
from cnncalc.core.layer import (
    Example,
    Layer,
    Reach,
    Refusal,
    Tape,
    Tensor,
    need_map,
    of_rank,
    per_axis,
)
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import dimensions, macs, operations, parameters
from cnncalc.layers._transposed import TransposedAxis, same, sized
from cnncalc.layers._window import SAME, is_same, onnx_window, sides_of
from cnncalc.layers.conv import check_groups


class ConvTranspose(Layer):
    """Spreads every input over the footprint of a filter: a convolution run backwards.

    The footprints of neighbouring inputs lie one stride apart and add up where they overlap, so
    a stride above 1 enlarges the map. Padding removes cells from the sides of the output
    instead of adding cells to the input. A strided convolution maps several input sizes to the
    same output size; output_padding, which adds cells at the end, selects one of them.

    Multiply-accumulates are counted at the input positions: each input is multiplied once by
    every weight it meets. In an image, counting at the output positions would give about S·S
    times as many.

    Operations: one multiplication and one addition per multiply-accumulate, and one addition
    per output for the bias.
    """

    family = "upsampling"
    scratch = 4  # sums in int32
    aliases = ("deconv", "deconvolution", "up_conv", "transposed_conv")
    foreign = {"keras.Conv*DTranspose": Foreign()}
    operators = {"ConvTranspose": {}}
    onnx_operands = (2, 3)
    main = "out_channels"
    activated = True
    takes_bias = True

    out_channels: int = count("number of output channels", also=("filters", "K", "num_output"))
    kernel_size: Sizes = sizes("filter size along each axis", also=("kernel", "F"))
    stride: Sizes = sizes("step between neighbouring footprints", 1, also=("S", "strides"))
    padding: Padding = padding(
        "cells removed from the sides of the output; same multiplies every spatial size by S",
        words=SAME,
    )
    output_padding: Sizes = sizes("cells added at the end of the output", 0, least=0)
    output_size: Sizes | None = sizes(
        "output size, instead of output_padding; must be one that the stride allows", None
    )
    dilation: Sizes = sizes(
        "distance between neighbouring taps; 1 means no dilation", 1, also=("D", "dilation_rate")
    )
    groups: int = count("number of groups that the channels are split into", 1, also=("G", "group"))
    bias: bool = flag("whether each output channel has a bias", True, BIAS)

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        """The weights list the input's channels first, then the output channels of one group."""
        sizes = call.held["weight"]
        filters = {"out_channels": sizes[1] * call.attributes.get("groups", 1)}
        return {**filters, "kernel_size": one_size(sizes[2:]), **super().imported(call)}

    def axes(self, x: Map) -> tuple[TransposedAxis, ...]:
        F, S, D, P_out = (
            per_axis(getattr(self, name), x, name)
            for name in ("kernel_size", "stride", "dilation", "output_padding")
        )
        if is_same(self.padding):
            self._alone("same padding")
            lower = [self.padding == "same_lower"] * len(x.spatial)
            return tuple(map(same, x.spatial, F, S, D, lower))
        sides = sides_of(0 if self.padding == "valid" else self.padding, x)
        axes = tuple(
            TransposedAxis(N, f, s, before, d, extra, after)
            for N, f, s, (before, after), d, extra in zip(x.spatial, F, S, sides, D, P_out)
        )
        if self.output_size is None:
            return axes
        self._alone("an output_size", sized=True)
        return tuple(map(sized, axes, per_axis(self.output_size, x, "output_size")))

    def _alone(self, what: str, sized: bool = False) -> None:
        """Raise LayerError if other fields determine the output's size as well."""
        other = "output_size" if self.output_size is not None and not sized else "output_padding"
        if other == "output_size" or self.output_padding not in (0, (0,), (0, 0), (0, 0, 0)):
            raise LayerError(f"{what} determines the size of the output; remove {other}")

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        check_groups(x.channels, self.out_channels, self.groups)
        C_out = dimensions.filters(out_channels=self.out_channels)
        return Map(C_out, tuple(axis.places() for axis in self.axes(x)))

    def parameters(self, x: Map) -> Parameters:
        weights = parameters.conv_weights(
            F=per_axis(self.kernel_size, x, "kernel_size"),
            C_in=x.channels,
            C_out=self.out_channels,
            G=self.groups,
        )
        return Parameters(
            weights, parameters.conv_biases(C_out=self.out_channels) if self.bias else 0
        )

    def tensors(self, x: Map) -> Tensors:
        taps, C_out = per_axis(self.kernel_size, x, "kernel_size"), self.out_channels
        return weight_and_bias((x.channels, C_out // self.groups, *taps), (C_out,), self.bias)

    def macs(self, x: Map) -> int:
        return macs.transposed_macs(
            F=per_axis(self.kernel_size, x, "kernel_size"),
            C_in=x.channels,
            C_out=self.out_channels,
            N_in=x.spatial,
            G=self.groups,
        )

    def operations(self, x: Map) -> Operations:
        products = self.macs(x)
        added = operations.bias_additions(n_out=self.output(x).elements) if self.bias else 0
        return Operations(multiply=products, add=products + added)

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return tuple(axis.reach() for axis in self.axes(x))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        params = self.parameters(x.shape)
        taps = Map(1, per_axis(self.kernel_size, x.shape, "kernel_size")).elements
        if taps > 1:
            tape.guess_order(x)
        spans = taps > 1 and params.weights > x.shape.channels * taps
        full = self._uncut(x.shape)
        if full != self.output(x.shape) and len(full.spatial) == 3:
            raise LayerError("what PyTorch copies when it cuts a volume is not modelled")
        y = tape.convolution(x, params.weights, params.biases, full.elements, spans=spans)
        if full == self.output(x.shape):
            return y
        spatial = [*full.spatial]
        # There is a view for each axis, even if nothing is cut.
        for dim, axis in enumerate(self.axes(x.shape)):
            spatial[dim] -= sum(axis.cut)
            y = tape.part(y, full.channels * prod(spatial))
        return y

    def _uncut(self, x: Map) -> Map:
        """The output of PyTorch's module, before it is cut."""
        out = self.output(x)
        cuts = (sum(axis.cut) for axis in self.axes(x))
        return Map(out.channels, tuple(map(add, out.spatial, cuts)))

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        weights, (x,) = call.held.get(1), call.inputs
        if weights is None or call.differs(2, 0):
            return None  # another layer computes them, or a constant is added
        groups = call.settings.get("group", 1)
        fields = {"out_channels": weights[1] * groups, "groups": groups, "bias": 2 in call.held}
        fields |= onnx_window(call, weights[2:])
        if size := call.listed("output_shape"):
            return {**fields, "output_size": one_size(size[-(len(x) - 1) :])}
        return {**fields, "output_padding": one_size(call.listed("output_padding") or [0])}

    def to_torch(self, nn: Any, x: Map) -> Any:
        axes = self.axes(x)
        conv = of_rank(nn, "ConvTranspose", x)(
            x.channels,
            self.out_channels,
            self.kernel_size,
            self.stride,
            tuple(min(axis.P, axis.after) for axis in axes),
            tuple(axis.P_out for axis in axes),
            self.groups,
            self.bias,
            self.dilation,
        )
        return nn.cropped(conv, [axis.cut for axis in axes])

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        axes = self.axes(x)
        settings = {
            "kernel_shape": [axis.F for axis in axes],
            "strides": [axis.S for axis in axes],
            "pads": [*(axis.P for axis in axes), *(axis.after for axis in axes)],
            "dilations": [axis.D for axis in axes],
            "output_padding": [axis.P_out for axis in axes],
        }
        if any(axis.P_out >= axis.S for axis in axes):
            return self._onnx_extended(onnx, settings)
        weights = onnx.weight("weight"), onnx.weight("bias")
        return onnx.node("ConvTranspose", *onnx.inputs, *weights, group=self.groups, **settings)

    def _onnx_extended(self, onnx: Any, settings: dict[str, Any]) -> Any:
        """The output with positions added at the end: those that the padding cuts off, then zeros,
        which no tap reaches. onnxruntime requires fewer of them than the stride."""
        onnx.function()
        added, n = settings.pop("output_padding"), len(settings["strides"])
        cut = settings["pads"][n:]
        kept = [max(P - more, 0) for P, more in zip(cut, added)]
        zeros = [max(more - P, 0) for P, more in zip(cut, added)]
        settings = {**settings, "pads": [*settings["pads"][:n], *kept], "group": self.groups}
        y = onnx.node("ConvTranspose", *onnx.inputs, onnx.weight("weight"), **settings)
        y = onnx.node("Pad", y, onnx.ints([0] * (4 + n) + zeros))
        if not self.bias:
            return y
        sizes = onnx.ints([self.out_channels] + [1] * n)
        return onnx.node("Add", y, onnx.node("Reshape", onnx.weight("bias"), sizes))

    examples = (
        Example(
            given={"filters": 512, "kernel": 2, "stride": 2},
            inputs=("1024x28x28",),
            output="512x56x56",
            weights=2_097_152,
            biases=512,
            macs=1_644_167_168,  # 2·2·1024·512 for each of 28·28 inputs
            source="Ronneberger et al. 2015, U-Net, figure 1: up-conv 2×2",
        ),
        Example(
            given={"filters": 16, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1},
            inputs=("16x6x6",),
            output="16x12x12",  # 5·2 − 2 + 3 + 1
            weights=2_304,
            biases=16,
            macs=82_944,
            operations=Operations(multiply=82_944, add=85_248),  # 16·12·12 biases
            source="torch.nn.ConvTranspose2d, example: back from 6×6 to 12×12",
        ),
        Example(
            given={"filters": 1, "kernel": 3, "strides": 2, "padding": "same"},
            inputs=("16x12x12",),
            output="1x24x24",
            params=145,
            macs=20_736,  # 9·16 at each of 12·12 inputs
            source="tf.keras.layers.Conv2DTranspose: same gives the size times the stride",
        ),
        Example(
            given={"filters": 1, "kernel": 4, "stride": 1, "padding": "SAME_LOWER"},
            inputs=("1x5",),
            output="1x5",  # 4 + 4 cells, of which 2 are removed before and 1 after
            source="ONNX, ConvTranspose: pads of 3 − 3/2 and 3/2 for SAME_LOWER",
        ),
        Example(
            given={"filters": 2, "kernel": 5, "stride": 3, "padding": [[1, 3]]},
            inputs=("1x4",),
            output="2x10",  # 3·3 + 5 − 1 − 3
            source="ONNX, ConvTranspose: pads of [1, 3]",
        ),
        Example(
            given={"filters": 3, "kernel": 2, "stride": 4},
            inputs=("1x2",),
            output="3x6",  # 4 + 2; the last input reaches no further
            source="torch.nn.ConvTranspose1d(1, 3, 2, 4)",
        ),
        Example(
            given={"filters": 2, "kernel": 3, "stride": 2, "output_size": [12, 11]},
            inputs=("1x5x5",),
            output="2x12x11",
            source="torch.nn.ConvTranspose2d: output_size chooses between 11 and 12",
        ),
        Example(
            given={"filters": 1, "kernel": 2, "padding": [0, 0, [0, 1]]},
            inputs=("1x2x2x2",),
            output="1x3x3x2",
            source="by hand: 3·3·3 outputs, of which the last in each row is cut off",
        ),
    )
    refusals = (
        Refusal(
            {"filters": 8, "kernel": 3, "stride": 2, "output_padding": 2},
            ("4x5x5",),
            "output_padding 2 must be smaller than the stride 2",
        ),
        Refusal({"filters": 8, "kernel": 1, "padding": 3}, ("4x5x5",), "it may be at most 2"),
        Refusal({"filters": 8, "kernel": 3, "groups": 3}, ("4x5x5",), "4 input channels"),
        Refusal(
            {"filters": 8, "kernel": 3, "padding": "same", "output_padding": 1},
            ("4x5x5",),
            "remove output_padding",
        ),
        Refusal(
            {"filters": 8, "kernel": 3, "padding": "same", "output_size": 9},
            ("4x5x5",),
            "remove output_size",
        ),
        Refusal(
            {"filters": 8, "kernel": 3, "stride": 2, "output_size": 13},
            ("4x5x5",),
            "stride 2 turns 5 inputs into 11 or 12 outputs, not 13",
        ),
        Refusal(
            {"filters": 8, "kernel": 3, "output_size": 13},
            ("4x5x5",),
            "turns 5 inputs into 7 outputs",
        ),
        Refusal({"filters": 8, "kernel": 1, "padding": [[2, 3]]}, ("4x5",), "removes 2 + 3 cells"),
        Refusal({"filters": 8, "kernel": 3}, ("100",), "not a vector"),
    )
