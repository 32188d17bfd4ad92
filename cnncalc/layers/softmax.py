"""Softmax."""

from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, channels_of, positions_of
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations


class Softmax(Layer):
    """Turns the n channels at each position (the n features of a vector) into probabilities.

    Each value becomes its exponential divided by the sum of all exponentials.

    Operations per position: n exponentials, n − 1 additions for their sum, n divisions, and n −
    1 comparisons to find the maximum, which is subtracted first so that no exponential
    overflows. That subtraction counts as part of the exponential.
    """

    stored: ClassVar = False

    def output(self, x: Shape) -> Shape:
        return x

    def operations(self, x: Shape) -> Operations:
        n = channels_of(x)
        each = operations.each(n=x.elements)
        combined = operations.window_reductions(n_out=positions_of(x), taps=n)
        return Operations(add=combined, compare=combined, divide=each, exponential=each)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return tape.op(tape.raised(x, cuda=True), keeps_output=True, ordered=True)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Softmax(dim=1)

    examples: ClassVar = (
        Example(
            inputs=("1000",),
            output="1000",
            operations=Operations(add=999, compare=999, divide=1000, exponential=1000),
            source="TUM lecture, GoogLeNet table: softmax over 1000 classes",
        ),
        Example(
            inputs=("21x4x5",),
            output="21x4x5",
            # 20 positions of 21 channels
            operations=Operations(add=400, compare=400, divide=420, exponential=420),
            source="Long, Shelhamer and Darrell 2015: 21 classes for every pixel, here 4·5",
        ),
    )
    refusals: ClassVar = (Refusal({"dim": 1}, ("5",), "has no field 'dim'; it has no fields"),)
