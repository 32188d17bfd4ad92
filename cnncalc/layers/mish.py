"""Mish."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.layers._elementwise import InPlace


class Mish(InPlace):
    """Multiplies each element x by tanh(ln(1 + exp(x))).

    Operations per element: an exponential, a logarithm and a hyperbolic tangent (each counted
    as an exponential), one addition and one multiplication.
    """

    operators = {"Mish": {}}
    each = Operations(multiply=1, add=1, exponential=3)
    reads_output = False
    module = "Mish"

    examples = (
        Example(
            inputs=("32x608x608",),
            output="32x608x608",
            # 32·608·608 = 11829248 elements
            operations=Operations(multiply=11_829_248, add=11_829_248, exponential=35_487_744),
            source="Bochkovskiy, Wang and Liao 2020, YOLOv4: after the first layer",
        ),
    )
    refusals = (Refusal(1, ("5",), "takes no value by itself; remove 1, or name a field: inplace"),)
