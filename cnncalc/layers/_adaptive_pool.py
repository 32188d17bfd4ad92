"""What the pools that are told their output's size share."""

from dataclasses import dataclass
from typing import ClassVar

from cnncalc.fields import Sizes, sizes
from cnncalc.formulas import operations, window
from cnncalc.formulas.vocabulary import ceil_div
from cnncalc.layer import Layer, Reach, Refusal, need_map, per_axis
from cnncalc.layers._ratio import ratio
from cnncalc.shape import Map, Shape


@dataclass(frozen=True, kw_only=True)
class AdaptivePool(Layer):
    """Windows that are laid out so that the output has a given size."""

    main: ClassVar = "output_size"

    output_size: Sizes = sizes("the size of the output along each axis", also=("size",))

    def output(self, x: Shape) -> Map:
        """The same channels, at the size asked for."""
        x = need_map(x)
        return Map(x.channels, per_axis(self.output_size, x, "output_size"))

    def reductions(self, x: Map) -> int:
        """How many times two numbers are made one, over all windows."""
        out = self.output(x)
        taps = tuple(
            window.adaptive_taps(N=N, N_out=N_out) for N, N_out in zip(x.spatial, out.spatial)
        )
        return operations.range_reductions(
            taps=window.all_taps(C=x.channels, taps=taps), n_out=out.elements
        )

    def reach(self, x: Map) -> tuple[Reach, ...]:
        """The largest window; windows are N/O inputs apart on average."""
        return tuple(
            Reach(largest_window(N, N_out), ratio(N, N_out))
            for N, N_out in zip(x.spatial, self.output(x).spatial)
        )


def largest_window(N: int, N_out: int) -> int:
    """The most inputs that a window [floor(iN/O), ceil((i+1)N/O)) spans.

    All windows are equal where O divides N. Otherwise one begins up to (O - g)/O into an input, g
    being what N and O share, and the next input is cut too unless what is left over is g itself.
    """
    left = N % N_out
    return ceil_div(N, N_out) + (1 if left and N_out % left else 0)


SHARED_REFUSALS = (
    Refusal(0, ("4x5x5",), "at least 1, or one for each axis, not 0"),
    Refusal([2, 2, 2], ("4x5x5",), "3 axes"),
    Refusal(2, ("100",), "not a vector"),
    Refusal(None, ("4x5x5",), "needs 'output_size'"),
)
"""What every adaptive pool must refuse."""
