"""A sweep on arrays. Only those configurations of a chunk that may be shown become objects."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cnncalc.analysis.explore.arrays import Array, Program
from cnncalc.analysis.explore.evaluate import Configurations
from cnncalc.analysis.explore.grid import Chunk, Grid
from cnncalc.analysis.explore.outcome import Point, Sweep, wholes
from cnncalc.analysis.explore.paths import Path, path_of, split
from cnncalc.analysis.explore.quantities import Amount
from cnncalc.analysis.explore.sweep import Condition, Goal, Loop, Request
from cnncalc.analysis.explore.topologies import Column, Group, Refusal, Topologies, axis_of
from cnncalc.formulas.recorded import Portion, Recording


class Arrays(Loop):
    """Evaluates all configurations of a chunk at once."""

    size = 2**16

    def __init__(self, evaluate: Configurations, grid: Grid, request: Request) -> None:
        super().__init__(evaluate, grid, request)
        self.topologies = Topologies(evaluate, grid)

    def __call__(self, chunk: Chunk) -> Sweep:
        """The results for a chunk, with only those configurations that may have to be shown."""
        found = self.request.result(self.grid)
        found.done = chunk.number
        groups = []
        refused: list[tuple[int, int, str]] = []
        for one in self.topologies.groups(chunk):
            if isinstance(one, Refusal):
                refused.append((int(one.positions[0]), len(one.positions), one.reason))
            else:
                groups.append(self.met(one, chunk))
        for position, count, reason in sorted(refused):
            found.refuse(reason, self.grid.values(chunk.at(position)), count)
        found.met = sum(len(group.positions) for group in groups)
        found.kept = self.kept(groups, chunk)
        return found

    def kept(self, groups: Sequence[Group], chunk: Chunk) -> list[Point]:
        """The points of these groups that may have to be shown, in order."""
        request, points = self.request, []
        for group in groups:
            if any(group.quantities[goal.name] is None for goal in request.goals):
                continue
            places = np.arange(len(group.positions))
            if request.front:
                places = unbeaten(_costs(group, request.front))
            elif request.order:
                (cost,) = _costs(group, request.order)
                places = np.argsort(cost, kind="stable")[: request.best]
            else:
                places = places[: request.best]
            columns = {
                name: [None] * len(places) if one is None else one.at(places).numbers()
                for name, one in group.quantities.items()
            }
            rows = zip(*columns.values())
            points += [
                (position, dict(zip(columns, row)))
                for position, row in zip(group.positions[places].tolist(), rows)
            ]
        points.sort(key=lambda one: one[0])
        return self.chosen(
            Point(self.grid.values(chunk.at(position)), quantities)
            for position, quantities in points
        )

    def chosen(self, points: Iterable[Point]) -> list[Point]:
        """The points to show, chosen from those that meet the condition."""
        return self.request.chosen(points, front)

    def met(self, group: Group, chunk: Chunk) -> Group:
        """The part of a group that meets the condition."""
        condition = self.request.condition
        if not condition.text:
            return group
        known = {name: one for name, one in group.quantities.items() if one is not None}
        mask = np.zeros(len(group.positions), bool)
        if all(name in known for name in condition.quantities) and len(mask):
            used = [name for name in self.grid.over if condition.uses(name)]
            axes = {name: axis_of(self.grid.over[name]) for name in used}
            if None in axes.values():  # words and lists are compared one by one
                listed = {name: one.numbers() for name, one in known.items()}
                for place, position in enumerate(group.positions.tolist()):
                    row = {name: numbers[place] for name, numbers in listed.items()}
                    values = self.grid.values(chunk.at(position))
                    mask[place] = condition.holds(Point(values, row))
            else:
                mask = self.holding(condition, known, axes, chunk, group.positions)
        columns = {
            name: None if one is None else one.at(mask) for name, one in group.quantities.items()
        }
        return Group(group.positions[mask], columns)

    def holding(
        self,
        condition: Condition,
        known: Mapping[str, Column],
        axes: Mapping[str, Any],
        chunk: Chunk,
        positions: Array,
    ) -> Array:
        """A mask of the configurations for which a condition holds, computed on arrays."""
        places = dict(zip(self.grid.over, _places(chunk, positions)))
        columns = {name: known[name] for name in condition.quantities}
        columns |= {
            name: Column(axis.wholes[places[name]], axis.per) for name, axis in axes.items()
        }
        numbers = {name: one.wholes for name, one in columns.items()}
        bounds = {name: (int(array.min()), int(array.max())) for name, array in numbers.items()}

        def record(now: Mapping[str, int]) -> Path:
            recording = Recording()
            values: dict[str, Any] = {}
            for name, number in now.items():
                values[name] = recording.variable(name, number, bounds[name])
                if columns[name].per > 1:
                    values[name] = Portion(values[name], columns[name].per)
            return path_of(recording, Program([condition.value(values, {})]))

        mask = np.zeros(len(positions), bool)
        for path, region in split(numbers, np.arange(len(positions)), [], record):
            assert path is not None
            (holds,) = path.result.run(region.variables)
            mask[region.positions] = region.column(holds)
        return mask


def _places(chunk: Chunk, positions: Array) -> Sequence[Array]:
    """The places along each axis of the configurations at some positions."""
    axes = [np.asarray(axis) for axis in chunk.axes]
    if chunk.sampled:
        return [axis[positions] for axis in axes]
    indices = np.unravel_index(positions, [*map(len, axes)])
    return [axis[index] for axis, index in zip(axes, indices)]


def _costs(group: Group, goals: Sequence[Goal]) -> list[Array]:
    """The numbers to minimize, for each goal."""
    columns: list[Any] = [group.quantities[goal.name] for goal in goals]
    return [-one.wholes if goal.most else one.wholes for goal, one in zip(goals, columns)]


def front(points: Sequence[Point], goals: Sequence[Goal]) -> list[Point]:
    """The points that no others beat, in order."""
    if not points:
        return []
    costs = [[goal.of(point) for point in points] for goal in goals]
    return [points[place] for place in unbeaten([_column(cost) for cost in costs])]


def _column(numbers: Sequence[Amount]) -> Array:
    whole, _ = wholes(numbers)
    try:
        return np.array(whole, np.int64)
    except OverflowError:
        return np.array(whole, object)


def unbeaten(costs: Sequence[Array]) -> Array:
    """The places of the costs that no others beat, by being at most as large in every goal and
    smaller in at least one. ``costs`` has an array for each goal."""
    order = np.lexsort(costs[::-1])  # whatever beats a row comes before it
    rows = np.stack(costs, 1)[order]
    if len(costs) == 2:  # rows with a new minimum of the second cost, and rows equal to them
        least = np.minimum.accumulate(rows[:, 1])
        starts = np.flatnonzero(np.append(True, least[1:] < least[:-1]))
        first = np.repeat(starts, np.diff(np.append(starts, len(rows))))
        return np.sort(order[(rows == rows[first]).all(1)])
    kept = []
    while len(order):
        same = (rows == rows[0]).all(1)
        kept += order[same].tolist()
        left = (rows < rows[0]).any(1)
        order, rows = order[left], rows[left]
    return np.array(sorted(kept), int)
