"""Depthwise separable convolution."""

from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import count, flag
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, need_map, of_rank
from cnncalc.core.nest import Nest, Window
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import dimensions, macs, operations, parameters
from cnncalc.formulas.tracing import named
from cnncalc.layers._filters import Filters


class SeparableConv(Filters):
    """Filters every channel separately, then mixes the channels at every position.

    This is a depthwise convolution followed by a pointwise (1×1) convolution, counted as one
    layer. It replaces an ordinary convolution at a fraction of the cost: F·F + C_out products
    per input channel and position instead of F·F·C_out. As in Keras, only the outputs have biases
    by default. If a norm or an activation comes between the two convolutions, write
    ``depthwise_conv`` and ``conv`` instead. The total of all outputs leaves out the map between the
    two, since it is not the output of a layer.

    Operations: one multiplication and one addition per multiply-accumulate, and one addition
    for the bias per output of each convolution that has biases.
    """

    aliases = ("separable", "depthwise_separable_conv", "separable_convolution")
    main = "out_channels"

    out_channels: int = count(
        "number of pointwise filters, one per output channel", also=("filters",)
    )
    multiplier: int = count(
        "number of depthwise filters per input channel", 1, also=("depth_multiplier",)
    )
    depthwise_bias: bool = flag("whether the depthwise filters have biases as well", False)

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        return Map(dimensions.filters(out_channels=self.out_channels), self.places(x))

    def between(self, x: Map) -> Map:
        """The output of the depthwise convolution."""
        return Map(x.channels * named("multiplier", self.multiplier), self.places(x))

    def parameters(self, x: Map) -> Parameters:
        C_in, C_out, times = x.channels, self.out_channels, self.multiplier
        weights = parameters.separable_weights(
            F=self.window(x), C_in=C_in, C_out=C_out, multiplier=times
        )
        if self.bias and self.depthwise_bias:
            biases = parameters.separable_biases(C_in=C_in, C_out=C_out, multiplier=times)
            return Parameters(weights, biases)
        biased = C_in * times * self.depthwise_bias + C_out * self.bias
        return Parameters(weights, parameters.conv_biases(C_out=biased) if biased else 0)

    def biased(self, x: Map) -> int:
        """The number of outputs that add a bias, in both convolutions together."""
        between = self.between(x).elements if self.depthwise_bias else 0
        return between + (self.output(x).elements if self.bias else 0)

    def tensors(self, x: Map) -> Tensors:
        C_mid, C_out = self.between(x).channels, self.out_channels
        taps, place = self.window(x), (1,) * len(x.spatial)
        return {
            **weight_and_bias((C_mid, 1, *taps), (C_mid,), self.depthwise_bias, "depthwise."),
            **weight_and_bias((C_out, C_mid, *place), (C_out,), self.bias, "pointwise."),
        }

    def macs(self, x: Map) -> int:
        return macs.separable_macs(
            F=self.window(x),
            C_in=x.channels,
            C_out=self.out_channels,
            N_out=self.places(x),
            multiplier=self.multiplier,
        )

    def nests(self, x: Map) -> tuple[Nest, ...]:
        between = self.between(x)
        pointwise = Nest(
            1, self.out_channels, between.channels, tuple(Window(N, N) for N in between.spatial)
        )
        return self.nest(x, between.channels, x.channels), pointwise

    def inner_macs(self, x: Map) -> int:
        between = self.between(x)
        return macs.conv_macs(
            F=(1,) * len(x.spatial),
            C_in=between.channels,
            C_out=self.out_channels,
            N_out=between.spatial,
        )

    def operations(self, x: Map) -> Operations:
        products = self.macs(x)
        biased = self.biased(x)
        added = operations.bias_additions(n_out=biased) if biased else 0
        return Operations(multiply=products, add=products + added)

    def links(self, x: Map) -> int:
        return self.macs(x) + self.biased(x)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        params, between = self.parameters(x.shape), self.between(x.shape)
        mixing, shifts = between.channels * self.out_channels, self.out_channels * self.bias
        y = self.convolved(tape, x, between, params.weights - mixing, params.biases - shifts)
        return tape.convolution(y, mixing, shifts, self.output(x.shape).elements, spans=False)

    def to_torch(self, nn: Any, x: Map) -> Any:
        between = self.between(x)
        pointwise = of_rank(nn, "Conv", x)(
            between.channels, self.out_channels, 1, 1, 0, 1, 1, self.bias
        )
        depthwise = self.convolution(nn, x, between.channels, x.channels, self.depthwise_bias)
        return nn.Separable(depthwise, pointwise)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        onnx.function()
        between = self.onnx_convolution(onnx, x, x.channels, "depthwise.")
        weights = onnx.weight("pointwise.weight"), onnx.weight("pointwise.bias")
        return onnx.node("Conv", between, *weights)

    examples = (
        Example(
            given={"filters": 64, "kernel": 3, "padding": 1, "bias": False},
            inputs=("32x112x112",),
            output="64x112x112",
            weights=2_336,  # 3·3·32 + 32·64
            biases=0,
            macs=29_302_784,
            source="Howard et al. 2017, MobileNet: D_K·D_K·M·D_F·D_F + M·N·D_F·D_F; table 1",
        ),
        Example(
            given={
                "filters": 6,
                "kernel": 3,
                "stride": 2,
                "padding": 1,
                "multiplier": 2,
                "depthwise_bias": True,
            },
            inputs=("4x8x8",),
            output="6x4x4",
            weights=120,  # 3·3·8 + 8·6
            biases=14,
            macs=1_920,
            operations=Operations(multiply=1_920, add=2_144),  # 8·16 + 6·16 biases
            source="torch.nn.Conv2d(4, 8, 3, 2, 1, groups=4), then torch.nn.Conv2d(8, 6, 1)",
        ),
        Example(
            given={"filters": 100, "kernel": 5},
            inputs=("10x416x416",),
            output="100x412x412",
            weights=1_250,  # 5·5·10 + 10·100
            biases=100,
            source="tf.keras.layers.SeparableConv2D(100, 5) on 10 channels: 1,350 parameters",
        ),
    )
    refusals = (
        Refusal({"filters": 8, "kernel": 7}, ("4x5x5",), "larger than the input of 5"),
        Refusal({"filters": 8, "kernel": 3}, ("100",), "not a vector"),
        Refusal(8, ("4x5x5",), "needs 'kernel_size'"),
        Refusal({"filters": 8, "kernel": 3, "multiplier": 0}, ("4x5x5",), "at least 1, not 0"),
    )
