"""What the pools that are told their output's size share."""

from dataclasses import dataclass
from typing import ClassVar

from cnncalc.core.fields import Sizes, sizes
from cnncalc.core.layer import Cut, Layer, Reach, Refusal, need_map, per_axis
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations, window


@dataclass(frozen=True, kw_only=True)
class AdaptivePool(Layer):
    """Windows that are laid out so that the output has a given size."""

    main: ClassVar = "output_size"

    output_size: Sizes = sizes("the size of the output along each axis", also=("size",))

    def output(self, x: Shape) -> Map:
        """The same channels, at the size asked for."""
        x = need_map(x)
        sizes = per_axis(self.output_size, x, "output_size")
        return Map(
            x.channels,
            tuple(window.asked_size(N=N, size=size) for N, size in zip(x.spatial, sizes)),
        )

    def reductions(self, x: Map) -> int:
        """How many times two numbers are made one, over all windows."""
        out = self.output(x)
        taps = tuple(
            window.adaptive_taps(N=N, N_out=N_out) for N, N_out in zip(x.spatial, out.spatial)
        )
        return operations.range_reductions(
            taps=window.all_taps(C=x.channels, N_taps=taps), n_out=out.elements
        )

    def reach(self, x: Map) -> tuple[Reach, ...]:
        """The windows."""
        return tuple(map(_reach, x.spatial, self.output(x).spatial))


def _reach(N: int, N_out: int) -> Reach:
    """Windows of N/N_out inputs, side by side; where that is no whole number, they read all inputs
    that they cut."""
    if N % N_out == 0:
        E = window.even_window(N=N, N_out=N_out)
        return Reach(E, E)
    return Reach(window.largest_window(N=N, N_out=N_out), cut=Cut(N, N_out, 0, N - 1))


SHARED_REFUSALS = (
    Refusal(0, ("4x5x5",), "at least 1, or one per axis, not 0"),
    Refusal([2, 2, 2], ("4x5x5",), "3 axes"),
    Refusal(2, ("100",), "not a vector"),
    Refusal(None, ("4x5x5",), "needs 'output_size'"),
)
"""What every adaptive pool must refuse."""
