"""Leaky rectified linear unit."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import NOT_NEGATIVE, InPlace


class LeakyRelu(InPlace):
    """Keeps positive values and multiplies the others by a small fixed slope.

    Operations per element, whatever its sign: one comparison and one multiplication.
    """

    operators = {"LeakyRelu": {"alpha": "negative_slope"}}
    aliases = ("lrelu", "leaky")
    main = "negative_slope"
    each = Operations(multiply=1, compare=1)

    negative_slope: float = number("factor for negative values", 0.01, ("slope",))

    def output(self, x: Shape) -> Shape:
        if self.inplace and self.negative_slope < 0:
            raise LayerError(NOT_NEGATIVE.format("negative_slope", self.negative_slope))
        return x

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.LeakyReLU(self.negative_slope, **self.options)

    examples = (
        Example(
            given=0.1,
            inputs=("64x224x224",),
            output="64x224x224",
            operations=Operations(multiply=3_211_264, compare=3_211_264),
            source="Redmon et al. 2016, equation 2: 0.1x where negative; 64·224·224",
        ),
    )
    refusals = (
        Refusal("steep", ("5",), "must be a number, not 'steep'"),
        Refusal(
            {"slope": -1, "inplace": True}, ("5",), "in place, negative_slope must be at least 0"
        ),
        Refusal({"alhpa": 0.1}, ("5",), "has no field 'alhpa'"),
    )
