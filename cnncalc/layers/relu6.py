"""Rectified linear unit, capped at 6."""

from collections.abc import Mapping
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import InPlace


class Relu6(InPlace):
    """Clips every element to the range from 0 to 6.

    Operations: two comparisons per element.
    """

    operators = {"Clip": {}}
    onnx_operands = (1, 3)
    each = Operations(compare=2)
    inside = True
    reads_output = False
    module = "ReLU6"

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        least, most = call.listed("min", 1), call.listed("max", 2)
        return {} if least == [0] and most == [6] else None

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        return onnx.node("Clip", *onnx.inputs, onnx.number(0), onnx.number(6))

    examples = (
        Example(
            inputs=("32x112x112",),
            output="32x112x112",
            operations=Operations(compare=802_816),
            source="Sandler et al. 2018, MobileNetV2: after the first layer; 2·32·112·112",
        ),
    )
    refusals = (Refusal(6, ("5",), "takes no value by itself; remove 6, or name a field: inplace"),)
