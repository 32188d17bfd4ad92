"""Channel shuffle."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.layers.conv import check_groups


@dataclass(frozen=True, kw_only=True)
class ChannelShuffle(Layer):
    """Reorder the channels so that the next grouped convolution reads from every group.

    The channels are written as a table with one row for each group and read column by column.

    Operations: none; the numbers are copied to their new places.
    """

    aliases: ClassVar = ("shuffle",)
    main: ClassVar = "groups"

    groups: int = count("how many groups the channels come from", also=("G",))

    def output(self, x: Shape) -> Map:
        """The input's shape."""
        x = need_map(x)
        check_groups(x.channels, x.channels, self.groups)
        return x

    def operations(self, x: Map) -> Operations:
        """None."""
        return Operations()

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A copy, which keeps nothing."""
        return tape.op(x, makes=self.output(x.shape).elements)

    def to_torch(self, nn: Any, x: Map) -> Any:
        """``ChannelShuffle``."""
        return nn.ChannelShuffle(self.groups)

    examples: ClassVar = (
        Example(
            given=2,
            inputs=("4x2x2",),
            output="4x2x2",
            params=0,
            macs=0,
            operations=Operations(),
            source="torch.nn.ChannelShuffle, example: ChannelShuffle(2)",
        ),
        Example(
            given={"groups": 3},
            inputs=("240x28x28",),
            output="240x28x28",
            source="Zhang et al. 2018, ShuffleNet, table 1: stage 2 with 3 groups has 240 channels",
        ),
    )
    refusals: ClassVar = (
        Refusal(3, ("4x5x5",), "3 groups do not divide the 4 input channels"),
        Refusal(None, ("4x5x5",), "needs 'groups'"),
        Refusal(2, ("100",), "not a vector"),
    )
