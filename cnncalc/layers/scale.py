"""Learned channel scaling."""

from functools import reduce
from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import BIAS, flag, number
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, channels_of
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations, parameters


class Scale(Layer):
    """Multiplies every channel by a learned factor, and may add a learned bias.

    At the end of a residual branch, this is layer scale; an ``initial`` value close to 0 lets a
    deep network start close to the identity.

    In Caffe's networks, it follows a ``BatchNorm``, which learns nothing there.

    Operations: one multiplication per element and, with a bias, one addition.
    """

    family = "activation"
    aliases = ("layer_scale",)
    takes_bias = True

    bias: bool = flag("whether to learn a bias for every channel as well", False, BIAS)
    initial: float = number("initial value of the factors", 1, also=("init",))

    def output(self, x: Shape) -> Shape:
        return x

    def parameters(self, x: Shape) -> Parameters:
        C = channels_of(x)
        biases = parameters.shifts(n=C) if self.bias else 0
        return Parameters(weights=parameters.scales(n=C), biases=biases)

    def tensors(self, x: Shape) -> Tensors:
        return weight_and_bias((channels_of(x),), (channels_of(x),), self.bias)

    def operations(self, x: Shape) -> Operations:
        each = operations.each(n=x.elements)
        return Operations(multiply=each, add=each if self.bias else 0)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        held = self.parameters(x.shape)
        factors, *biases = tape.trained(held.weights, held.biases)
        return reduce(tape.add, biases, tape.multiply(x, factors))

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Scale(channels_of(x), self.initial, self.bias)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        if self.bias:
            onnx.function()  # else it is read back as two layers, which cannot be shared as one
        y = onnx.inputs[0]
        for kind, name in (("Mul", "weight"), ("Add", "bias"))[: 1 + self.bias]:
            tensor = onnx.weight(name)
            if len(x.dimensions) > 1:
                tensor = onnx.node("Unsqueeze", tensor, onnx.ints([*range(1, len(x.dimensions))]))
            y = onnx.node(kind, y, tensor)
        return y

    examples = (
        Example(
            inputs=("96x56x56",),
            output="96x56x56",
            weights=96,
            operations=Operations(multiply=301_056),  # 96·56·56
            source="Touvron et al. 2021, equation 4: one λ for each of 96 channels",
        ),
        Example(
            given={"initial": 1e-6},
            inputs=("384",),
            output="384",
            weights=384,
            params=384,
            operations=Operations(multiply=384),
            source="Touvron et al. 2021, section 2: λ starts at 10⁻⁶ in the deepest networks",
        ),
        Example(
            given={"bias_term": True},
            inputs=("64x8x8",),
            output="64x8x8",
            weights=64,
            biases=64,
            operations=Operations(multiply=4096, add=4096),  # 64·8·8
            source="Caffe, Scale layer: bias_term adds a bias to the factor of each channel",
        ),
    )
    refusals = (
        Refusal({"bias": 1}, ("4x5x5",), "must be true or false, not 1"),
        Refusal({"initial": "small"}, ("4x5x5",), "must be a number, not 'small'"),
        Refusal(
            2, ("4x5x5",), "takes no value by itself; remove 2, or name a field: bias, initial"
        ),
    )
