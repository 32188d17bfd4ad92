"""Hard sigmoid."""

from collections.abc import Mapping
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import InPlace


class Hardsigmoid(InPlace):
    """Approximates the sigmoid by straight lines: clips x + 3 to [0, 6], then divides by 6.

    Operations per element: one addition, two comparisons and one division.
    """

    operators = {"HardSigmoid": {}}
    aliases = ("hsigmoid",)
    each = Operations(add=1, compare=2, divide=1)
    reads_output = False
    module = "Hardsigmoid"
    times_input = "hardswish"

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        slope, shift = call.settings.get("alpha", 0.2), call.settings.get("beta", 0.5)
        return {} if abs(slope - 1 / 6) < 1e-6 and shift == 0.5 else None

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        return onnx.node("HardSigmoid", *onnx.inputs, alpha=1 / 6, beta=0.5)

    examples = (
        Example(
            inputs=("16x1x1",),
            output="16x1x1",
            operations=Operations(add=16, compare=32, divide=16),
            source="Howard et al. 2019, MobileNetV3: ReLU6(x + 3)/6 in squeeze and excite",
        ),
    )
    refusals = (Refusal(6, ("5",), "takes no value by itself; remove 6, or name a field: inplace"),)
