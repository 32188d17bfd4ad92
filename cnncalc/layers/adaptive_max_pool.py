"""Adaptive max pooling."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Tape, Tensor, of_rank
from cnncalc.core.shape import Map
from cnncalc.layers._adaptive_pool import SHARED_REFUSALS, AdaptivePool


class AdaptiveMaxPool(AdaptivePool):
    """Takes maxima so that the output has a given size, whatever the size of the input.

    Along an axis of N inputs and O outputs, output i is the largest of the inputs from
    floor(iN/O) up to, but not including, ceil((i+1)N/O). If O does not divide N, some
    windows overlap, and their sizes may differ.

    Operations: a window of n elements takes n − 1 comparisons.
    """

    aliases = ("adaptive_max_pooling",)

    def operations(self, x: Map) -> Operations:
        return Operations(compare=self.reductions(x))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A pool, which saves its input and the index of each maximum."""
        n_out = self.output(x.shape).elements
        given = tape.raised(x, cuda=False) if len(x.shape.spatial) == 3 else x
        return tape.op(given, makes=n_out, keeps=(given,), own=tape.indices(n_out * tape.batch))

    def to_torch(self, nn: Any, x: Map) -> Any:
        return of_rank(nn, "AdaptiveMaxPool", x)(self.output_size)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        return self.onnx_pool(onnx, x, "MaxPool", "ReduceMax")

    examples = (
        Example(
            given=[5, 7],
            inputs=("64x8x9",),
            output="64x5x7",
            # Windows of 2, 3, 2, 3, 2 rows and 2, 2, 2, 3, 2, 2, 2 columns: 64·12·15 − 64·5·7
            operations=Operations(compare=9_280),
            source="torch.nn.AdaptiveMaxPool2d, example: 8×9 to 5×7",
        ),
        Example(
            given=4,
            inputs=("256x13",),
            output="256x4",
            operations=Operations(compare=3_072),  # windows of 4: 256·4·(4 − 1)
            source="He et al. 2014, spatial pyramid pooling: conv5 of size 13 in 4 bins, "
            "each from ⌊i·13/4⌋ to ⌈(i + 1)·13/4⌉",
        ),
    )
    refusals = SHARED_REFUSALS
