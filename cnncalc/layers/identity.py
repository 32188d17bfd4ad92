"""Identity."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import choice
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import Elementwise


class Identity(Elementwise):
    """Returns its input unchanged.

    Nothing is computed, and nothing is copied unless ``copy`` says so.
    """

    operators = {"Identity": {}}
    aliases = ("noop", "skip")
    each = Operations()
    moves = False
    inside = True

    copy: str = choice(
        "the copy that an imported model makes of its input here: none, contiguous, merged (as "
        "contiguous, unless a view can merge the first axis with the batch) or unknown",
        ("none", "contiguous", "merged", "unknown"),
        "none",
    )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The input itself, or a copy, through which the gradient passes unchanged."""
        if self.copy == "none":
            return x
        if self.copy == "unknown":
            raise LayerError("how the model copies its input is not modelled")
        if self.copy == "merged" and self._merges(tape, x):
            return x
        if not x.in_order:
            tape.guess("its input is not contiguous")
        y = tape.op(x, passes=(0,), ordered=True)
        return tape.ordered(y, tape.batch, *x.shape.dimensions)

    def _merges(self, tape: Tape, x: Tensor) -> bool:
        """Whether a view merges the first axis with the batch."""
        if x.in_order:
            return True
        tape.guess("its input is not contiguous")
        first, *rest = x.shape.dimensions
        return tape.strided(x).viewed((tape.batch * first, *rest)) is not None

    def to_torch(self, nn: Any, x: Shape) -> Any:
        modules = {"contiguous": nn.Copy, "merged": nn.Merged}
        return modules.get(self.copy, nn.Identity)()

    examples = (Example(("64x56x56",), "64x56x56", "He et al. 2015: the identity shortcut"),)
    refusals = (Refusal(1, ("5",), "takes no value by itself; remove 1, or name a field: copy"),)
