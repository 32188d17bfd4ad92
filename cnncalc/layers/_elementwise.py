"""Base classes for elementwise functions."""

from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.fields import flag
from cnncalc.core.layer import Layer, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations


class Elementwise(Layer):
    """A function of each element; the shape stays the same."""

    family = "activation"
    stored = False
    each: ClassVar[Operations]
    """The arithmetic for one element."""
    module: ClassVar[str] = ""
    """The name of PyTorch's module, if it takes no arguments but ``inplace``."""
    keeps_output = False
    """Whether PyTorch saves the output for backward, rather than the input."""
    times_input: ClassVar[str] = ""
    """The kind that multiplies its input by this function of the input."""

    def output(self, x: Shape) -> Shape:
        return x

    def operations(self, x: Shape) -> Operations:
        return Operations(
            *(operations.each(n=x.elements, times=times) if times else 0 for times in self.each)
        )

    def to_torch(self, nn: Any, *inputs: Any) -> Any:
        return getattr(nn, self.module)()

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return tape.op(x, keeps=() if self.keeps_output else (x,), keeps_output=self.keeps_output)


NOT_NEGATIVE = "in place, {} must be at least 0, not {}, or PyTorch refuses the backward pass"


class InPlace(Elementwise):
    """A function that PyTorch can also compute in place."""

    reads_output: ClassVar[bool] = True
    """Whether its backward pass then reads the output; if not, PyTorch saves a copy of the
    input."""

    inplace: bool = flag("whether to overwrite the input, which saves memory", False)

    @property
    def overwrites(self) -> bool:
        return self.inplace

    @property
    def options(self) -> dict[str, bool]:
        """The argument of PyTorch's module, if it is not the default."""
        return {"inplace": True} if self.inplace else {}

    def to_torch(self, nn: Any, *inputs: Any) -> Any:
        return getattr(nn, self.module)(**self.options)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        if self.inplace:
            return tape.overwritten(x, keeps_output=self.reads_output)
        return super().steps(tape, x)
