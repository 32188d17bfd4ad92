"""What the relatives of the convolution share: filters that slide over every spatial axis."""

from dataclasses import dataclass
from typing import Any

from cnncalc.fields import Padding, Sizes, flag, padding, sizes
from cnncalc.layer import Kept, Layer, Reach, Run, of_rank, per_axis
from cnncalc.layers._window import Axis, axes_of, padded, split_padding, worked_out
from cnncalc.shape import Map


@dataclass(frozen=True, kw_only=True)
class Filters(Layer):
    """Filters of one size that move in steps over the map."""

    kernel_size: Sizes = sizes("the size of a filter along each axis", also=("kernel", "F"))
    stride: Sizes = sizes("the step between neighbouring places", 1, also=("S",))
    padding: Padding = padding("zeros added around the input", words=("same", "valid"))
    dilation: Sizes = sizes("the distance between neighbouring taps; 1 is none", 1, also=("D",))
    bias: bool = flag("whether each filter adds a bias", True)

    def axes(self, x: Map) -> tuple[Axis, ...]:
        """The sliding window along each axis."""
        return axes_of(x, self.kernel_size, self.stride, self.padding, self.dilation)

    def places(self, x: Map) -> tuple[int, ...]:
        """How many places the window has along each axis."""
        return tuple([axis.places() for axis in self.axes(x)])

    def window(self, x: Map) -> tuple[int, ...]:
        """The filter's size along each axis."""
        return per_axis(self.kernel_size, x, "kernel_size")

    def reach(self, x: Map) -> tuple[Reach, ...]:
        """The window."""
        return tuple([axis.reach() for axis in self.axes(x)])

    def zeros(self, x: Map) -> tuple[tuple[int, int], ...]:
        """Those of ``same``."""
        return worked_out(self.axes(x))

    def copied(self, x: Map) -> int:
        """The elements of the padded copy that is made where PyTorch cannot pad by itself."""
        axes = self.axes(x)
        return padded(x, axes) if split_padding(axes)[1] else 0

    def saves(self, run: Run, x: Map) -> Kept:
        """The input, or the padded copy of it."""
        copied = self.copied(x)
        return Kept(own=run.numbers(copied)) if copied else Kept(inputs=(0,))

    def scratch(self, run: Run, x: Map) -> int:
        """The padded copy."""
        return run.numbers(self.copied(x))

    def convolution(self, nn: Any, x: Map, out_channels: int, groups: int) -> Any:
        """PyTorch's convolution of this window, after a padding step where one is needed."""
        own, around = split_padding(self.axes(x))
        conv = of_rank(nn, "Conv", x)(
            x.channels,
            out_channels,
            self.kernel_size,
            self.stride,
            own,
            self.dilation,
            groups,
            self.bias,
        )
        return nn.padded(conv, around)
