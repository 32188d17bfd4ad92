"""Hard sigmoid."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.layers._elementwise import InPlace


class Hardsigmoid(InPlace):
    """Approximates the sigmoid by straight lines: x + 3, clipped to 0 to 6, divided by 6.

    Operations per element: one addition, two comparisons and one division.
    """

    aliases = ("hsigmoid",)
    each = Operations(add=1, compare=2, divide=1)
    reads_output = False
    module = "Hardsigmoid"

    examples = (
        Example(
            inputs=("16x1x1",),
            output="16x1x1",
            operations=Operations(add=16, compare=32, divide=16),
            source="Howard et al. 2019, MobileNetV3: ReLU6(x + 3)/6 in squeeze and excite",
        ),
    )
    refusals = (Refusal(6, ("5",), "needs field names (inplace), not 6"),)
