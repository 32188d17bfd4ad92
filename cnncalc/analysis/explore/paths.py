"""Computations on arrays whose decisions depend on the values: each distinct path is recorded once,
for all values that take it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cnncalc.analysis.explore.arrays import Array, Program
from cnncalc.formulas.recorded import Recording


class Path(NamedTuple):
    """A path: its guards with their outcomes, and its results, perhaps as a program."""

    guards: Program
    outcomes: tuple[bool, ...]
    result: Any

    def taken(self, variables: Mapping[str, Array], shape: tuple[int, ...]) -> Array:
        """A mask of the values that take this path."""
        found = np.ones(shape, bool)
        for condition, outcome in zip(self.guards.run(variables), self.outcomes):
            found &= condition if outcome else ~condition
        return found


def path_of(recording: Recording, result: Any) -> Path:
    """The path of a recording."""
    return Path(Program([*recording.guards]), tuple(recording.guards.values()), result)


class Region(NamedTuple):
    """The configurations that take a path: the smallest part of the variables that contains them
    all, their mask in that part, and their positions."""

    variables: Mapping[str, Array]
    mask: Array
    positions: Array

    def column(self, array: Array) -> Array:
        """The values of an array for these configurations, in a row."""
        return np.broadcast_to(array, self.mask.shape)[self.mask]


def region(variables: Mapping[str, Array], positions: Array, mask: Array) -> Region:
    """Cut the variables down to the places along each axis at which the mask is true anywhere."""
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        places = np.flatnonzero(mask.any(axis=others))
        if len(places) < mask.shape[axis]:
            mask, positions = mask.take(places, axis), positions.take(places, axis)
            variables = {
                name: array.take(places, axis) if array.shape[axis] > 1 else array
                for name, array in variables.items()
            }
    return Region(variables, mask, positions[mask])


def split(
    variables: Mapping[str, Array],
    positions: Array,
    known: list[Path],
    record: Callable[[Mapping[str, int]], Path | None],
) -> Iterator[tuple[Path | None, Region]]:
    """Every path and where it is taken. ``record`` gives the path of some values. If it returns
    None, all values that take no known path come as one region without a path. New paths are added
    to ``known``."""
    remaining = np.ones(positions.shape, bool)

    def take(path: Path) -> Iterator[tuple[Path | None, Region]]:
        mask = path.taken(variables, positions.shape) & remaining
        if mask.any():
            remaining[mask] = False
            yield path, region(variables, positions, mask)

    for one in known:
        yield from take(one)
        if not remaining.any():
            return
    while remaining.any():
        index = tuple(int(one) for one in np.unravel_index(remaining.argmax(), remaining.shape))
        path = record({name: _at(array, index) for name, array in variables.items()})
        if path is None:
            yield None, region(variables, positions, remaining)
            return
        known.append(path)
        yield from take(path)
        assert not remaining[index]


def _at(array: Array, index: Sequence[int]) -> int:
    """The value of a broadcast array at an index."""
    return int(array[tuple(min(place, size - 1) for place, size in zip(index, array.shape))])
