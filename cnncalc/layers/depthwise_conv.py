"""Depthwise convolution."""

from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Refusal, need_map
from cnncalc.core.nest import Nest
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import dimensions, macs, parameters
from cnncalc.layers._filters import Filters


class DepthwiseConv(Filters):
    """Filters every channel separately.

    This is a convolution with as many groups as input channels, so each filter reads one channel.
    With a multiplier M, each channel is read by M filters, and the output has M times as many
    channels. Channels are not mixed; a 1×1 convolution usually follows to mix them.

    Operations: one multiplication and one addition per multiply-accumulate, and one addition
    per output for the bias.
    """

    keeps_format = (1, 2)
    aliases = ("depthwise", "dw_conv", "depthwise_convolution")
    main = "kernel_size"

    multiplier: int = count(
        "number of filters that read each channel", 1, also=("depth_multiplier",)
    )

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        return Map(self._filters(x), self.places(x))

    def _filters(self, x: Map) -> int:
        return dimensions.multiplied(C_in=x.channels, multiplier=self.multiplier)

    def parameters(self, x: Map) -> Parameters:
        weights = parameters.depthwise_weights(
            F=self.window(x), C_in=x.channels, multiplier=self.multiplier
        )
        biases = parameters.conv_biases(C_out=self._filters(x)) if self.bias else 0
        return Parameters(weights, biases)

    def tensors(self, x: Map) -> Tensors:
        C_out = self._filters(x)
        return weight_and_bias((C_out, 1, *self.window(x)), (C_out,), self.bias)

    def macs(self, x: Map) -> int:
        return macs.depthwise_macs(
            F=self.window(x),
            C_in=x.channels,
            N_out=self.places(x),
            multiplier=self.multiplier,
        )

    def nests(self, x: Map) -> tuple[Nest, ...]:
        return (self.nest(x, self._filters(x), x.channels),)

    def to_torch(self, nn: Any, x: Map) -> Any:
        return self.convolution(nn, x, self._filters(x), x.channels)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        return self.onnx_convolution(onnx, x, x.channels)

    examples = (
        Example(
            given={"kernel": 3, "padding": 1, "bias": False},
            inputs=("32x112x112",),
            output="32x112x112",
            weights=288,
            biases=0,
            macs=3_612_672,  # 9 products for each of 32·112·112 outputs
            source="Howard et al. 2017, MobileNet, table 1: conv dw, 3×3×32",
        ),
        Example(
            given={"kernel_size": 3, "multiplier": 2},
            inputs=("4x5x5",),
            output="8x3x3",
            weights=72,
            biases=8,
            macs=648,
            operations=Operations(multiply=648, add=720),  # 72 outputs add a bias
            source="torch.nn.Conv2d(4, 8, 3, groups=4): groups = in_channels, out_channels = 2·4",
        ),
    )
    refusals = (
        Refusal(7, ("4x5x5",), "larger than the input of 5"),
        Refusal(3, ("100",), "not a vector"),
        Refusal({"kernel": 3, "multiplier": 0}, ("4x5x5",), "at least 1, not 0"),
        Refusal({"kernel": 3, "groups": 2}, ("4x5x5",), "has no field 'groups'"),
    )
