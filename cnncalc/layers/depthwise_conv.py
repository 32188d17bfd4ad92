"""Depthwise convolution."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Refusal, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import dimensions, macs, operations, parameters
from cnncalc.layers._filters import Filters


@dataclass(frozen=True, kw_only=True)
class DepthwiseConv(Filters):
    """Filter every channel by itself.

    It is a convolution with as many groups as input channels: each filter is one plane deep and
    reads one channel. With a multiplier every channel is read by that many filters, and the output
    is as many times deeper. Channels are not mixed; a 1x1 convolution usually follows to do that.

    Operations: every multiply-accumulate is one multiplication and one addition; a bias is one
    addition more for every output.
    """

    aliases: ClassVar = ("depthwise", "dw_conv", "depthwise_convolution")
    main: ClassVar = "kernel_size"

    multiplier: int = count("how many filters read each channel", 1, also=("depth_multiplier",))

    def output(self, x: Shape) -> Map:
        """``multiplier`` channels for each channel, as many positions as places of the window."""
        x = need_map(x)
        return Map(self._filters(x), self.places(x))

    def _filters(self, x: Map) -> int:
        return dimensions.multiplied(C_in=x.channels, multiplier=self.multiplier)

    def parameters(self, x: Map) -> Parameters:
        """One filter plane for each output channel, and a bias for each."""
        weights = parameters.depthwise_weights(
            F=self.window(x), C_in=x.channels, multiplier=self.multiplier
        )
        biases = parameters.conv_biases(C_out=self._filters(x)) if self.bias else 0
        return Parameters(weights, biases)

    def tensors(self, x: Map) -> Tensors:
        """The filter planes."""
        C_out = self._filters(x)
        return weight_and_bias((C_out, 1, *self.window(x)), (C_out,), self.bias)

    def macs(self, x: Map) -> int:
        """A dot product with one filter plane for every output."""
        return macs.depthwise_macs(
            F=self.window(x),
            C_in=x.channels,
            N_out=self.places(x),
            multiplier=self.multiplier,
        )

    def operations(self, x: Map) -> Operations:
        """Multiply and add, and the biases."""
        products = self.macs(x)
        added = operations.bias_additions(n_out=self.output(x).elements) if self.bias else 0
        return Operations(multiply=products, add=products + added)

    def to_torch(self, nn: Any, x: Map) -> Any:
        """``Conv1d``, ``2d`` or ``3d`` with a group for each channel."""
        return self.convolution(nn, x, self._filters(x), x.channels)

    examples: ClassVar = (
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
    refusals: ClassVar = (
        Refusal(7, ("4x5x5",), "larger than the padded input of 5"),
        Refusal(3, ("100",), "not a vector"),
        Refusal({"kernel": 3, "multiplier": 0}, ("4x5x5",), "at least 1, not 0"),
        Refusal({"kernel": 3, "groups": 2}, ("4x5x5",), "has no field 'groups'"),
    )
