"""LeNet-5's trainable subsampling."""

from math import prod
from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import Sizes, sizes
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, need_map, per_axis
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import macs, operations, parameters
from cnncalc.layers._window import Axis, axes_of


class Subsampling(Layer):
    """Sums each window, multiplies the sum by a learned coefficient and adds a learned bias.

    This is the pooling layer of LeNet-5. Windows do not overlap, and each channel has one
    coefficient and one bias. The squashing function that follows in the paper is a separate
    layer here.

    Operations: a window of n elements takes n − 1 additions, one multiplication by the
    coefficient and one addition for the bias.
    """

    family = "pooling"
    aliases = ("subsample", "trainable_pool")
    main = "kernel_size"

    kernel_size: Sizes = sizes("window size, which is also the stride", 2, also=("kernel", "F"))

    @property
    def stride(self) -> Sizes:
        """The size of the window."""
        return self.kernel_size

    def axes(self, x: Map) -> tuple[Axis, ...]:
        return axes_of(x, self.kernel_size, self.stride, 0, 1)

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        return Map(x.channels, tuple(axis.places() for axis in self.axes(x)))

    def parameters(self, x: Map) -> Parameters:
        return Parameters(parameters.scales(n=x.channels), parameters.shifts(n=x.channels))

    def tensors(self, x: Map) -> Tensors:
        return weight_and_bias((x.channels,), (x.channels,))

    def operations(self, x: Map) -> Operations:
        n_out = self.output(x).elements
        taps = operations.cells(F=per_axis(self.kernel_size, x, "kernel_size"))
        each = operations.each(n=n_out)
        return Operations(
            multiply=each, add=operations.window_reductions(n_out=n_out, taps=taps) + each
        )

    def links(self, x: Map) -> int:
        taps = operations.cells(F=per_axis(self.kernel_size, x, "kernel_size"))
        return macs.window_connections(n_out=self.output(x).elements, taps=taps)

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return tuple(axis.reach() for axis in self.axes(x))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """Means times the window size, times the coefficients, plus the biases. The pool saves
        its input, and the product with the coefficients saves the sums."""
        weights, biases = tape.trained(x.shape.channels, x.shape.channels)
        sums = tape.times(tape.op(x, makes=self.output(x.shape).elements, keeps=(x,)))
        y = tape.add(tape.multiply(sums, weights), biases)
        tape.hold(sums)
        return y

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.Subsampling(x.channels, per_axis(self.kernel_size, x, "kernel_size"))

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        onnx.function()
        window = [*per_axis(self.kernel_size, x, "kernel_size")]
        y = onnx.node("AveragePool", *onnx.inputs, kernel_shape=window, strides=window)
        y = onnx.node("Mul", y, onnx.number(prod(window)))
        axes = onnx.ints([*range(1, len(x))])
        for kind, name in (("Mul", "weight"), ("Add", "bias")):
            y = onnx.node(kind, y, onnx.node("Unsqueeze", onnx.weight(name), axes))
        return y

    examples = (
        Example(
            given=2,
            inputs=("6x28x28",),
            output="6x14x14",
            weights=6,
            biases=6,
            params=12,
            operations=Operations(multiply=1_176, add=4_704),  # 4 additions for each of 6·14·14
            source="LeCun et al. 1998: S2 has 12 trainable parameters",
        ),
        Example(
            inputs=("16x10x10",),
            output="16x5x5",
            params=32,
            operations=Operations(multiply=400, add=1_600),
            source="LeCun et al. 1998: S4 has 32 trainable parameters",
        ),
    )
    refusals = (
        Refusal(3, ("4x2x2",), "larger than the input of 2"),
        Refusal({"kernel": 2, "stride": 1}, ("4x4x4",), "has no field 'stride'"),
        Refusal(2, ("100",), "not a vector"),
    )
