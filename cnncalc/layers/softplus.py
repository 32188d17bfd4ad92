"""Softplus."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
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
        if self.beta != 1:
            raise LayerError("ONNX's Softplus has no beta other than 1")
        if self.threshold < FAR:
            raise LayerError("ONNX's Softplus has no threshold; set it to 20, the default")
        return onnx.node("Softplus", *onnx.inputs)

    examples = (
        Example(
            inputs=("10x3",),
            output="10x3",
            operations=Operations(multiply=30, add=30, compare=30, divide=30, exponential=60),
            source="torch.nn.Softplus: (1/β)·ln(1 + exp(β·x)), for 10·3 elements",
        ),
    )
    refusals = (Refusal({"beta": "sharp"}, ("5",), "must be a number, not 'sharp'"),)
