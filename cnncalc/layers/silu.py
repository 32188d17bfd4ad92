"""Sigmoid linear unit."""

from collections.abc import Mapping
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import InPlace


class Silu(InPlace):
    """Multiplies each element x by its sigmoid: x / (1 + exp(−x)).

    Operations per element: one exponential, one addition and one division. The change of sign
    is free.
    """

    operators = {"Swish": {}}
    aliases = ("swish",)
    each = Operations(add=1, divide=1, exponential=1)
    reads_output = False
    module = "SiLU"
    scratch = 1  # the sigmoid

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        return {} if call.settings.get("alpha", 1) == 1 else None

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        return onnx.node("Mul", *onnx.inputs, onnx.node("Sigmoid", *onnx.inputs))

    examples = (
        Example(
            inputs=("32x112x112",),
            output="32x112x112",
            operations=Operations(add=401_408, divide=401_408, exponential=401_408),
            source="Tan and Le 2019, EfficientNet-B0: after the stem; 32·112·112",
        ),
    )
    refusals = (Refusal({"beta": 2}, ("5",), "has no field 'beta'; it has inplace"),)
