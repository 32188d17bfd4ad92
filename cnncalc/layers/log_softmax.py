"""Log-softmax."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations
from cnncalc.layers._axes import place
from cnncalc.layers.softmax import Softmax


class LogSoftmax(Softmax):
    """Computes the logarithm of softmax over the n channels at each position (over the n features
    of a vector), or along another axis.

    It subtracts the logarithm of the sum of all exponentials from each value.

    Operations for n values: n exponentials and one logarithm (counted as an exponential), n − 1
    additions for the sum, n additions for the differences, and n − 1 comparisons to find the
    maximum, which is subtracted first so that no exponential overflows. That subtraction counts
    as part of the exponential.
    """

    def operations(self, x: Shape) -> Operations:
        n, groups = self.groups(x)
        each = operations.each(n=x.elements)
        combined = operations.window_reductions(n_out=groups, taps=n)
        return Operations(
            add=combined + each,
            compare=combined,
            exponential=each + operations.each(n=groups),
        )

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.LogSoftmax(dim=1 + place(self.over, x))

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        return onnx.node("LogSoftmax", *onnx.inputs, axis=1 + place(self.over, x))

    examples = (
        Example(
            inputs=("10",),
            output="10",
            # 9 for the sum and 10 differences; 10 exponentials and a logarithm
            operations=Operations(add=19, compare=9, exponential=11),
            source="torch.nn.LogSoftmax: x − ln Σ exp(x), for 10 classes",
        ),
        Example(
            inputs=("3x2x2",),
            output="3x2x2",
            # 4 positions of 3 channels: 2 + 3 additions, 2 comparisons, 3 + 1 exponentials each
            operations=Operations(add=20, compare=8, exponential=16),
            source="torch.nn.LogSoftmax(dim=1) on a map",
        ),
    )
    refusals = (
        Refusal(1, ("5",), "must be channels, length, depth, height, width or last, not 1"),
    )
