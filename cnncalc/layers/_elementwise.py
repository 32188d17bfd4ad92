"""What every function of one element shares."""

from dataclasses import dataclass
from typing import ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Layer, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations


@dataclass(frozen=True, kw_only=True)
class Elementwise(Layer):
    """The same small function of every element; the shape stays."""

    stored: ClassVar = False
    each: ClassVar[Operations]
    """The arithmetic for one element."""

    def output(self, x: Shape) -> Shape:
        """The input's shape."""
        return x

    def operations(self, x: Shape) -> Operations:
        """The arithmetic for one element, for all of them."""
        return Operations(
            *(operations.each(n=x.elements, times=times) if times else 0 for times in self.each)
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """One operation, which keeps its input."""
        return tape.op(x, keeps=(x,))
