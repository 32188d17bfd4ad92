"""Softplus."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import Elementwise


@dataclass(frozen=True, kw_only=True)
class Softplus(Elementwise):
    """A smooth rectifier: ln(1 + exp(beta·x)) / beta, and x itself where beta·x is large.

    Operations, for every element, whatever its size: a multiplication (beta), a comparison with the
    threshold, an exponential, an addition, a logarithm (counted as an exponential) and a division.
    """

    main: ClassVar = "beta"
    each: ClassVar = Operations(multiply=1, add=1, compare=1, divide=1, exponential=2)

    beta: float = number("how sharply it bends", 1.0)
    threshold: float = number("the value of beta·x above which x is kept", 20.0)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """One operation, which keeps its input."""
        return super().steps(tape, tape.raised(x, cuda=True))

    def to_torch(self, nn: Any, x: Shape) -> Any:
        """``Softplus``."""
        return nn.Softplus(self.beta, self.threshold)

    examples: ClassVar = (
        Example(
            given=None,
            inputs=("10x3",),
            output="10x3",
            params=0,
            operations=Operations(multiply=30, add=30, compare=30, divide=30, exponential=60),
            source="torch.nn.Softplus: (1/β)·ln(1 + exp(β·x)), for 10·3 elements",
        ),
    )
    refusals: ClassVar = (Refusal({"beta": "sharp"}, ("5",), "must be a number, not 'sharp'"),)
