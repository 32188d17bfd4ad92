"""Adaptive average pooling."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Tape, Tensor, of_rank
from cnncalc.core.shape import Map
from cnncalc.formulas import operations
from cnncalc.layers._adaptive_pool import SHARED_REFUSALS, AdaptivePool


class AdaptiveAvgPool(AdaptivePool):
    """Takes averages so that the output has a given size, whatever the size of the input.

    Along an axis of N inputs and O outputs, output i is the mean of the inputs from floor(iN/O)
    up to, but not including, ceil((i+1)N/O). If O does not divide N, some windows overlap,
    and their sizes may differ. A network with this layer before its linear layers accepts images
    of different sizes.

    Operations: a window of n elements takes n − 1 additions and one division.
    """

    aliases = ("adaptive_average_pool", "adaptive_average_pooling")

    def operations(self, x: Map) -> Operations:
        return Operations(add=self.reductions(x), divide=operations.each(n=self.output(x).elements))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A pool, which saves its input; or, with one output per channel, a mean, which saves
        nothing."""
        n_out = self.output(x.shape).elements
        given = tape.raised(x, cuda=False) if len(x.shape.spatial) == 3 else x
        if n_out == x.shape.channels:
            return tape.averaged(given, x.shape)
        return tape.op(given, makes=n_out, keeps=(given,))

    def to_torch(self, nn: Any, x: Map) -> Any:
        return of_rank(nn, "AdaptiveAvgPool", x)(self.output_size)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        return self.onnx_pool(onnx, x, "AveragePool", "ReduceMean")

    examples = (
        Example(
            given=1,
            inputs=("512x7x7",),
            output="512x1x1",
            operations=Operations(add=24_576, divide=512),  # 48 additions for each channel
            source="He et al. 2015, ResNet-18: average pool from 7×7 to 1×1",
        ),
        Example(
            given=[5, 7],
            inputs=("64x8x9",),
            output="64x5x7",
            # Windows of 2, 3, 2, 3, 2 rows and 2, 2, 2, 3, 2, 2, 2 columns: 64·12·15 − 64·5·7
            operations=Operations(add=9_280, divide=2_240),
            source="torch.nn.AdaptiveAvgPool2d, example: 8×9 to 5×7",
        ),
    )
    refusals = SHARED_REFUSALS
