"""Base class for pools with a given output size."""

from typing import Any

from cnncalc.core.fields import Sizes, sizes
from cnncalc.core.layer import Cut, Layer, Reach, Refusal, need_map, per_axis
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations, window


class AdaptivePool(Layer):
    """Windows sized to give the output a requested size."""

    family = "pooling"
    keeps_format = (2,)
    main = "output_size"

    output_size: Sizes = sizes("output size along each spatial axis", also=("size",))

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        sizes = per_axis(self.output_size, x, "output_size")
        return Map(
            x.channels,
            tuple(window.asked_size(N=N, size=size) for N, size in zip(x.spatial, sizes)),
        )

    def reductions(self, x: Map) -> int:
        """The number of pairwise reductions over all windows."""
        out = self.output(x)
        taps = tuple(
            window.adaptive_taps(N=N, N_out=N_out) for N, N_out in zip(x.spatial, out.spatial)
        )
        return operations.range_reductions(
            taps=window.all_taps(C=x.channels, N_taps=taps), n_out=out.elements
        )

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return tuple(map(_reach, x.spatial, self.output(x).spatial))

    def onnx_pool(self, onnx: Any, x: Map, kind: str, by: str) -> Any:
        """ONNX's pool if the output size divides the input size along every axis; otherwise slices,
        each reduced by the operator ``by``, along one axis after another."""
        sizes = self.output(x).spatial
        if any(N % N_out for N, N_out in zip(x.spatial, sizes)):
            onnx.function()
            for dim, (N, N_out) in enumerate(zip(x.spatial, sizes), 2):
                parts = [self._part(onnx, dim, place, N, N_out, by) for place in range(N_out)]
                onnx.inputs = [onnx.node("Concat", *parts, axis=dim)]
            return onnx.inputs[0]
        window = [N // N_out for N, N_out in zip(x.spatial, sizes)]
        return onnx.node(kind, *onnx.inputs, kernel_shape=window, strides=window)

    def _part(self, onnx: Any, dim: int, place: int, N: int, N_out: int, by: str) -> Any:
        """The output at one position along an axis."""
        ends = place * N // N_out, -(-(place + 1) * N // N_out)
        read = onnx.node("Slice", *onnx.inputs, *(onnx.ints([n]) for n in (*ends, dim)))
        return onnx.node(by, read, onnx.ints([dim]), keepdims=1)


def _reach(N: int, N_out: int) -> Reach:
    """N/N_out inputs side by side if N_out divides N; otherwise every input that a window
    overlaps. A single output reads the whole axis; its stride is 0, because copies of it, as after
    upsampling, read the same inputs."""
    if N_out == 1:
        return Reach(N, 0)
    if N % N_out == 0:
        E = window.even_window(N=N, N_out=N_out)
        return Reach(E, E)
    return Reach(window.largest_window(N=N, N_out=N_out), cut=Cut(N, N_out, 0, N - 1))


SHARED_REFUSALS = (
    Refusal(0, ("4x5x5",), "at least 1, or one per axis, not 0"),
    Refusal([2, 2, 2], ("4x5x5",), "has 3 values"),
    Refusal(2, ("100",), "not a vector"),
    Refusal(None, ("4x5x5",), "needs 'output_size'"),
)
"""Refusals of every adaptive pool."""
