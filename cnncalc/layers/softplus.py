"""Softplus."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import Elementwise

FAR = 17
"""From this value on, x and its softplus are the same 32-bit number."""


class Softplus(Elementwise):
    """Smoothly approximates ReLU: ln(1 + exp(beta·x)) / beta, or x itself if beta·x is large.

    Operations per element, whatever its value: one multiplication (by beta), one comparison with
    the threshold, one exponential, one addition, one logarithm (counted as an exponential) and
    one division.
    """

    operators = {"Softplus": {}}
    main = "beta"
    each = Operations(multiply=1, add=1, compare=1, divide=1, exponential=2)

    beta: float = number("sharpness of the bend", 1.0)
    threshold: float = number("value of beta·x above which the output is x", 20.0)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return super().steps(tape, tape.raised(x, cuda=True))

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Softplus(self.beta, self.threshold)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        if self.beta == 1 and self.threshold >= FAR:
            return onnx.node("Softplus", *onnx.inputs)
        onnx.function()  # ONNX's Softplus has neither field
        beta = onnx.number(self.beta)
        scaled = onnx.node("Mul", *onnx.inputs, beta)
        y = onnx.node("Div", onnx.node("Softplus", scaled), beta)
        far = onnx.node("Greater", scaled, onnx.number(self.threshold))
        return onnx.node("Where", far, *onnx.inputs, y)

    examples = (
        Example(
            inputs=("10x3",),
            output="10x3",
            operations=Operations(multiply=30, add=30, compare=30, divide=30, exponential=60),
            source="torch.nn.Softplus: (1/β)·ln(1 + exp(β·x)), for 10·3 elements",
        ),
    )
    refusals = (Refusal({"beta": "sharp"}, ("5",), "must be a number, not 'sharp'"),)
