"""Power."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations


class Power(Layer):
    """Raises every element to a fixed power.

    Operations per element: one multiplication for a square, and one exponential for any other
    power, such as a root (0.5).
    """

    family = "activation"
    aliases = ("pow",)
    main = "exponent"

    exponent: float = number("the power", also=("power",))

    def output(self, x: Shape) -> Shape:
        return x

    def operations(self, x: Shape) -> Operations:
        each = operations.each(n=x.elements)
        return Operations(multiply=each) if self.exponent == 2 else Operations(exponential=each)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A power, which saves its input."""
        return tape.power(x, self.exponent)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Power(self.exponent)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        return onnx.node("Pow", *onnx.inputs, onnx.number(self.exponent))

    examples = (
        Example(
            given=2,
            inputs=("8x5x5",),
            output="8x5x5",
            params=0,
            macs=0,
            operations=Operations(multiply=200),
            source="by hand: the square of each of 8·5·5 values",
        ),
        Example(
            given={"exponent": 0.5},
            inputs=("10",),
            output="10",
            operations=Operations(exponential=10),
            source="by hand: ten square roots",
        ),
    )
    refusals = (
        Refusal("two", ("4x5x5",), "must be a number, not 'two'"),
        Refusal(None, ("4x5x5",), "needs 'exponent'"),
    )
