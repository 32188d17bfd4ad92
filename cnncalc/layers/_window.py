"""The sliding window of convolutions and pools."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from cnncalc.core.call import one_size
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Padding, Sizes
from cnncalc.core.layer import Reach, Tape, Tensor, need_map, per_axis
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Map
from cnncalc.formulas import window
from cnncalc.formulas.tracing import is_tracing, named
from cnncalc.formulas.vocabulary import span

T = TypeVar("T")

SAME = ("same", "same_lower", "valid")
"""The words that stand for a padding in all convolutions and pools with a ``padding``."""

CAUSAL = "causal"
"""The padding of a convolution that never reads ahead."""


class Axis(NamedTuple):
    """The window along one axis: input size, filter size, stride, padding, dilation, and whether
    the output size follows from ``same`` padding or is rounded up."""

    N: int
    F: int
    S: int
    before: int
    after: int
    D: int
    same: bool = False
    ceil: bool = False

    @property
    def extent(self) -> int:
        """The number of inputs from the first tap to the last."""
        return span(self.F, self.D)

    def places(self) -> int:
        """The output size. Raises LayerError if it is less than 1."""
        if self.same:
            return window.output_size_same(N=self.N, S=self.S)
        if self.ceil:
            size = window.output_size_ceil(N=self.N, F=self.F, S=self.S, P=self.before, D=self.D)
        elif self.before == self.after:
            size = window.output_size(N=self.N, F=self.F, S=self.S, P=self.before, D=self.D)
        else:
            size = window.output_size_sides(
                N=self.N, F=self.F, S=self.S, P_before=self.before, P_after=self.after, D=self.D
            )
        if size < 1:
            raise LayerError(self.too_large())
        return size

    def cut_off(self) -> int:
        """The number of inputs at the end that lie beyond the last window."""
        end = (self.places() - 1) * self.S + self.extent
        return max(self.before + self.N - end, 0)

    def overhang(self) -> int:
        """The number of cells of the last window that lie beyond the padded input."""
        end = (self.places() - 1) * self.S + self.extent
        return max(end - self.before - self.N - self.after, 0)

    def whole(self) -> "Axis":
        """The same windows, with enough padding at the end for the last one."""
        return self._replace(after=self.after + self.overhang(), same=False, ceil=False)

    def too_large(self) -> str:
        """The error if no window fits, with the arithmetic."""
        spread = f" (spread to {self.D}·({self.F} − 1) + 1 = {self.extent})" if self.D > 1 else ""
        size = f"input of {self.N}"
        if self.before or self.after:
            whole = self.N + self.before + self.after
            size = f"padded input of {self.N} + {self.before} + {self.after} = {whole}"
        needed = self.extent - self.N
        most = self.F // 2 * 2  # for a pool
        how = "; a pool needs a pad layer for that" if needed > most else ""
        return (
            f"a window of {self.F}{spread} is larger than the {size}; "
            f"use a smaller window, or pad the input by at least {needed} in total{how}"
        )

    def reach(self) -> Reach:
        """The inputs that one output reads."""
        before = self.before
        if before != self.after:
            before = named("P_before", before)
        return Reach(window.extent(F=self.F, D=self.D), self.S, before)


def axes_of(
    x: Map, kernel_size: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, ceil: bool = False
) -> tuple[Axis, ...]:
    """The window along each axis of x. Raises LayerError if the fields do not fit it or
    each other."""
    kernels = per_axis(kernel_size, x, "kernel_size")
    strides = per_axis(stride, x, "stride")
    dilations = per_axis(dilation, x, "dilation")
    if is_same(padding):
        lower = [padding == "same_lower"] * len(x.spatial)
        return tuple(map(_same, x.spatial, kernels, strides, dilations, lower))
    if padding == CAUSAL:
        padding = (_causal(x, kernels[0], dilations[0]),)
    pairs = sides_of(0 if padding == "valid" else padding, x)
    axes = tuple(
        [
            Axis(N, F, S, before, after, D, False, ceil)
            for N, F, S, (before, after), D in zip(x.spatial, kernels, strides, pairs, dilations)
        ]
    )
    if ceil and any(axis.before != axis.after for axis in axes):
        raise LayerError("ceil_mode needs the same padding on both sides of an axis")
    return axes


def for_each(function: Callable[[Axis], T], axes: tuple[Axis, ...]) -> tuple[T, ...]:
    """A value for each axis. If all axes are alike, it is computed once, unless each has to be
    shown."""
    if is_tracing() or len({*axes}) > 1:  # unlike ==, a set adds no guards for recorded numbers
        return tuple(map(function, axes))
    return (function(axes[0]),) * len(axes)


def _causal(x: Map, F: int, D: int) -> tuple[int, int]:
    """The zeros of Keras's ``causal`` padding. Raises LayerError unless x is a signal."""
    if len(x.spatial) > 1:
        raise LayerError(
            f"causal padding is for a signal, with one axis, not for {x}; give the zeros before "
            "and after each axis, as in [[2, 0], [1, 1]]"
        )
    return window.padding_causal(F=F, D=D), 0


