"""Global average pooling."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Tape, Tensor, of_rank
from cnncalc.core.shape import Map
from cnncalc.formulas import operations
from cnncalc.layers._global_pool import SHARED_REFUSALS, GlobalPool


class GlobalAvgPool(GlobalPool):
    """Averages every channel to a single value.

    It replaces flattening between the last convolution and the classifier. There are no
    parameters, and the input may have any size.

    Operations: a channel of n elements takes n − 1 additions and one division.
    """

    operators = {"GlobalAveragePool": {}}
    aliases = (
        "gap",
        "global_average_pool",
        "global_average_pooling",
        "global_avg_pooling",
    )

    def operations(self, x: Map) -> Operations:
        return Operations(add=self.reductions(x), divide=operations.each(n=x.channels))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A mean, which saves nothing."""
        given = tape.raised(x, cuda=False) if len(x.shape.spatial) == 3 else x
        return tape.averaged(given, x.shape)

    def to_torch(self, nn: Any, x: Map) -> Any:
        return self.shaped(nn, of_rank(nn, "AdaptiveAvgPool", x)(1))

    examples = (
        Example(
            inputs=("2048x7x7",),
            output="2048x1x1",
            operations=Operations(add=98_304, divide=2_048),  # 48 additions for each channel
            source="He et al. 2015, ResNet-50: the 7×7 average pool before the classifier",
        ),
        Example(
            given={"keepdim": False},
            inputs=("10x8x8",),
            output="10",
            operations=Operations(add=630, divide=10),
            source="Lin et al. 2013, network in network: a map for each of 10 classes, averaged",
        ),
    )
    refusals = SHARED_REFUSALS
