"""Global max pooling."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Tape, Tensor, of_rank
from cnncalc.core.shape import Map
from cnncalc.layers._global_pool import SHARED_REFUSALS, GlobalPool


class GlobalMaxPool(GlobalPool):
    """Takes the maximum of every channel.

    The output shows whether a feature occurs anywhere, but not where. There are no parameters,
    and the input may have any size.

    Operations: a channel of n elements takes n − 1 comparisons.
    """

    operators = {"GlobalMaxPool": {}}
    aliases = ("global_max_pooling", "gmp")

    def operations(self, x: Map) -> Operations:
        return Operations(compare=self.reductions(x))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A pool, which saves its input and the index of each maximum."""
        n_out = self.output(x.shape).elements
        given = tape.raised(x, cuda=False) if len(x.shape.spatial) == 3 else x
        return tape.op(given, makes=n_out, keeps=(given,), own=tape.indices(n_out * tape.batch))

    def to_torch(self, nn: Any, x: Map) -> Any:
        return self.shaped(nn, of_rank(nn, "AdaptiveMaxPool", x)(1))

    examples = (
        Example(
            given={"keepdim": False},
            inputs=("1024x1024",),
            output="1024",
            operations=Operations(compare=1_047_552),  # 1,024·1,023
            source="Qi et al. 2017, PointNet: 1,024 features of 1,024 points, max over the points",
        ),
        Example(
            inputs=("512x7x7",),
            output="512x1x1",
            operations=Operations(compare=24_576),
            source="torch.nn.AdaptiveMaxPool2d(1): the same as one window over the whole map",
        ),
    )
    refusals = SHARED_REFUSALS
