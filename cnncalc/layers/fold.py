"""Fold layer (col2im)."""

from collections.abc import Mapping
from math import prod
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Sizes, sizes
from cnncalc.core.layer import (
    Example,
    Reach,
    Refusal,
    everything,
    need_map,
    per_axis,
)
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import dimensions, operations, window
from cnncalc.layers._columns import Columns
from cnncalc.layers._window import onnx_settings, onnx_window

AXES = Map(1, (1, 1))
"""A stand-in for an image whose sizes are not known; it has as many axes."""


class Fold(Columns):
    """Adds each column of a matrix to its window of an image (col2im): the reverse of unfold.

    Where windows overlap, their values are summed. The input is a signal whose channels are the
    rows of the matrix and whose positions are its columns, one per window of the output. Every
    output's receptive field is taken to be the whole input.

    Operations: one addition per value of the matrix.
    """

    operators = {"Col2Im": {}}
    onnx_operands = (3, 3)
    aliases = ("col2im",)

    output_size: Sizes = sizes("height and width of the output", also=("size",))

    def output(self, x: Shape) -> Map:
        x = need_map(x, axes=(1,))
        taps = self.taps(AXES)
        if x.channels % taps:
            shown = "·".join(map(str, self.window(AXES)))
            raise LayerError(
                f"the number of rows, {x.channels}, is not a multiple of the window size {shown}: "
                f"{x.channels} = {x.channels // taps}·{taps} + {x.channels % taps}"
            )
        sides = per_axis(self.output_size, AXES, "output_size")
        image = Map(x.channels // taps, sides)
        if any(axis.extent > axis.before + axis.N + axis.after for axis in self.windows(image)):
            raise LayerError(
                f"no window fits an output of {sides[0]}×{sides[1]}; use a smaller window, or a "
                "larger output_size or padding"
            )
        places = self.places(image)
        if prod(places) != x.spatial[0]:
            windows, columns = prod(places), x.spatial[0]
            raise LayerError(
                f"an output of {sides[0]}×{sides[1]} has {places[0]}·{places[1]} = {windows} "
                f"window{'s' * (windows != 1)}, but the input has {columns} "
                f"column{'s' * (columns != 1)}"
            )
        C_out = dimensions.folded(C_in=x.channels, F=self.window(AXES))
        return Map(C_out, tuple(window.asked_size(N=x.spatial[0], size=side) for side in sides))

    def operations(self, x: Map) -> Operations:
        return Operations(add=operations.each(n=x.elements))

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return everything(x, bound=True)

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.Fold(self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        image = self.output(x)
        settings = onnx_settings(self.windows(image))
        sizes = onnx.ints(image.spatial), onnx.ints(settings.pop("kernel_shape"))
        return onnx.node("Col2Im", *onnx.inputs, *sizes, **settings)

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        size, kernel = call.numbers(1), call.numbers(2)
        sides = call.listed("pads") or [0] * 4
        if size is None or kernel is None or sides[:2] != sides[2:] or len(kernel) != 2:
            return None
        return {"output_size": [*size], **onnx_window(call, kernel)}

    examples = (
        Example(
            given={"output_size": [4, 5], "kernel_size": [2, 2]},
            inputs=("12x12",),
            output="3x4x5",  # 3·4 windows of 2×2
            operations=Operations(add=144),
            source="torch.nn.Fold, example: Fold(output_size=(4, 5), kernel_size=(2, 2))",
        ),
        Example(
            given={"size": 8, "kernel": 2, "stride": 2},
            inputs=("12x16",),
            output="3x8x8",
            source="by hand: 4·4 windows side by side, 12/(2·2) = 3 channels",
        ),
    )
    refusals = (
        Refusal({"size": 8, "kernel": 3}, ("12x36",), "12 = 1·9 + 3"),
        Refusal({"size": 8, "kernel": 2}, ("12x16",), "7·7 = 49 windows"),
        Refusal({"size": 1, "kernel": 2}, ("12x16",), "no window fits an output of 1×1"),
        Refusal({"size": 8, "kernel": 2}, ("12x4x4",), "expected 1 spatial axis, not 2"),
        Refusal({"kernel": 2}, ("12x16",), "needs 'output_size'"),
        Refusal({"size": 8, "kernel": 2}, ("100",), "not a vector"),
    )
