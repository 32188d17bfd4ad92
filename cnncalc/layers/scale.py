"""Learned channel scaling."""

from typing import Any, ClassVar

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, channels_of
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations, parameters


class Scale(Layer):
    """Multiplies every channel by a learned factor.

    At the end of a residual branch this is layer scale: the factors start close to 0, so that a
    deep network starts close to the identity.

    Operations: one multiplication per element.
    """

    aliases: ClassVar = ("layer_scale",)

    initial: float = number("initial value of the factors", 1, also=("init",))

    def output(self, x: Shape) -> Shape:
        return x

    def parameters(self, x: Shape) -> Parameters:
        return Parameters(weights=parameters.scales(n=channels_of(x)))

    def tensors(self, x: Shape) -> Tensors:
        return weight_and_bias((channels_of(x),))

    def operations(self, x: Shape) -> Operations:
        return Operations(multiply=operations.each(n=x.elements))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        (factors,) = tape.trained(channels_of(x.shape))
        return tape.multiply(x, factors)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Scale(channels_of(x), self.initial)

    examples: ClassVar = (
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
    )
    refusals: ClassVar = (
        Refusal({"initial": "small"}, ("4x5x5",), "must be a number, not 'small'"),
        Refusal(2, ("4x5x5",), "needs field names (initial), not 2"),
        Refusal({"bias": True}, ("4x5x5",), "has no field 'bias'"),
    )
