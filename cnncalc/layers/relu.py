"""Rectified linear unit."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.layers._elementwise import InPlace


class Relu(InPlace):
    """Keeps positive values and replaces the others with 0.

    Operations: one comparison per element.
    """

    operators = {"Relu": {}}
    aliases = ("rectifier",)
    each = Operations(compare=1)
    keeps_output = True
    inside = True
    module = "ReLU"

    examples = (
        Example(
            inputs=("96x55x55",),
            output="96x55x55",
            operations=Operations(compare=290_400),
            source="NTU lecture: thresholding a matrix of activations at zero; 96·55·55",
        ),
    )
    refusals = (Refusal({"slope": 1}, ("5",), "has no field 'slope'"),)
