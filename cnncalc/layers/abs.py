"""Absolute value."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.layers._elementwise import Elementwise


class Abs(Elementwise):
    """Replaces each element with its absolute value.

    Operations: one comparison per element.
    """

    operators = {"Abs": {}}
    aliases = ("absolute",)
    each = Operations(compare=1)
    module = "Abs"

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """One operation, which saves its input; the gradient is multiplied by the input's sign."""
        return tape.op(x, keeps=(x,), beside=x.bytes)

    examples = (
        Example(
            inputs=("4096",),
            output="4096",
            operations=Operations(compare=4096),
            source="Koch et al. 2015, section 3.1: the L1 distance of two vectors of 4096",
        ),
    )
    refusals = (Refusal(1, ("5",), "has no fields; remove 1"),)
