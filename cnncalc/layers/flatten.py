"""Flatten."""

from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor, everything
from cnncalc.core.shape import Shape, Vector
from cnncalc.formulas import dimensions
from cnncalc.layers._rearrangement import Rearrangement


class Flatten(Rearrangement):
    """Flattens a feature map to a vector.

    Nothing is computed and nothing is copied. Linear layers flatten their input automatically.
    """

    stored: ClassVar = False
    moves: ClassVar = False
    inside: ClassVar = True

    def output(self, x: Shape) -> Vector:
        if isinstance(x, Vector):
            return x
        return Vector(dimensions.flattened(C_in=x.channels, N_in=x.spatial))

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return everything(x)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return x if x.shape == self.output(x.shape) else tape.reshaped(x)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Flatten()

    examples: ClassVar = (
        Example(
            given=None,
            inputs=("256x6x6",),
            output="9216",
            params=0,
            operations=Operations(),
            source="TUM lecture, AlexNet before FC6: 6·6·256",
        ),
    )
    refusals: ClassVar = (Refusal(3, ("4x5x5",), "has no fields"),)
