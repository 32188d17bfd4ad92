"""Which pixels the first unit of a map reads, found by running the network: a pixel set to NaN
turns every unit that reads it into NaN.

Gradients would miss pixels: a max pool has one only for the value that it picked, and ReLU has none
below 0.
"""

import platform
from bisect import bisect_left
from collections.abc import Callable
from fractions import Fraction
from itertools import starmap
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cnncalc.analysis.report import Report, Row
from cnncalc.bridge import modules
from cnncalc.bridge.network import Network
from cnncalc.core.shape import Map

EXACT = platform.machine() in {"x86_64", "AMD64"}
"""Whether float32 is as safe as float64. On other machines, and everywhere in half precision,
PyTorch convolves some maps in tiles, so NaN spreads to positions that do not read it."""

REORDERING = (modules.Reshape, modules.Permute, nn.Unfold, nn.Fold)
"""Modules after which positions are no longer those of the image."""

UNEVEN = (modules.DeformConv, modules.ConvLSTM, modules.MaxUnpool)
"""Modules in which some units read less than others."""

WHOLE_MAP = (nn.GroupNorm, nn.LayerNorm, nn.modules.instancenorm._InstanceNorm)
"""Modules that compute statistics over the whole map; ``ChannelsNorm`` does not."""


class Span(NamedTuple):
    """Pixels along an axis: the first, and one past the last."""

    first: int
    end: int


Spans = tuple[Span, ...]


def last_map(report: Report) -> Row | None:
    """The last layer that outputs a map with more than one position."""
    maps = [row for row in report.layers if isinstance(row.output, Map)]
    return next((row for row in reversed(maps) if max(row.output.dimensions[1:]) > 1), None)


def cannot_tell(report: Report, row: Row, network: Network, device: str) -> str:
    """Why the pixels that a unit of this map reads cannot be compared; empty if they can."""
    if device != "cpu":
        return "it is found only on the CPU; use --device cpu to compare it"
    if len(report.input_shapes) > 1:
        return "the network has several inputs"
    fields = [field for row in report.rows for field in row.fields or ()]
    if any(
        isinstance(number, Fraction) for field in fields for number in (field.jump, field.start)
    ):
        return "after uneven windows, units differ in how much they read"
    for module in network.modules():
        if _measures(module):
            return "a normalization reads more pixels for its statistics, which do not count here"
        if isinstance(module, REORDERING):
            return "a layer moves numbers to other positions"
        if isinstance(module, UNEVEN):
            return "what a unit reads depends on the numbers or on its position"
    if any(field.bound for field in row.fields or ()):
        return "the calculated field is only an upper bound"
    reach = [one for row in report for one in row.layer.reach(*row.inputs) or ()]
    if any(one.wraps for one in reach):
        return "circular padding reads pixels at the other end of the image"
    if any(one.copies for one in reach) and clipped(report, calculated(row))[0].end == 0:
        return "the first unit reads only padding, which copies pixels of the image"
    return ""


def _measures(module: nn.Module) -> bool:
    """Whether a module normalizes by statistics of the whole map."""
    if isinstance(module, nn.modules.batchnorm._BatchNorm):
        return not module.track_running_stats
    return isinstance(module, WHOLE_MAP) and not isinstance(module, modules.ChannelsNorm)


def clipped(report: Report, spans: Spans) -> Spans:
    """The pixels that lie inside the image; none if they lie outside it along any axis."""
    lengths = report.input_shape.dimensions[1:]
    inside = [
        Span(min(max(first, 0), length), min(max(end, 0), length))
        for (first, end), length in zip(spans, lengths)
    ]
    beside = any(first == end for first, end in inside)
    return tuple(Span(0, 0) if beside else span for span in inside)


def calculated(row: Row) -> Spans:
    """The pixels that the first unit of a map reads along each axis, from its receptive field."""
    return tuple(Span(int(one.start), int(one.start) + one.size) for one in row.fields or ())


def in_pytorch(report: Report, row: Row, network: Network, guess: Spans) -> Spans | None:
    """The pixels that the first unit reads, found by running the network in eval mode, starting
    from the guess. None if the unit is NaN even for an image without NaN. The network stays in eval
    mode, and in float64 unless it is in float32 and that is safe."""
    unit = _Unit(report, row, network.eval())
    with torch.no_grad():
        if unit.is_nan(unit.image):
            return None
        return tuple(starmap(unit.span, enumerate(guess)))


def cannot_compare(ours: Spans, inside: Spans, theirs: Spans) -> str:
    """Why PyTorch's pixels may differ from the calculated ones; empty if they must agree.
    ``inside`` are the calculated pixels that lie inside the image."""
    if theirs == inside:
        return ""
    if not any(end for _, end in theirs):
        return "the first unit reads nothing but padding"
    ends_in_gaps = all(
        (their.first == there.first or their.first > there.first > our.first)
        and (their.end == there.end or their.end < there.end < our.end)
        for our, there, their in zip(ours, inside, theirs)
    )
    return "the image ends in a gap between the pixels that are read" if ends_in_gaps else ""


class _Unit:
    """The first unit of a map, in all its channels."""

    def __init__(self, report: Report, row: Row, network: Network) -> None:
        exact = EXACT and report.dtype == "float32"
        self.network = network if exact else network.double()
        dtype = torch.float32 if exact else torch.float64
        self.image = torch.zeros(1, *report.input_shape.dimensions, dtype=dtype)
        self.place = (0, slice(None), *[0] * (len(row.output.dimensions) - 1))
        self.values: Tensor
        self.layer = row.name
        network._after.append(self._seen)

    def _seen(self, name: str, output: Tensor) -> None:
        if name == self.layer:
            self.values = output[self.place]

    def span(self, axis: int, guess: Span) -> Span:
        """The first pixel that the unit reads along an axis, and one past the last."""
        length = self.image.shape[2 + axis]
        end = _least(length, guess.end, lambda cut: not self.reads(axis, cut, length))
        if end == 0:  # it reads nothing
            return Span(0, 0)
        first = (
            _least(length, min(guess.first + 1, length), lambda cut: self.reads(axis, 0, cut)) - 1
        )
        return Span(first, end)

    def reads(self, axis: int, begin: int, end: int) -> bool:
        """Whether the unit reads any of these pixels along an axis."""
        if begin == end:
            return False
        image = self.image.clone()
        image.narrow(2 + axis, begin, end - begin).fill_(torch.nan)
        return self.is_nan(image)

    def is_nan(self, image: Tensor) -> bool:
        """Whether the unit is NaN for this image."""
        self.network(image)
        return bool(self.values.isnan().any())


def _least(length: int, guess: int, holds: Callable[[int], bool]) -> int:
    """The first position, at most ``length``, from which the condition holds."""
    if holds(guess) and not (guess and holds(guess - 1)):
        return guess
    return bisect_left(range(length + 1), True, key=holds)
