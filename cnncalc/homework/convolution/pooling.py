"""Pooling of numbers."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import nan
from typing import Any, NamedTuple

from cnncalc import layers
from cnncalc.core.errors import LayerError, UsageError, one_of
from cnncalc.core.shape import MAX_DIGITS
from cnncalc.homework.convolution.matrix import Real, Tensor, plain, total
from cnncalc.homework.convolution.window import Place, check_work, pad, windows
from cnncalc.homework.convolution.writing import written_maximum, written_mean
from cnncalc.layers._pool import Pool
from cnncalc.layers._window import Axis
from cnncalc.spec import notation


def mean(cells: Sequence[Real]) -> Real:
    """The mean; exact if all numbers are."""
    together = total(cells)
    count = len(cells)
    return together / count if isinstance(together, float) else plain(Fraction(together, count))


class Reduction(NamedTuple):
    """The function that reduces a window to a number, and its formula, in pieces that a line break
    may separate."""

    reduce: Callable[[Sequence[Real]], Real]
    written: Callable[[Sequence[str]], list[str]]


REDUCTIONS = {
    "avg_pool": Reduction(mean, written_mean),
    "max_pool": Reduction(max, written_maximum),
}
"""Reductions by layer kind."""


MISSING = nan
"""Marks a cell that a window does not count; unlike all other numbers, it differs from itself."""


class Pooled(NamedTuple):
    """One output of a pooling layer, with the cells that its window counts."""

    place: Place
    cells: tuple[Real, ...]
    result: Real


@dataclass(frozen=True)
class Pooling:
    """The pooling of the output of a convolution or of its activation."""

    input: Tensor
    layer: Pool

    def windows(self, channel: int) -> Iterator[Pooled]:
        """Every window of one channel (the first is 0), in the order of the output."""
        reduce = REDUCTIONS[self.layer.kind].reduce
        axes = self.layer.axes(self.input.shape)
        padded = pad(self.input, axes, "zeros", MISSING if self.outside is None else self.outside)
        plane = pad(padded, [*map(_edge, axes)], "zeros", MISSING).planes[channel]
        for place, cells in windows([axis.whole() for axis in axes]):
            taken = tuple(plane[cell] for cell in cells if plane[cell] == plane[cell])
            yield Pooled(place, taken, reduce(taken))

    @property
    def outside(self) -> Real | None:
        """The value of the padding; None if it does not count."""
        counts = getattr(self.layer, "count_include_pad", True)
        return self.layer.pads_with if counts else None

    def output(self) -> Tensor:
        """The pooled tensor; raises UsageError if it cannot be computed, or is too large."""
        x, layer = self.input, self.layer
        try:
            shape = layer.output(x.shape)
        except LayerError as why:
            raise UsageError(f"{layer.kind} of {x.shape}: {why}") from None
        check_work(
            shape.elements * layer.taps(x.shape),
            x.shape,
            layer.axes(x.shape),
            shape,
            "pooling reads {} numbers",
        )
        planes = tuple(
            tuple(one.result for one in self.windows(channel)) for channel in range(shape.channels)
        )
        return x._replace(shape=shape, planes=planes)


def _edge(axis: Axis) -> Axis:
    """The padded axis, followed by the cells that its last window lacks."""
    N = axis.before + axis.N + axis.after
    return Axis(N, axis.F, axis.S, 0, axis.overhang(), axis.D)


def pool_of(word: str) -> Pool:
    """The layer that a word names: ``max:2``, ``avg:3s2p1`` with stride and padding, or
    ``max:3s2same`` and ``max:3s2ceil``.

    Raises CnncalcError for any other word.
    """
    name, _, window = word.partition(":")
    kinds = {kind.removesuffix("_pool"): kind for kind in REDUCTIONS}
    try:
        kind = layers.find(f"{name.removesuffix('_pool')}_pool")[0]
    except LayerError:
        kind = None
    pattern = rf"({notation.SIZE})((?:[sp]{notation.SIZE})*)(same|ceil)?"
    if kind is None or kind.kind not in REDUCTIONS:
        joined = re.fullmatch(rf"({'|'.join(kinds)})({pattern})", name[:40], re.ASCII)
        help = f"write it as {joined[1]}:{joined[2]}" if joined else f"choose {one_of([*kinds])}"
        raise UsageError(f"no pooling is called {name[:40]!r}", help)
    match = re.fullmatch(pattern, window, re.ASCII)
    if match is None or len(window) > MAX_DIGITS:
        raise UsageError(
            f"write it as max:2, max:3s2p1, max:3s2same or max:3s2ceil, not {word[:40]!r}"
        )
    fields: dict[str, Any] = {"kernel_size": notation.size_of(match[1])}
    fields |= notation.options_of(match[2])
    if match[3] == "same" and "padding" in fields:
        raise UsageError(f"{word[:40]!r} has both padding and 'same'; keep one")
    if match[3]:
        fields |= {"padding": "same"} if match[3] == "same" else {"ceil_mode": True}
    try:
        pool = kind.parse(fields)
    except LayerError as why:
        raise UsageError(f"{kind.kind} {why}") from None
    assert isinstance(pool, Pool)
    return pool
