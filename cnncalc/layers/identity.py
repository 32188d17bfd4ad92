"""Identity."""

from typing import Any, Self

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import choice, count
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.parsing import OURS, Foreign
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import Elementwise


class Identity(Elementwise):
    """Returns its input unchanged.

    Nothing is computed, and nothing is copied unless ``copy`` or ``merges`` says so.
    """

    operators = {"Identity": {}}
    aliases = ("noop", "skip")
    each = Operations()
    moves = False
    inside = True

    copy: str = choice(
        "the copy that an imported model makes of its input here: none, contiguous or unknown",
        ("none", "contiguous", "unknown"),
        "none",
    )
    merges: int | None = count(
        "axis, counted from 0, that an imported model merges with the batch here; this copies if "
        "copy is contiguous or no view can merge them",
        None,
        least=0,
    )

    @classmethod
    def parse(cls, given: Any, foreign: Foreign = OURS) -> Self:
        """No list: ``skip: [...]`` would mean a block with a skip connection."""
        if isinstance(given, list):
            raise LayerError("has no layers of its own; for a block with a skip, write 'residual'")
        return super().parse(given, foreign)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The input itself, or a copy, through which the gradient passes unchanged."""
        if self.copy == "unknown":
            raise LayerError("how the model copies its input is not modelled")
        if self.merges is not None:
            return tape.merged(x, self.merges, copies=self.copy == "contiguous")
        if self.copy == "none":
            return x
        if not x.in_order:
            tape.guess("its input is not contiguous")
        y = tape.op(x, passes=(0,), ordered=True)
        return tape.ordered(y, tape.batch, *x.shape.dimensions)

    def output(self, x: Shape) -> Shape:
        if self.merges is not None and self.merges >= len(x.dimensions):
            raise LayerError(f"{x} has no axis {self.merges}; its axes are counted from 0")
        return x

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        if self.given:
            onnx.function()  # ONNX's Identity has no such fields
        return onnx.node("Identity", *onnx.inputs)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        if self.merges is not None:
            return nn.Merged(self.merges, self.copy == "contiguous")
        return nn.Copy() if self.copy == "contiguous" else nn.Identity()

    examples = (Example(("64x56x56",), "64x56x56", "He et al. 2015: the identity shortcut"),)
    refusals = (
        Refusal(1, ("5",), "takes no value by itself; remove 1, or name a field: copy"),
        Refusal({"merges": 2}, ("4x5",), "4×5 has no axis 2"),
    )
