"""Deformable convolution."""

from collections.abc import Mapping
from math import prod
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor, everything, need_map
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations
from cnncalc.layers._grouped import Grouped
from cnncalc.layers._window import onnx_settings, onnx_window, torch_window


class DeformConv(Grouped):
    """Convolves with taps that are moved by offsets from another layer.

    It reads the map and the offsets, a vertical and a horizontal one for every tap and position:
    2·F·F channels, or a multiple of that if groups of input channels have separate offsets. A third
    input with half as many channels makes it the modulated version (v2), which also multiplies
    every tap by a factor. A moved tap interpolates between four pixels. Since offsets are
    unlimited, every output's receptive field is taken to be the whole map.

    Operations: one multiplication and one addition per multiply-accumulate, and one addition per
    output for the bias; one addition per offset; and four multiplications and three additions for
    every tap's value, plus one multiplication if there is a factor.
    """

    operators = {"DeformConv": {}}
    onnx_operands = (3, 5)
    aliases = ("deformable_conv", "deformable_convolution", "dcn")
    arity = (2, 3)
    reads = "a map and its offsets"

    def output(self, x: Shape, *others: Shape) -> Map:
        y = super().output(need_map(x, axes=(2,)))
        self._check(need_map(x), y.spatial, *others)
        return y

    def _check(self, x: Map, places: tuple[int, ...], offsets: Shape, *factors: Shape) -> None:
        """Raise LayerError unless the offsets and factors fit the taps."""
        taps = Map(1, self.window(x)).elements
        channels = need_map(offsets).channels
        groups, rest = divmod(channels, 2 * taps)
        if rest:
            raise LayerError(
                f"expected a multiple of {2 * taps} channels of offsets, two for each tap, "
                f"not {channels}"
            )
        if x.channels % groups:
            raise LayerError(
                f"{channels} channels of offsets are for {groups} groups, but {x.channels} input "
                f"channel{'s' * (x.channels != 1)} cannot be divided into {groups} equal groups"
            )
        wanted = {"offsets": Map(channels, places), "factors": Map(groups * taps, places)}
        for (what, shape), given in zip(wanted.items(), (offsets, *factors)):
            if given != shape:
                raise LayerError(f"expected {what} of {shape}, not {given}")

    def operations(self, x: Map, *others: Shape) -> Operations:
        offsets, *factors = others
        products = self.macs(x)
        n_out = Map(self.out_channels, self.places(x)).elements
        added = operations.bias_additions(n_out=n_out) if self.bias else 0
        moved = operations.each(n=offsets.elements)
        read = operations.samples(F=self.window(x), C_in=x.channels, N_out=self.places(x))
        return Operations(
            multiply=products + operations.each(n=read, times=4 + len(factors)),
            add=products + added + moved + operations.each(n=read, times=3),
        )

    def reach(self, x: Map, *others: Shape) -> tuple[Reach, ...]:
        return everything(x, bound=True)

    def zeros(self, x: Map, *others: Shape) -> tuple[tuple[int, int], ...]:
        return super().zeros(x)

    def steps(self, tape: Tape, x: Tensor, *others: Tensor) -> Tensor:
        raise LayerError("what PyTorch saves for a deformable convolution is not modelled")

    def to_torch(self, nn: Any, x: Map, offsets: Map, *factors: Map) -> Any:
        groups = offsets.channels // (2 * operations.cells(F=self.window(x)))
        return nn.DeformConv(
            x.channels,
            self.out_channels,
            *torch_window(self.axes(x)),
            groups=self.groups,
            offset_groups=groups,
            bias=self.bias,
        )

    def to_onnx(self, onnx: Any, x: Map, offsets: Map, *factors: Map) -> Any:
        """ONNX's operator, which reads the weights between the map and the offsets."""
        map_, moved, *scales = onnx.inputs
        groups = offsets.channels // (2 * operations.cells(F=self.window(x)))
        tensors = [map_, onnx.weight("weight"), moved, onnx.weight("bias"), *scales]
        settings = onnx_settings(self.axes(x))
        return onnx.node("DeformConv", *tensors, group=self.groups, offset_group=groups, **settings)

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        weights = call.held.get(1)
        if weights is None or call.differs(3, 0):
            return None  # another layer computes them, or a constant is added
        groups = call.settings.get("group", 1)
        window = onnx_window(call, weights[2:])
        channels = 2 * call.settings.get("offset_group", 1) * prod(weights[2:])
        if call.inputs[1].dimensions[0] != channels:
            raise LayerError(f"its offsets must have {channels} channels, two for each tap")
        return {"out_channels": weights[0], **window, "groups": groups, "bias": 3 in call.held}

    examples = (
        Example(
            given={"filters": 512, "kernel": 3, "padding": 2, "dilation": 2, "bias": False},
            inputs=("512x14x14", "18x14x14"),
            output="512x14x14",
            weights=2_359_296,  # 3·3·512·512
            biases=0,
            macs=462_422_016,  # at 14·14 positions
            source="Dai et al. 2017, section 3: res5's 3×3 filters with dilation 2; 2N offsets",
        ),
        Example(
            given={"filters": 4, "kernel": 3, "padding": 1},
            inputs=("2x5x5", "18x5x5", "9x5x5"),
            output="4x5x5",
            weights=72,
            biases=4,
            macs=1_800,
            # 450 interpolated values, 100 biases and 450 offsets
            operations=Operations(multiply=4_050, add=3_700),
            source="by hand: Zhu et al. 2019, Deformable ConvNets v2, equation 1",
        ),
        Example(
            given={"filters": 5, "kernel": 3},
            inputs=("4x10x10", "36x8x8"),
            output="5x8x8",
            params=185,
            macs=11_520,
            source="by hand: torchvision.ops.deform_conv2d with two groups of offsets",
        ),
    )
    refusals = (
        Refusal({"filters": 4, "kernel": 3}, ("4x5x5", "9x3x3"), "a multiple of 18 channels"),
        Refusal({"filters": 4, "kernel": 3}, ("4x5x5", "18x5x5"), "offsets of 18×3×3, not 18×5×5"),
        Refusal(
            {"filters": 4, "kernel": 3},
            ("4x5x5", "18x3x3", "18x3x3"),
            "factors of 9×3×3, not 18×3×3",
        ),
        Refusal(
            {"filters": 4, "kernel": 3},
            ("4x5x5", "54x3x3"),
            "4 input channels cannot",
        ),
        Refusal(
            {"filters": 4, "kernel": 3},
            ("4x5x5",),
            "expected 2 or 3 inputs, not 1; use 'from' to name a map and its offsets",
        ),
        Refusal({"filters": 4, "kernel": 3}, ("4x5", "6x3"), "expected 2 spatial axes, not 1"),
        Refusal({"filters": 4, "kernel": 3}, ("4x5x5", "100"), "not a vector"),
        Refusal({"filters": 4, "kernel": 3, "groups": 3}, ("4x5x5", "18x3x3"), "4 input channels"),
    )
