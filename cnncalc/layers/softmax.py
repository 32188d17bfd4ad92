"""Softmax."""

from math import prod
from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations
from cnncalc.layers._axes import along, axis, place


class Softmax(Layer):
    """Turns the n channels at each position (the n features of a vector), or the n values along
    another axis, into probabilities.

    Each value becomes its exponential divided by the sum of all exponentials.

    Operations for n values: n exponentials, n − 1 additions for their sum, n divisions, and
    n − 1 comparisons to find the maximum, which is subtracted first so that no exponential
    overflows. That subtraction counts as part of the exponential.
    """

    family = "activation"
    main = "over"
    stored = False

    over: str = axis("the axis along which the probabilities add up to 1")

    def output(self, x: Shape) -> Shape:
        place(self.over, x)
        return x

    def groups(self, x: Shape) -> tuple[int, int]:
        """The number of values that add up to 1, and the number of such groups."""
        dim = place(self.over, x)
        others = prod([*x.dimensions[:dim], *x.dimensions[dim + 1 :]])
        return x.dimensions[dim], others

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        return along([place(self.over, x)], x)

    def operations(self, x: Shape) -> Operations:
        n, groups = self.groups(x)
        each = operations.each(n=x.elements)
        combined = operations.window_reductions(n_out=groups, taps=n)
        return Operations(add=combined, compare=combined, divide=each, exponential=each)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return tape.op(tape.raised(x, cuda=True), keeps_output=True, ordered=True)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Softmax(dim=1 + place(self.over, x))

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        return onnx.node("Softmax", *onnx.inputs, axis=1 + place(self.over, x))

    examples: ClassVar[tuple[Example, ...]] = (
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
        Example(
            given="last",
            inputs=("2x3x4",),
            output="2x3x4",
            # 6 rows of 4
            operations=Operations(add=18, compare=18, divide=24, exponential=24),
            source="Vaswani et al. 2017, equation 1: every row of the scores, here of 2 heads",
        ),
    )
    refusals: ClassVar[tuple[Refusal, ...]] = (
        Refusal({"dim": 1}, ("5",), "has no field 'dim'; name the axis with 'over'"),
        Refusal("width", ("4x8",), "4×8 has no axis 'width'; choose channels or length"),
    )
