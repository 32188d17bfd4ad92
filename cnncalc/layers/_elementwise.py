"""The base of functions of one element."""

from typing import Any, ClassVar

from cnncalc.core.cost import Operations
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
    """PyTorch's module, if it takes no arguments."""
    keeps_output = False
    """Whether PyTorch saves the output for backward, rather than the input."""

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
