"""Logarithm of softmax."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, channels_of, positions_of
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations


@dataclass(frozen=True, kw_only=True)
class LogSoftmax(Layer):
    """The logarithm of softmax over the n channels at each position (the n features of a vector).

    From each, the logarithm of the sum of all exponentials is subtracted.

    Operations, at every position: n exponentials and a logarithm (counted as one more), n − 1
    additions for the sum, n additions for the differences, and n − 1 comparisons for the largest,
    which is taken off first so that no exponential overflows. Taking it off counts as part of the
    exponential.
    """

    stored: ClassVar = False

    def output(self, x: Shape) -> Shape:
        """The input's shape."""
        return x

    def operations(self, x: Shape) -> Operations:
        """Exponentials, the logarithm of their sum, and the differences."""
        n = channels_of(x)
        positions = positions_of(x)
        each = operations.each(n=x.elements)
        combined = operations.window_reductions(n_out=positions, taps=n)
        return Operations(
            add=combined + each,
            compare=combined,
            exponential=each + operations.each(n=positions),
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """One operation, which keeps its output."""
        return tape.op(tape.raised(x, cuda=True), keeps_output=True, ordered=True)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        """``LogSoftmax``."""
        return nn.LogSoftmax(dim=1)

    examples: ClassVar = (
        Example(
            given=None,
            inputs=("10",),
            output="10",
            params=0,
            # 9 for the sum and 10 differences; 10 exponentials and a logarithm
            operations=Operations(add=19, compare=9, exponential=11),
            source="torch.nn.LogSoftmax: x − ln Σ exp(x), for 10 classes",
        ),
        Example(
            given=None,
            inputs=("3x2x2",),
            output="3x2x2",
            # 4 positions of 3 channels: 2 + 3 additions, 2 comparisons, 3 + 1 exponentials each
            operations=Operations(add=20, compare=8, exponential=16),
            source="torch.nn.LogSoftmax(dim=1) on a map",
        ),
    )
    refusals: ClassVar = (Refusal(1, ("5",), "takes no fields, not 1"),)
