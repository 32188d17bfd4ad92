"""Base class for pools with a sliding window."""

from typing import Any, ClassVar

from cnncalc.core.call import Call
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Padding, Sizes, flag, padding, sizes
from cnncalc.core.layer import Layer, Reach, Refusal, Tape, Tensor, need_map, per_axis
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations
from cnncalc.layers._window import (
    SAME,
    Axis,
    axes_of,
    for_each,
    is_same,
    padded,
    split_padding,
    torch_window,
    worked_out,
)


class Pool(Layer):
    """A window that slides over every channel separately."""

    family = "pooling"
    keeps_format = (2,)
    main = "kernel_size"
    limited: ClassVar[bool] = True
    """Whether PyTorch's pool limits the padding to half of the window."""
    dilates: ClassVar[bool] = False
    """Whether PyTorch's pool has a dilation."""

    kernel_size: Sizes = sizes("window size along each axis", also=("kernel", "F", "pool_size"))
    stride: Sizes | None = sizes(
        "step between neighbouring windows; by default the window size", None, also=("S", "strides")
    )
    padding: Padding = padding("cells added around the input", words=SAME)
    ceil_mode: bool = flag(
        "whether to round the output size up, so that the last window may extend past the edge; "
        "with padding same, it is always rounded up",
        False,
    )
    dilation: Sizes = sizes(
        "distance between neighbouring taps; 1 means no dilation", 1, also=("D",)
    )

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        fields = super().imported(call)
        if fields.get("stride") == fields["kernel_size"]:
            del fields["stride"]
        return fields

    @property
    def spread(self) -> bool:
        """Whether the layer has a dilation that PyTorch's pool does not support, so that the
        windows are first copied side by side."""
        given = (self.dilation,) if isinstance(self.dilation, int) else self.dilation
        return not self.dilates and max(given) > 1

    def axes(self, x: Map) -> tuple[Axis, ...]:
        """The window along each axis. Raises LayerError if the fields do not fit the map or
        each other."""
        stride = self.kernel_size if self.stride is None else self.stride
        window = (self.kernel_size, stride, self.padding, self.dilation)
        axes = axes_of(x, *window, ceil=self.ceil_mode)
        if self.spread and self.rounds_up:
            raise LayerError("dilation and ceil_mode cannot be combined; remove one of them")
        for axis in axes:
            if self.limited and not axis.same and max(axis.before, axis.after) > axis.F // 2:
                most = max(axis.before, axis.after)
                raise LayerError(
                    f"padding {most} is more than half of the window of {axis.F}, which PyTorch's "
                    f"pools do not allow; pad by at most {axis.F // 2}, or, to pool zeros, move "
                    "the padding into a pad layer before the pool"
                )
        return axes

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        return Map(x.channels, for_each(Axis.places, self.axes(x)))

    def taps(self, x: Map) -> int:
        """The number of elements in a window."""
        return operations.cells(F=per_axis(self.kernel_size, x, "kernel_size"))

    @property
    def rounds_up(self) -> bool:
        """Whether PyTorch's pool needs ceil_mode; with ``same`` padding there is nothing to
        round."""
        return self.ceil_mode and not is_same(self.padding)

    def remark(self) -> str:
        if not self.ceil_mode or self.rounds_up:
            return ""
        return (
            f"ceil_mode changes nothing with padding {self.padding}, which already rounds up to "
            "⌈N/S⌉"
        )

    def split_padding(self, x: Map) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The padding that PyTorch's pool applies, and the rest for a separate step before it."""
        axes = self.axes(x)
        return split_padding(axes, [0 if self.spread else axis.F // 2 for axis in axes])

    def laid_out(self, nn: Any, pool: Any, x: Map) -> Any:
        """The pool, after a copy of its windows side by side if they are spread."""
        window, stride, _, dilation = torch_window(self.axes(x))
        if not self.spread:
            return pool
        return nn.Sequential(nn.SideBySide(self.output(x).spatial, window, stride, dilation), pool)

    def zeros(self, x: Map) -> tuple[tuple[int, int], ...]:
        return worked_out(self.axes(x))

    def copied(self, x: Map) -> int:
        """The number of elements of the padded copy, for padding that PyTorch's pool does not
        support; otherwise 0."""
        return padded(x, self.axes(x)) if self.split_padding(x)[1] else 0

    def around(self, tape: Tape, x: Tensor) -> Tensor:
        """The input, or its padded copy. Raises LayerError if the windows are spread."""
        if self.spread:
            raise LayerError("how PyTorch uses memory for a pool with dilation is not modelled")
        copied = self.copied(x.shape)
        around = tape.op(x, makes=copied) if copied else x
        return tape.raised(around, cuda=False) if len(x.shape.spatial) == 3 else around

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return for_each(Axis.reach, self.axes(x))


SHARED_REFUSALS = (
    Refusal(3, ("4x2x2",), "larger than the input of 2"),
    Refusal(
        {"kernel": 3, "padding": 2},
        ("4x9x9",),
        "more than half of the window of 3, which PyTorch's pools do not allow; pad by at most 1",
    ),
    Refusal(2, ("100",), "not a vector"),
    Refusal({"kernel": 2, "stride": 0}, ("4x9x9",), "at least 1"),
)
"""The refusals that average and max pooling share."""
