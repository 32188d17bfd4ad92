"""Checks whether a window fits: the output size under each rule, unread pixels, and alternatives.

``Axis`` describes a window along one axis; ``windows`` lists those of a network's
convolutions and pools.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.core.errors import UsageError, one_of
from cnncalc.core.shape import Map
from cnncalc.derivations import wording
from cnncalc.formulas import window
from cnncalc.formulas.tracing import tracing
from cnncalc.formulas.vocabulary import ceil_div, span
from cnncalc.layers import _window as layers

MAX_TAPS = 1_000_000
"""The most taps for which unread pixels between windows are listed."""


class Axis(NamedTuple):
    """A window along one axis: N inputs, F taps, stride S, P zeros on each side, dilation D."""

    N: int
    F: int
    S: int
    P: int = 0
    D: int = 1

    @property
    def extent(self) -> int:
        """The number of inputs from the first tap to the last."""
        return span(self.F, self.D)

    @property
    def span(self) -> int:
        """The distance that the window can move, which the stride should divide."""
        return self.N + 2 * self.P - self.extent

    @property
    def possible(self) -> bool:
        """Whether the window is no larger than the padded input."""
        return self.span >= 0

    @property
    def remainder(self) -> int:
        """The remainder of the span divided by the stride."""
        return window.left_over(N=self.N, F=self.F, S=self.S, P=self.P, D=self.D)

    @property
    def fits(self) -> bool:
        """Whether the stride divides the span; lectures call other strides illegal."""
        return self.possible and self.remainder == 0

    @property
    def floor(self) -> int:
        """The output size, rounded down."""
        return window.output_size(N=self.N, F=self.F, S=self.S, P=self.P, D=self.D)


class Rule(NamedTuple):
    """The output size under one convention; None if the convention rejects the window."""

    name: str
    size: int | None


def rules(axis: Axis) -> tuple[Rule, ...]:
    """The output size under each convention."""
    N, F, S, P, D = axis
    unpadded = axis._replace(P=0)
    ceil = window.output_size_ceil(N=N, F=F, S=S, P=P, D=D)
    return (
        Rule("floor: PyTorch, and convolution in Caffe", axis.floor if axis.possible else None),
        Rule("ceil: pooling with ceil_mode in PyTorch", ceil if ceil > 0 else None),
        Rule("ceil: pooling in Caffe", _caffe(axis)),
        Rule("SAME: TensorFlow, whatever the padding", window.output_size_same(N=N, S=S)),
        Rule("VALID: TensorFlow, no padding", unpadded.floor if unpadded.possible else None),
        Rule("strict: taught in courses; fractions are illegal", axis.floor if axis.fits else None),
    )


def _caffe(axis: Axis) -> int | None:
    """Caffe's pools round up; only if P > 0 do they drop a last window that starts in the
    padding."""
    if axis.P:
        size = window.output_size_ceil(N=axis.N, F=axis.F, S=axis.S, P=axis.P, D=axis.D)
    else:
        size = ceil_div(axis.span, axis.S) + 1
    return size if size > 0 else None


def equation(axis: Axis) -> str:
    """The formula without rounding, and its value: ``(N − F)/S + 1 = (7 − 3)/3 + 1 = 2.33``."""
    with tracing() as steps:
        window.output_size(N=axis.N, F=axis.F, S=axis.S, P=axis.P, D=axis.D)
    # Show the quotient without rounding, because the question is whether rounding is needed.
    general, numbers = (
        wording.text(steps[0].expression, leaf).replace("⌊", "").replace("⌋", "")
        for leaf in (wording.symbols, wording.numbers)
    )
    return f"{general} = {numbers} = {quotient(axis)}"


def quotient(axis: Axis) -> str:
    """span/S + 1: a whole number, or rounded to two decimals, but never to .00."""
    size = abs(axis.span + axis.S)
    sign = "−" if axis.span + axis.S < 0 else ""
    whole, over = divmod(size, axis.S)
    hundredths = min(max((200 * over + axis.S) // (2 * axis.S), 1), 99)
    return f"{sign}{whole:,}" + (f".{hundredths:02}" if over else "")


def unread(axis: Axis) -> list[tuple[int, int]] | None:
    """The runs of input pixels, counted from 0, that no window reads (rounding down).

    None if windows may leave gaps and have more than ``MAX_TAPS`` taps in all.
    """
    if not axis.possible:
        return [(0, axis.N - 1)]
    places = axis.floor
    if axis.D == 1 and axis.S <= axis.F:  # windows touch, so only the end can be left over
        last = (places - 1) * axis.S + axis.extent - axis.P - 1
        return [(last + 1, axis.N - 1)] if last + 1 < axis.N else []
    if places * axis.F > MAX_TAPS:
        return None
    read = {
        place * axis.S - axis.P + tap * axis.D for place in range(places) for tap in range(axis.F)
    }
    inside = [-1, *sorted(pixel for pixel in read if 0 <= pixel < axis.N), axis.N]
    return [(a + 1, b - 1) for a, b in pairwise(inside) if b - a > 1]


def nearest(axis: Axis) -> dict[str, list[int]]:
    """The nearest N, F, P and S that make the window fit, changing one at a time."""
    below = axis.N - axis.remainder if axis.possible else axis.extent - 2 * axis.P
    sizes = [n for n in (below, below + axis.S) if n > 0 and n != axis.N][
        : 2 if axis.possible else 1
    ]
    return {
        "N": [n for n in sizes if axis._replace(N=n).fits],
        "F": _nearest_fits(axis, "F", range(1, (axis.N + 2 * axis.P - 1) // axis.D + 2)),
        "P": _nearest_fits(axis, "P", range(axis.extent)),
        "S": _nearest_fits(axis, "S", range(1, max(axis.span, 0) + 1)),
    }


def _nearest_fits(axis: Axis, name: str, candidates: range) -> list[int]:
    """The nearest fitting candidate on each side; tries at most 10,000 per side."""
    now: int = getattr(axis, name)
    below = range(min(now - 1, candidates.stop - 1), max(candidates.start - 1, now - 10_000), -1)
    above = range(max(now + 1, candidates.start), min(candidates.stop, now + 10_000))
    sides = (next(_fitting(axis, name, side), None) for side in (below, above))
    return [value for value in sides if value is not None]


def _fitting(axis: Axis, name: str, candidates: range) -> Iterator[int]:
    return (value for value in candidates if axis._replace(**{name: value}).fits)


class Window(NamedTuple):
    """A window of a layer along one axis, or along all axes if they are alike (``along`` is "")."""

    layer: str
    kind: str
    along: str
    N: int
    F: int
    S: int
    before: int
    after: int
    D: int
    output: int
    unread: int
    """The number of pixels cut off at the end; the rest of the remainder is padding."""

    @property
    def span(self) -> int:
        """The distance that the window can move."""
        return self.N + self.before + self.after - span(self.F, self.D)

    @property
    def remainder(self) -> int:
        """The remainder of the span divided by the stride."""
        return self.span % self.S

    @property
    def fits(self) -> bool:
        """Whether the stride is legal as lectures define it: there is no remainder."""
        return self.remainder == 0


def windows(report: Report) -> Iterator[Window]:
    """The sliding windows of a network's convolutions and pools, layer by layer. Those of
    transposed convolutions and of layers inside another are left out."""
    for row in report.layers:
        axes = getattr(row.layer, "axes", None)
        x = row.inputs[0]
        if axes is None or not isinstance(x, Map):
            continue
        sliding = [axis for axis in axes(x) if isinstance(axis, layers.Axis)]
        alike = len(set(sliding)) == 1
        for axis, name in zip(sliding[:1] if alike else sliding, x.axes):
            N, F, S, before, after, D, *_ = axis
            along = "" if alike else name
            sizes = (N, F, S, before, after, D, axis.places(), axis.cut_off())
            yield Window(row.name, row.kind, along, *sizes)


class Solution(NamedTuple):
    """A geometry that gives the requested size."""

    axis: Axis
    output: int
    output_padding: int = 0
    """The number of cells that a transposed window adds at the end."""


MAX_TRIED = 200_000
MAX_INPUTS = 50


def solve(
    output: int,
    N: int | None = None,
    F: int | None = None,
    S: int | None = None,
    P: int | None = None,
    D: int = 1,
    largest: int = 11,
    *,
    transposed: bool = False,
) -> list[Solution]:
    """Find every (N, F, S, P) with the given values that yields the output; exact fits come first.

    Values that are not given are searched: F from 1 to ``largest``, S from 1 to F (or to 4 if F is
    smaller), P up to the largest at which the first window still reads an input, and at most the 50
    smallest N that yield the output. With ``transposed``, only the largest N is tried, and windows
    that need no output padding come first. Raises UsageError for a size below 1 or a negative
    padding, and if there are more than 200,000 geometries to try.
    """
    found: list[Solution] = []
    for f, s, p in _windows(output, N, F, S, P, D, largest):
        if transposed:
            found += _enlarged(output, N, f, s, p, D)
            continue
        inputs = [N] if N is not None else _inputs(output, D * (f - 1) + 1, s, p)
        axes = [Axis(n, f, s, p, D) for n in inputs]
        found += [Solution(axis, output) for axis in axes if axis.possible and axis.floor == output]
    if transposed:
        return sorted(found, key=lambda solution: (solution.output_padding > 0, solution.axis))
    return sorted(found, key=lambda solution: (not solution.axis.fits, solution.axis))


def _enlarged(output: int, N: int | None, F: int, S: int, P: int, D: int) -> Iterator[Solution]:
    """The transposed window that yields the output, if there is one."""
    first = window.output_size_transposed(N=1, F=F, S=S, P=P, D=D)
    n = (output - first) // S + 1 if N is None else N
    extra = output - window.output_size_transposed(N=n, F=F, S=S, P=P, D=D)
    if n > 0 and 0 <= extra < max(S, D):
        yield Solution(Axis(n, F, S, P, D), output, extra)


def _windows(
    output: int, N: int | None, F: int | None, S: int | None, P: int | None, D: int, largest: int
) -> Iterator[tuple[int, int, int]]:
    """F, S and P of all windows to try, after checking the given values."""
    sizes = {"input size": N, "output size": output, "kernel size": F, "stride": S, "dilation": D}
    for name, value in (*sizes.items(), ("padding", P)):
        least = 0 if name == "padding" else 1
        if value is not None and not hasattr(value, "__index__"):
            raise UsageError(f"the {name} must be a whole number, not {value!r:.60}")
        if value is not None and value < least:
            raise UsageError(f"the {name} must be at least {least}, not {value}")
    tried = 0
    for f in [F] if F is not None else range(1, largest + 1):
        for s in [S] if S is not None else range(1, max(f, 4) + 1):
            paddings = range(D * (f - 1) + 1) if P is None else range(P, P + 1)
            tried += (paddings.stop - paddings.start) * (1 if N is not None else min(s, MAX_INPUTS))
            if tried > MAX_TRIED:
                given = {"kernel size": F, "stride": S, "padding": P}
                needed = one_of([name for name, value in given.items() if value is None])
                raise UsageError(f"more than {MAX_TRIED:,} geometries to try; give the {needed}")
            for p in paddings:
                yield f, s, p


def _inputs(output: int, extent: int, S: int, P: int) -> list[int]:
    """The input sizes that give this output, from an exact fit to one pixel less than the next, but
    at most ``MAX_INPUTS`` of them."""
    exact = (output - 1) * S + extent - 2 * P
    first = max(exact, 1)
    return [*range(first, min(exact + S, first + MAX_INPUTS))]
