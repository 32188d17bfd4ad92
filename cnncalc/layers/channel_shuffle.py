"""Channel shuffle."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.layers._rearrangement import Rearrangement
from cnncalc.layers.conv import check_groups


class ChannelShuffle(Rearrangement):
    """Interleaves the channels of several groups, so that the next grouped convolution reads from
    every group.

    The channels fill a table with one row per group, and are then read column by column.

    Operations: none; values are only copied.
    """

    aliases = ("shuffle",)
    main = "groups"

    groups: int = count("number of groups to interleave", also=("G",))

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        check_groups(x.channels, x.channels, self.groups)
        return x

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return tape.op(x, makes=self.output(x.shape).elements)

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.ChannelShuffle(self.groups)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        groups = self.groups
        y = onnx.node("Reshape", *onnx.inputs, onnx.ints([0, groups, x.channels // groups, -1]))
        y = onnx.node("Transpose", y, perm=[0, 2, 1, 3])
        return onnx.node("Reshape", y, onnx.ints([0, *x]))

    examples = (
        Example(
            given=2,
            inputs=("4x2x2",),
            output="4x2x2",
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
    refusals = (
        Refusal(
            3,
            ("4x5x5",),
            "cannot be divided into 3 equal groups (4 = 1·3 + 1); groups can be 1, 2 or 4",
        ),
        Refusal(None, ("4x5x5",), "needs 'groups'"),
        Refusal(2, ("100",), "not a vector"),
    )
