"""Gaussian error linear unit."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import choice
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations
from cnncalc.layers._elementwise import Elementwise


class Gelu(Elementwise):
    """Multiplies each element x by the probability that a standard normal variable is below x.

    That is (x/2)·(1 + erf(x/√2)), or approximately (x/2)·(1 + tanh(√(2/π)·(x + 0.044715·x³))).

    Operations per element: three multiplications (by ½, by 1/√2, and of the two factors), one
    addition, and the error function, which counts as an exponential. The approximation takes
    six multiplications (three more, for 0.044715·x³), two additions and one exponential.
    """

    operators = {"Gelu": {"approximate": "approximate"}}
    main = "approximate"
    each = Operations(multiply=3, add=1, exponential=1)

    approximate: str = choice(
        "none for the error function, tanh for the approximation", ("none", "tanh"), "none"
    )

    def operations(self, x: Shape) -> Operations:
        if self.approximate == "none":
            return super().operations(x)
        return Operations(
            multiply=operations.each(n=x.elements, times=6),
            add=operations.each(n=x.elements, times=2),
            exponential=operations.each(n=x.elements),
        )

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.GELU(self.approximate)

    examples = (
        Example(
            inputs=("384x56x56",),
            output="384x56x56",
            # 384·56·56 = 1204224 elements
            operations=Operations(multiply=3_612_672, add=1_204_224, exponential=1_204_224),
            source="Liu et al. 2022, ConvNeXt-T: between the two 1×1 layers of a block",
        ),
        Example(
            given="tanh",
            inputs=("3072",),
            output="3072",
            operations=Operations(multiply=18_432, add=6144, exponential=3072),
            source="Hendrycks and Gimpel 2016, section 2, for 3072 elements",
        ),
    )
    refusals = (Refusal("erf", ("5",), "must be none or tanh, not 'erf'"),)
