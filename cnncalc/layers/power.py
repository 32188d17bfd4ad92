"""Power."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import flag, number
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations

FUNCTIONS = {0.5: "sqrt", -0.5: "rsqrt", -1: "reciprocal"}
"""The powers for which PyTorch has a function that saves its output."""


class Power(Layer):
    """Raises every element to a fixed power.

    Operations per element: one multiplication for a square, and one exponential for any other
    power, such as a root (0.5).
    """

    family = "activation"
    aliases = ("pow",)
    main = "exponent"

    exponent: float = number("the power", also=("power",))
    saves_output: bool = flag(
        "whether PyTorch computes the power with sqrt, rsqrt or reciprocal, which save the output "
        "for backward instead of the input",
        False,
    )

    def output(self, x: Shape) -> Shape:
        if self.saves_output and self.exponent not in FUNCTIONS:
            raise LayerError(
                f"PyTorch saves the input for an exponent of {self.exponent:g}, and the output "
                "only for 0.5, -0.5 and -1; remove saves_output"
            )
        return x

    def operations(self, x: Shape) -> Operations:
        each = operations.each(n=x.elements)
        return Operations(multiply=each) if self.exponent == 2 else Operations(exponential=each)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A power, which saves its input, or a function that saves its output."""
        if not self.saves_output:
            return tape.power(x, self.exponent)
        x = tape.raised(x, cuda=True) if self.exponent < 0 else x
        products = 2 if self.exponent < 0 else 1  # for the gradient
        return tape.op(x, keeps_output=True, beside=products * x.bytes)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Power(self.exponent, FUNCTIONS[self.exponent] if self.saves_output else "")

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
        Example(
            given={"exponent": -1, "saves_output": True},
            inputs=("4x5",),
            output="4x5",
            operations=Operations(exponential=20),
            source="by hand: the reciprocal of each of 4·5 values",
        ),
    )
    refusals = (
        Refusal("two", ("4x5x5",), "must be a number, not 'two'"),
        Refusal(None, ("4x5x5",), "needs 'exponent'"),
        Refusal({"exponent": 2, "saves_output": True}, ("5",), "only for 0.5, -0.5 and -1"),
    )
