"""Identity."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.layers._elementwise import Elementwise


class Identity(Elementwise):
    """Returns its input unchanged.

    Nothing is computed and nothing is copied.
    """

    operators = {"Identity": {}}
    aliases = ("noop", "skip")
    each = Operations()
    moves = False
    inside = True
    module = "Identity"

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return x

    examples = (Example(("64x56x56",), "64x56x56", "He et al. 2015: the identity shortcut"),)
    refusals = (Refusal(1, ("5",), "has no fields"),)
