"""Subtraction."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations
from cnncalc.layers._arithmetic import Arithmetic


class Subtract(Arithmetic):
    """Subtracts a second input of the same shape from the first, or a number or learned numbers
    from every element.

    Operations: one addition per element.
    """

    aliases = ("sub", "minus", "difference")
    onnx = "Sub"
    arity = (1, 2)
    between = "subtract {1} from {0}"

    @classmethod
    def of_number(cls, number: float) -> tuple[tuple[str, float], ...]:
        return (("multiply", -1), ("add", number))

    def operations(self, *inputs: Shape) -> Operations:
        """Additions of negative numbers."""
        return Operations(add=operations.each(n=inputs[0].elements))

    def steps(self, tape: Tape, *inputs: Tensor) -> Tensor:
        """A difference, which saves nothing; the gradient of the second input is negated."""
        x, *other = self.operands(tape, *inputs)
        if not other:
            return tape.plus(x)
        return tape.subtract(x, *other)

    def to_torch(self, nn: Any, *inputs: Shape) -> Any:
        return self.module(nn, "Subtract", "sub")

    examples = (
        Example(
            inputs=("4096", "4096"),
            output="4096",
            operations=Operations(add=4096),
            source="Koch et al. 2015, section 3.1: the L1 distance between two vectors of 4096",
        ),
        Example(
            given=0.5,
            inputs=("3x4x4",),
            output="3x4x4",
            operations=Operations(add=48),
            source="by hand: centring an image of 3·4·4 values",
        ),
    )
    refusals = (
        Refusal(None, ("4x5x5", "4x5x6"), "cannot subtract 4×5×6 from 4×5×5"),
        Refusal(None, ("4x5x5",), "a second input is missing"),
        Refusal(2, ("4x5x5", "4x5x5"), "several inputs and a number"),
        Refusal("two", ("4x5x5",), "must be a number"),
    )
