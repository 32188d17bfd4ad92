"""Hyperbolic tangent."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.layers._elementwise import Elementwise


class Tanh(Elementwise):
    """Maps each element to the range from −1 to 1 with the hyperbolic tangent.

    Operations: one hyperbolic tangent per element, counted as an exponential.
    """

    operators = {"Tanh": {}}
    aliases = ("hyperbolic_tangent",)
    each = Operations(exponential=1)
    keeps_output = True
    module = "Tanh"

    examples = (
        Example(
            inputs=("120",),
            output="120",
            operations=Operations(exponential=120),
            source="LeCun et al. 1998, LeNet-5: the squashing function after C5",
        ),
    )
    refusals = (Refusal(1.7159, ("5",), "has no fields; remove 1.7159"),)