def is_same(padding: object) -> bool:
    """Whether the padding is one of the two forms of ``same``."""
    return padding in ("same", "same_lower")


def _same(N: int, F: int, S: int, D: int, lower: bool) -> Axis:
    """The window with TensorFlow's ``same`` padding; if the number of zeros is odd, ``lower`` puts
    the extra one first, as ONNX's SAME_LOWER does."""
    total = window.padding_same(N=N, N_out=window.output_size_same(N=N, S=S), F=F, S=S, D=D)
    before = window.padding_before(P_total=total)
    after = window.padding_after(P_total=total, P_before=before)
    if lower:
        before, after = after, before
    return Axis(N, F, S, before, after, D, same=True)


def worked_out(axes: Sequence[Axis]) -> tuple[tuple[int, int], ...]:
    """The zeros before and after each axis whose padding depends on its size."""
    return tuple((axis.before, axis.after) for axis in axes if axis.same)


def sides_of(padding: Padding, x: Map) -> tuple[tuple[int, int], ...]:
    """The padding (before, after) of each axis."""
    if isinstance(padding, int):
        return ((padding, padding),) * len(x.spatial)
    assert not isinstance(padding, str)
    # Sides given by name cover three axes; axes that the map lacks must have no padding.
    missing = len(padding) - len(x.spatial)
    if len(padding) == 3 and missing > 0 and all(side == (0, 0) for side in padding[:missing]):
        padding = padding[missing:]
    if len(padding) != len(x.spatial):
        axes = "1 axis" if len(padding) == 1 else f"{len(padding)} axes"
        raise LayerError(f"padding {list(padding)} covers {axes}, but {x} has {len(x.spatial)}")
    return tuple((side, side) if isinstance(side, int) else side for side in padding)


