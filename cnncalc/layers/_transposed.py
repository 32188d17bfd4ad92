"""The window of a transposed convolution."""

from math import gcd
from typing import NamedTuple

from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Cut, Reach
from cnncalc.formulas import window
from cnncalc.formulas.tracing import named
from cnncalc.formulas.vocabulary import span


class TransposedAxis(NamedTuple):
    """The window of a transposed convolution along one axis.

    ``N`` inputs meet ``F`` taps, ``D`` apart, and neighbouring inputs are ``S`` outputs apart.
    ``P`` cells are removed at either end, or ``P_after`` at the end if that is given, and
    ``P_out`` cells are added there. With ``same``, the output has N·S cells.
    """

    N: int
    F: int
    S: int
    P: int
    D: int
    P_out: int
    P_after: int | None = None
    same: bool = False

    @property
    def after(self) -> int:
        """The number of cells removed from the end."""
        return self.P if self.P_after is None else self.P_after

    @property
    def cut(self) -> tuple[int, int]:
        """The cells to remove before and after, besides the equal numbers that PyTorch removes."""
        equal = min(self.P, self.after)
        return self.P - equal, self.after - equal

    def places(self) -> int:
        """The output size. Raises LayerError if it is less than 1 or P_out is too large."""
        if self.same:
            return window.output_size_transposed_same(N=self.N, S=self.S)
        if self.P_out >= max(self.S, self.D):
            raise LayerError(
                f"output_padding {self.P_out} must be smaller than the stride {self.S} "
                f"or the dilation {self.D}"
            )
        N, F, S, P, D, P_out, *_ = self
        if self.after == P:
            size = window.output_size_transposed(N=N, F=F, S=S, P=P, D=D, P_out=P_out)
        else:
            size = window.output_size_transposed_sides(
                N=N, F=F, S=S, P_before=P, P_after=self.after, D=D, P_out=P_out
            )
        if size < 1 and self.after != P:
            raise LayerError(
                f"padding removes {P} + {self.after} cells from an output of "
                f"{size + P + self.after}, which leaves none"
            )
        if size < 1:
            full = size + 2 * self.P
            raise LayerError(
                f"padding {self.P} removes {2 * self.P} cells from an output of {full}, which "
                f"leaves none; it may be at most {(full - 1) // 2}"
            )
        return size

    def reach(self) -> Reach:
        _, F, S, P, D, *_ = self
        E = window.footprints(F=F, S=S, D=D)
        # Output o reads the inputs from ceil((o + P − D(F − 1))/S) to floor((o + P)/S), and with
        # gaps only some of them. A footprint shorter than the stride misses some outputs; the cut
        # lists one input for these too.
        spare = D * (F - 1) - (S - 1)
        tap = self.first_output_tap()
        if tap is None:
            before = window.short_footprints_before(S=S, P=P)
        elif D > 1:
            before = window.tap_before(tap=tap, S=S, P=P, D=D)
        else:
            before = window.footprints_before(F=F, S=S, P=P)
        cut = Cut(1, named("S", S), P - max(spare, 0), P, gaps=spare < 0 or D > 1)
        return Reach(E, 1, before, cut if S > 1 else None)

    def first_output_tap(self) -> int | None:
        """The last tap that reaches the first output: the largest k below F such that S divides k·D
        − P. None if no tap reaches it."""
        g = gcd(self.S, self.D)
        if self.P % g:
            return None
        apart = self.S // g
        first = self.P // g * pow(self.D // g, -1, apart) % apart
        return None if first >= self.F else self.F - 1 - (self.F - 1 - first) % apart


def same(N: int, F: int, S: int, D: int, lower: bool) -> TransposedAxis:
    """The transposed window of TensorFlow's ``same``: the backward pass of a convolution from N·S
    inputs. If the number of cells to remove is odd, ``lower`` removes the extra one at the start,
    as ONNX's SAME_LOWER does."""
    spare = span(F, D) - S
    before = max(spare, 0) // 2
    after = max(spare, 0) - before
    if lower:
        before, after = after, before
    return TransposedAxis(N, F, S, before, D, max(-spare, 0), after, same=True)


def sized(axis: TransposedAxis, size: int) -> TransposedAxis:
    """The window with the output padding that gives this output size."""
    first = axis.places()
    most = first + max(axis.S, axis.D) - 1
    if not first <= size <= most:
        sizes = str(first) if first == most else f"{first} or {most}"
        sizes = f"{first} to {most}" if most > first + 1 else sizes
        inputs = f"{axis.N} input{'s' * (axis.N != 1)}"
        raise LayerError(f"stride {axis.S} turns {inputs} into {sizes} outputs, not {size}")
    return axis._replace(P_out=size - first)
