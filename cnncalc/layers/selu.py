"""Scaled exponential linear unit."""

from collections.abc import Mapping
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.onnx import OnnxCall
from cnncalc.layers._elementwise import InPlace


class Selu(InPlace):
    """Applies an exponential linear unit and a scale, with constants that preserve mean 0 and
    variance 1.

    Operations per element, whatever its sign: one comparison, one exponential, one addition (of −1)
    and two multiplications (by alpha and by the scale).
    """

    operators = {"Selu": {}}
    aliases = ("scaled_exponential_linear_unit",)
    each = Operations(multiply=2, add=1, compare=1, exponential=1)
    module = "SELU"

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        usual = {"alpha": 1.67326, "gamma": 1.0507}
        read = {name: call.settings.get(name, value) for name, value in usual.items()}
        return {} if all(abs(read[name] - usual[name]) < 1e-4 for name in usual) else None

    examples = (
        Example(
            inputs=("256",),
            output="256",
            operations=Operations(multiply=512, add=256, compare=256, exponential=256),
            source="Klambauer et al. 2017, equation 2, for 256 units",
        ),
    )
    refusals = (Refusal({"alpha": 1}, ("5",), "has no field 'alpha'; it has inplace"),)
