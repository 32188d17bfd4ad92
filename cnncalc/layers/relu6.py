"""Rectified linear unit, capped at 6."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.layers._elementwise import InPlace


class Relu6(InPlace):
    """Clips every element to the range from 0 to 6.

    Operations: two comparisons per element.
    """

    each = Operations(compare=2)
    inside = True
    reads_output = False
    module = "ReLU6"

    examples = (
        Example(
            inputs=("32x112x112",),
            output="32x112x112",
            operations=Operations(compare=802_816),
            source="Sandler et al. 2018, MobileNetV2: after the first layer; 2·32·112·112",
        ),
    )
    refusals = (Refusal(6, ("5",), "needs field names (inplace), not 6"),)
