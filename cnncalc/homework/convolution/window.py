"""Padding, and the cells under a window at each of its positions.

The layers compute the positions and sizes; this module selects the numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from operator import mul
from typing import NamedTuple

from cnncalc.core.errors import UsageError
from cnncalc.core.shape import Map
from cnncalc.homework.convolution.matrix import LARGEST, Real, Tensor
from cnncalc.layers._transposed import TransposedAxis
from cnncalc.layers._window import Axis, padded
from cnncalc.layers.pad import Pad

MAX_PRODUCTS = 300_000
"""The maximum number of products to compute, or of numbers to pool."""
MAX_CELLS = 100_000
"""The maximum number of elements in a map, including its padding."""

Place = tuple[int, ...]
"""The position of an output along each axis, starting at 1."""


def _nothing(place: int, N: int) -> int | None:
    return place if 0 <= place < N else None


def _reflected(place: int, N: int) -> int:
    return abs(place) if place < N else 2 * (N - 1) - place


def _nearest(place: int, N: int) -> int:
    return min(max(place, 0), N - 1)


def _wrapped(place: int, N: int) -> int:
    """The cell at a position that wraps around to the other edge."""
    return place % N


class Mode(NamedTuple):
    """A padding mode: which of N cells appears at a position outside them (None for zero), and the
    name of the mode in output."""

    seen: Callable[[int, int], int | None]
    label: str


MODES = {
    "zeros": Mode(_nothing, "zeros"),
    "reflect": Mode(_reflected, "reflected"),
    "replicate": Mode(_nearest, "edge repeated"),
    "circular": Mode(_wrapped, "wrapped around"),
}
"""Padding modes by name."""


def check_work(
    taken: int,
    x: Map,
    axes: Sequence[Axis],
    output: Map,
    step: str = "convolution computes {} products",
) -> None:
    """Raise UsageError if there is too much to compute in this step."""
    for what, cells in (("input with its padding", padded(x, axes)), ("output", output.elements)):
        if cells > MAX_CELLS:
            raise UsageError(
                f"the {what} has {_format_count(cells)} numbers, but the limit is {MAX_CELLS:,}; "
                "use smaller sizes, or get only the sizes and counts with 'cnncalc layer'"
            )
    if taken > MAX_PRODUCTS:
        raise UsageError(
            f"the {step.format(_format_count(taken))}, but the limit is {MAX_PRODUCTS:,}; "
            "use part of the input"
        )


def _format_count(count: int) -> str:
    return f"{count:,}" if count < LARGEST else "very many"


def pad(x: Tensor, axes: Sequence[Axis], mode: str, outside: Real = 0) -> Tensor:
    """The tensor with its padding; ``outside`` takes the place of zeros.

    Raises LayerError for an unknown mode, and if there are too few cells to reflect or wrap around.
    """
    sides = tuple((axis.before, axis.after) for axis in axes)
    shape = Pad.parse({"padding": sides, "mode": mode}).output(x.shape)
    steps = _steps(x.shape.spatial)
    along = [
        [MODES[mode].seen(place, axis.N) for place in range(-axis.before, axis.N + axis.after)]
        for axis in axes
    ]
    cells = [
        None if any(i is None for i in place) else sum(map(mul, place, steps))
        for place in product(*along)
    ]
    planes = tuple(
        tuple(outside if cell is None else plane[cell] for cell in cells) for plane in x.planes
    )
    return x._replace(shape=shape, planes=planes)


def windows(axes: Sequence[Axis]) -> Iterator[tuple[Place, list[int]]]:
    """Every position of the window, and the cells of a padded plane under it."""
    steps = _steps([axis.before + axis.N + axis.after for axis in axes])
    taps = product(*(range(0, axis.extent, axis.D) for axis in axes))
    under = [sum(map(mul, tap, steps)) for tap in taps]
    for place in product(*(range(axis.places()) for axis in axes)):
        first = sum(i * axis.S * step for i, axis, step in zip(place, axes, steps))
        yield tuple(i + 1 for i in place), [first + tap for tap in under]


def footprints(axes: Sequence[TransposedAxis]) -> Iterator[tuple[Place, list[int], list[int]]]:
    """Every position of the output of a transposed window, the cells of a plane that reach it, and
    the tap of the kernel that multiplies each of these cells."""
    into, over = _steps([axis.N for axis in axes]), _steps([axis.F for axis in axes])
    met = [*map(_met, axes)]
    for place in product(*(range(len(along)) for along in met)):
        pairs = [*product(*(along[i] for along, i in zip(met, place)))]
        cells = [sum(cell * step for (cell, _), step in zip(pair, into)) for pair in pairs]
        taps = [sum(tap * step for (_, tap), step in zip(pair, over)) for pair in pairs]
        yield tuple(i + 1 for i in place), cells, taps


def _met(axis: TransposedAxis) -> list[list[tuple[int, int]]]:
    """The cells along an axis that reach each output, with their taps."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(axis.places())]
    for tap in reversed(range(axis.F)):
        for cell in range(axis.N):
            place = cell * axis.S + tap * axis.D - axis.P
            if 0 <= place < len(found):
                found[place].append((cell, tap))
    return found


def _steps(spatial: Sequence[int]) -> list[int]:
    """The distance between neighbours along each axis in a plane."""
    return [prod(spatial[axis + 1 :]) for axis in range(len(spatial))]
