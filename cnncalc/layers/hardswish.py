"""Hard swish."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.layers._elementwise import InPlace


class Hardswish(InPlace):
    """Multiplies each element x by its hard sigmoid: x + 3, clipped to [0, 6] and divided by 6.

    Operations per element: one addition, two comparisons, one multiplication and one division.
    """

    operators = {"HardSwish": {}}
    aliases = ("hswish",)
    each = Operations(multiply=1, add=1, compare=2, divide=1)
    reads_output = False
    module = "Hardswish"

    examples = (
        Example(
            inputs=("16x112x112",),
            output="16x112x112",
            # 16·112·112 = 200704 elements
            operations=Operations(multiply=200_704, add=200_704, compare=401_408, divide=200_704),
            source="Howard et al. 2019, MobileNetV3: x·ReLU6(x + 3)/6, after the first layer",
        ),
    )
    refusals = (Refusal(6, ("5",), "takes no value by itself; remove 6, or name a field: inplace"),)
