"""Division."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations
from cnncalc.layers._arithmetic import Arithmetic


class Divide(Arithmetic):
    """Divides the first input by a second one of the same shape, or every element by a number or
    learned numbers.

    Operations: one division per element.
    """

    aliases = ("div", "quotient")
    onnx = "Div"
    arity = (1, 2)
    between = "divide {0} by {1}"

    @classmethod
    def of_number(cls, number: float) -> tuple[tuple[str, float], ...]:
        inverse = ("power", -1)
        return (inverse,) if number == 1 else (inverse, ("multiply", number))

    def output(self, *inputs: Shape) -> Shape:
        if self.value == 0:
            raise LayerError("cannot divide by 0")
        return super().output(*inputs)

    def operations(self, *inputs: Shape) -> Operations:
        return Operations(divide=operations.each(n=inputs[0].elements))

    def steps(self, tape: Tape, *inputs: Tensor) -> Tensor:
        """A quotient, which saves the divisor unless that is a number, and also the dividend if the
        divisor needs a gradient."""
        x, *other = self.operands(tape, *inputs)
        return tape.divide(x, *other) if other else tape.times(x)

    def to_torch(self, nn: Any, *inputs: Shape) -> Any:
        return self.module(nn, "Divide", "div")

    examples = (
        Example(
            given=255,
            inputs=("3x32x32",),
            output="3x32x32",
            params=0,
            operations=Operations(divide=3072),
            source="by hand: 3·32·32 pixels, scaled from 0–255 to 0–1",
        ),
        Example(
            given=None,
            inputs=("8x4x4", "8x4x4"),
            output="8x4x4",
            operations=Operations(divide=128),
            source="torch.div: one quotient for each of 8·4·4 pairs",
        ),
    )
    refusals = (
        Refusal(0, ("4x5x5",), "cannot divide by 0"),
        Refusal(None, ("4", "4", "4"), "expected 1 or 2 inputs, not 3"),
        Refusal(None, ("4x5x5", "4x5x6"), "cannot divide 4×5×5 by 4×5×6"),
        Refusal(None, ("4x5x5",), "a second input is missing"),
        Refusal(2, ("4x5x5", "4x5x5"), "several inputs and a number"),
    )
