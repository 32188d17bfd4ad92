"""Exponential linear unit."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import NOT_NEGATIVE, InPlace


class Elu(InPlace):
    """Keeps positive values and replaces the others with alpha·(exp(x) − 1).

    Operations per element, whatever its sign: one comparison, one exponential, one addition (of −1)
    and one multiplication (by alpha).
    """

    operators = {"Elu": {"alpha": "alpha"}}
    aliases = ("exponential_linear_unit",)
    main = "alpha"
    each = Operations(multiply=1, add=1, compare=1, exponential=1)

    alpha: float = number("factor for negative inputs, whose outputs approach -alpha", 1.0)

    def output(self, x: Shape) -> Shape:
        if self.inplace and self.alpha < 0:
            raise LayerError(NOT_NEGATIVE.format("alpha", self.alpha))
        return x

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.ELU(self.alpha, **self.options)

    examples = (
        Example(
            inputs=("192x32x32",),
            output="192x32x32",
            operations=Operations(
                multiply=196_608, add=196_608, compare=196_608, exponential=196_608
            ),
            source="Clevert, Unterthiner and Hochreiter 2016, equation 15; 192·32·32",
        ),
    )
    refusals = (
        Refusal(True, ("5",), "must be a number, not true"),
        Refusal({"alpha": -1, "inplace": True}, ("5",), "in place, alpha must be at least 0"),
    )
