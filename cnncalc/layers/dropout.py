"""Dropout."""

from collections.abc import Mapping
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import Elementwise


class Dropout(Elementwise):
    """Zeroes elements with probability p during training; does nothing during inference.

    Operations: none, because it does nothing during inference.
    """

    operators = {"Dropout": {"ratio": "p"}}
    onnx_operands = (1, 3)
    main = "p"
    each = Operations()
    moves = False
    inside = True

    p: float = number("probability of zeroing an element", 0.5, ("rate",), least=0, most=1)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        if not tape.training or self.p == 0:
            return x
        return tape.dropout(x, self.p)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Dropout(self.p)

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        (ratio,) = call.listed("ratio", 1) or [0.5]
        return {"p": ratio}

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        if self.p < 1:
            return onnx.node("Dropout", *onnx.inputs, onnx.number(self.p))
        onnx.function()  # ONNX's Dropout must keep some of the values
        return onnx.node("Identity", *onnx.inputs)

    examples = (
        Example(
            given=0.4,
            inputs=("1024x1x1",),
            output="1024x1x1",
            operations=Operations(),
            source="TUM lecture, GoogLeNet table: dropout (40%) keeps 1×1×1024",
        ),
    )
    refusals = (Refusal(1.5, ("4096",), "from 0 to 1, not 1.5"),)