def torch_sides(pairs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """(before, after) of each axis in the order of ``torch.nn.functional.pad``: last axis first."""
    return tuple(side for pair in reversed(pairs) for side in pair)


def torch_window(axes: Sequence[Axis]) -> tuple[tuple[int, ...], ...]:
    """Filter sizes, strides, padding and dilations, as the modules of ``bridge.modules`` take
    them."""
    return (
        tuple(axis.F for axis in axes),
        tuple(axis.S for axis in axes),
        torch_sides([(axis.before, axis.after) for axis in axes]),
        tuple(axis.D for axis in axes),
    )


def onnx_window(call: OnnxCall, kernel: Sequence[int] = ()) -> dict[str, Any]:
    """The fields of a window as ONNX describes it; its size is ``kernel`` if the call has none."""
    words = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": "valid"}
    sizes = call.listed("kernel_shape") or [*kernel]
    sides = call.listed("pads") or [0] * 2 * len(sizes)
    half = len(sides) // 2
    return {
        "kernel_size": one_size(sizes),
        "stride": one_size(call.listed("strides") or [1]),
        "padding": words.get(str(call.settings.get("auto_pad")))
        or one_size([one_size(pair) for pair in zip(sides[:half], sides[half:])]),
        "dilation": one_size(call.listed("dilations") or [1]),
    }


LOWEST = -3.4028234663852886e38
"""The lowest finite 32-bit float, used as padding for a maximum."""


def onnx_settings(axes: Sequence[Axis]) -> dict[str, Any]:
    """A window as ONNX describes it."""
    return {
        "kernel_shape": [axis.F for axis in axes],
        "strides": [axis.S for axis in axes],
        "pads": [*(axis.before for axis in axes), *(axis.after for axis in axes)],
        "dilations": [axis.D for axis in axes],
    }


def onnx_ceil(axes: Sequence[Axis]) -> int:
    """ONNX's ``ceil_mode`` for a pool: 1 only if a window extends past the edge, because some tools
    keep a last window that begins past it."""
    return int(any(axis.overhang() for axis in axes))


def onnx_padded(onnx: Any, axes: Sequence[Axis], x: str, *value: str, **settings: Any) -> Any:
    """Write a padding step for these windows, if they need one."""
    before, after = [axis.before for axis in axes], [axis.after for axis in axes]
    if not any((*before, *after)):
        return x
    return onnx.node("Pad", x, onnx.ints([0, 0, *before, 0, 0, *after]), *value, **settings)


def onnx_taps(onnx: Any, axes: Sequence[Axis]) -> Any:
    """Write the windows of the padded input as one tensor. Its dimensions are the batch, the
    channels, and for each axis the positions and the taps."""
    y = onnx_padded(onnx, axes, *onnx.inputs)
    for place, axis in enumerate(axes):
        sizes = axis.places(), axis.F
        reads = (at * axis.S + tap * axis.D for at in range(sizes[0]) for tap in range(axis.F))
        y = onnx.node("Gather", y, onnx.ints(reads, *sizes), axis=2 + 2 * place)
    return y


def onnx_pool(call: OnnxCall) -> dict[str, Any] | None:
    """The fields of a pool as ONNX describes it; None if it pads by more than half of its window.
    Padding that no window reaches, which older exporters write for a size that is rounded up, is
    left out."""
    fields, (x,) = onnx_window(call), call.inputs
    if isinstance(fields["padding"], str):
        return {**fields, "ceil_mode": False}
    sides = sides_of(_tupled(fields["padding"]), need_map(x))
    kernel, stride, dilation = (
        _tupled(fields[word]) for word in ("kernel_size", "stride", "dilation")
    )
    axes = axes_of(need_map(x), kernel, stride, sides, dilation)
    ceil = bool(call.settings.get("ceil_mode", 0))
    if any(axis.before < axis.after for axis in axes) and not ceil:
        ends = [(axis.places() - 1) * axis.S + axis.extent - axis.before - axis.N for axis in axes]
        fields["padding"] = [
            [axis.before, min(axis.after, max(end, 0))] for axis, end in zip(axes, ends)
        ]
    most = (max(pair) for pair in sides_of(_tupled(fields["padding"]), need_map(x)))
    if any(side > axis.F // 2 for side, axis in zip(most, axes)):
        return None
    return {**fields, "ceil_mode": ceil}


def _tupled(value: Any) -> Any:
    return tuple(map(_tupled, value)) if isinstance(value, list) else value


def split_padding(
    axes: Sequence[Axis], largest: Sequence[int] | None = None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The padding that a PyTorch module applies, and the rest for a separate step before it.

    A module pads both sides of an axis alike, and a pool by at most ``largest``.
    """
    most = largest or [axis.before for axis in axes]
    if all(axis.before == axis.after <= limit for axis, limit in zip(axes, most)):
        return tuple(axis.before for axis in axes), ()
    return (0,) * len(axes), torch_sides([(axis.before, axis.after) for axis in axes])


def padded(x: Map, axes: Sequence[Axis]) -> int:
    """The number of elements of one image after padding."""
    return Map(x.channels, tuple(axis.before + axis.N + axis.after for axis in axes)).elements


def extended(tape: Tape, x: Tensor, makes: int, mode: str = "reflect") -> Tensor:
    """A copy padded by reflection or replication; the operation saves its input."""
    # On the CPU, autocast raises the precision, except for the reflection of volumes.
    if mode != "reflect" or len(x.shape.spatial) < 3:
        x = tape.raised(x, cuda=False)
    return tape.op(x, makes=makes, keeps=(x,))
