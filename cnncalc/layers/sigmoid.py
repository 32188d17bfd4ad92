"""Sigmoid."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.layers._elementwise import Elementwise


class Sigmoid(Elementwise):
    """Maps each element x to the range from 0 to 1 with the logistic function 1 / (1 + exp(−x)).

    Operations per element: one exponential, one addition and one division. The change of sign
    is free.
    """

    operators = {"Sigmoid": {}}
    aliases = ("logistic",)
    each = Operations(add=1, divide=1, exponential=1)
    keeps_output = True
    module = "Sigmoid"
    times_input = "silu"

    examples = (
        Example(
            inputs=("6x14x14",),
            output="6x14x14",
            operations=Operations(add=1176, divide=1176, exponential=1176),
            source="LeCun et al. 1998, LeNet-5: S2 passes through a sigmoid; 6·14·14",
        ),
    )
    refusals = (Refusal(0.5, ("5",), "has no fields; remove 0.5"),)
