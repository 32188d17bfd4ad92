"""Identity."""

from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import Elementwise


class Identity(Elementwise):
    """Returns its input unchanged.

    Nothing is computed and nothing is copied.
    """

    aliases: ClassVar = ("noop", "skip")
    each: ClassVar = Operations()
    moves: ClassVar = False
    inside: ClassVar = True

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return x

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Identity()

    examples: ClassVar = (
        Example(("64x56x56",), "64x56x56", "He et al. 2015: the identity shortcut"),
    )
    refusals: ClassVar = (Refusal(1, ("5",), "has no fields"),)
