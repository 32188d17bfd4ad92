"""Parametric rectified linear unit."""

from typing import Any, ClassVar

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, channels_of
from cnncalc.core.shape import Shape
from cnncalc.formulas import parameters
from cnncalc.layers._elementwise import Elementwise


class Prelu(Elementwise):
    """Keeps positive values and multiplies the others by a learned slope.

    All channels share one slope, or each channel has its own.

    Operations per element, whatever its sign: one comparison and one multiplication.
    """

    main: ClassVar = "num_parameters"
    each: ClassVar = Operations(multiply=1, compare=1)

    num_parameters: int = count("number of slopes: 1, or one per channel", 1)

    def output(self, x: Shape) -> Shape:
        if self.num_parameters not in (1, channels_of(x)):
            raise LayerError(
                f"has {self.num_parameters} slopes for {channels_of(x)} channels; "
                f"num_parameters must be 1 or {channels_of(x)}"
            )
        return x

    def parameters(self, x: Shape) -> Parameters:
        return Parameters(weights=parameters.slopes(num_parameters=self.num_parameters))

    def tensors(self, x: Shape) -> Tensors:
        return weight_and_bias((self.num_parameters,))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """Saves its input and the slopes. PyTorch computes a gradient per element for both,
        needed or not, and then sums those of the slopes."""
        x, slopes = tape.lowered(x, *tape.trained(self.num_parameters))
        gradient = x.bytes if x.needs_gradient else 0
        own = slopes.bytes if slopes.needs_gradient else 0
        summed = own if slopes.numbers != x.numbers else 0
        peak = x.bytes + max(x.bytes, gradient + summed)
        return tape.op(x, slopes, keeps=(x, slopes), beside=peak - gradient - own)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.PReLU(self.num_parameters)

    examples: ClassVar = (
        Example(
            given=64,
            inputs=("64x112x112",),
            output="64x112x112",
            weights=64,
            biases=0,
            params=64,
            operations=Operations(multiply=802_816, compare=802_816),
            source="He et al. 2015, Delving Deep into Rectifiers: channel-wise; 64·112·112",
        ),
        Example(
            given=None,
            inputs=("10",),
            output="10",
            params=1,
            operations=Operations(multiply=10, compare=10),
            source="He et al. 2015, Delving Deep into Rectifiers: channel-shared",
        ),
    )
    refusals: ClassVar = (
        Refusal(3, ("4x5x5",), "3 slopes for 4 channels; num_parameters must be 1 or 4"),
        Refusal(0, ("4x5x5",), "at least 1, not 0"),
    )
