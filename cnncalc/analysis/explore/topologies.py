"""The quantities of many configurations at once.

A network is computed once on numbers that record their operations. The recording is valid for all
configurations for which every decision on the way has the same outcome; these share a topology, and
their quantities are computed on arrays. Each other topology is recorded in turn. If too few
configurations share a topology, they are computed one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from math import isfinite, lcm, prod
from typing import Any, NamedTuple

import numpy as np

from cnncalc.analysis.explore.arrays import Array, Program
from cnncalc.analysis.explore.evaluate import Configurations
from cnncalc.analysis.explore.grid import Chunk, Grid
from cnncalc.analysis.explore.paths import Path, Region, path_of, split
from cnncalc.analysis.explore.quantities import Amount
from cnncalc.core.errors import CnncalcError
from cnncalc.formulas.recorded import Portion, Recording, over

FREE = 30
"""This many topologies are recorded in any case."""
MOST = 500
"""The most topologies to record. Each takes some memory, and may be tried for every chunk."""
WORTH = 10
"""After ``FREE`` topologies, recording goes on only while recordings serve this many configurations
on average, because a recording takes about as long as computing a few configurations one by one."""
REASONS = 100
"""The most reasons to work out for the configurations that one layer refuses in the same way."""

Quantities = Mapping[str, Amount | None]


class Axis(NamedTuple):
    """The numbers along an axis: integers, each divided by ``per``, and the least and greatest of
    the integers."""

    wholes: Array
    per: int
    bounds: tuple[int, int]


class Column(NamedTuple):
    """Numbers of several configurations: integers, each divided by ``per``."""

    wholes: Array
    per: int

    def at(self, places: Array) -> "Column":
        """The numbers at some places, or where a mask holds."""
        return Column(self.wholes[places], self.per)

    def numbers(self) -> list[Any]:
        """All numbers, exactly."""
        wholes: list[int] = self.wholes.tolist()
        return wholes if self.per == 1 else [Fraction(one, self.per) for one in wholes]


class Group(NamedTuple):
    """The positions of configurations in a chunk, and a column for each quantity, or None if the
    quantity is not known."""

    positions: Array
    quantities: Mapping[str, Column | None]


class Refusal(NamedTuple):
    """The positions of configurations that are not valid networks, and the reason."""

    positions: Array
    reason: str


class Gives(NamedTuple):
    """The results of a topology. ``numbers`` computes the quantities ``names``, each to be divided
    by its ``per``. It is None if the topology is not a valid network; ``texts`` then computes the
    numbers on which the reason depends."""

    names: tuple[str, ...]
    per: tuple[int, ...]
    numbers: Program | None
    texts: Program


def axis_of(values: Sequence[Any]) -> Axis | None:
    """The axis of these values; None unless all are finite numbers."""
    if not all(type(one) is int or (type(one) is float and isfinite(one)) for one in values):
        return None
    numbers = [Fraction(str(one)) for one in values]
    per = lcm(*(one.denominator for one in numbers))
    wholes = [int(one * per) for one in numbers]
    return Axis(np.array(wholes, object), per, (min(wholes), max(wholes)))


class Topologies:
    """The topologies of a network that are known so far."""

    def __init__(self, evaluate: Configurations, grid: Grid) -> None:
        self.evaluate, self.grid = evaluate, grid
        self.axes = {
            name: axis
            for name, values in grid.over.items()
            if evaluate.records(name) and (axis := axis_of(values)) is not None
        }
        self.known: dict[str, list[Path]] = {}
        self.reasons: dict[int, dict[tuple[int, ...], str | Quantities]] = {}
        self.recorded = self.served = 0
        self.failed = False

    @property
    def together(self) -> int:
        """The largest number of configurations that could share a recording."""
        return prod(len(axis.wholes) for axis in self.axes.values())

    def groups(self, chunk: Chunk) -> Iterator[Group | Refusal]:
        """The results of a chunk."""
        for fixed, variables, positions in self.parts(chunk):
            known = self.known.setdefault(repr(fixed), [])

            record = partial(self.record, fixed)
            for path, region in split(variables, positions, known, record):
                if path is None:
                    yield from self.one_by_one(region.positions, chunk)
                else:
                    self.served += len(region.positions)
                    yield from self.results(path, region, chunk)

    def parts(self, chunk: Chunk) -> Iterator[tuple[dict[str, Any], dict[str, Array], Array]]:
        """The chunk in parts, in each of which everything that cannot be recorded has a single
        value. Yields these values, the arrays of the numbers that can, and the positions of the
        configurations."""
        names = [*self.grid.over]
        fixed = [place for place, name in enumerate(names) if name not in self.axes]
        positions = np.arange(chunk.number)
        axes: Sequence[Array] = [np.asarray(axis) for axis in chunk.axes]
        if not chunk.sampled:
            positions = positions.reshape([*map(len, axes)])
            axes = np.ix_(*axes)
        for places in product(*({*map(int, axes[place].flat)} for place in fixed)):
            here, numbers = positions, axes
            for place, index in zip(fixed, places):
                chosen = np.flatnonzero(numbers[place] == index)
                along = 0 if chunk.sampled else place
                here = here.take(chosen, along)
                numbers = [
                    one.take(chosen, along) if chunk.sampled or other == place else one
                    for other, one in enumerate(numbers)
                ]
            if here.size:
                yield (
                    {names[one]: self.grid.over[names[one]][n] for one, n in zip(fixed, places)},
                    {name: self.axes[name].wholes[one]
                     for name, one in zip(names, numbers) if name in self.axes},
                    here,
                )  # fmt: skip

    def record(self, fixed: Mapping[str, Any], wholes: Mapping[str, int]) -> Path | None:
        """The topology of a configuration; None if it cannot be recorded, if too few configurations
        share a topology, or if ``MOST`` have been recorded."""
        rare = self.recorded >= FREE and self.served < WORTH * self.recorded
        if self.failed or rare or self.recorded >= MOST:
            return None
        self.recorded += 1
        recording = Recording()
        values, plain = dict(fixed), dict(fixed)
        for name, whole in wholes.items():
            axis = self.axes[name]
            number = recording.variable(name, whole, axis.bounds)
            values[name] = number if axis.per == 1 else Portion(number, axis.per)
            plain[name] = whole if axis.per == 1 else whole / axis.per
        found: dict[str, Any] | None
        try:
            found = self.evaluate.measured(values)
        except CnncalcError:
            found = None
        except Exception:  # code that fails on anything but plain numbers
            self.failed = True
            return None
        exact = self.evaluate(plain)
        now = found and {name: _now(one) for name, one in found.items()}
        if now != (None if isinstance(exact, str) else exact):
            self.failed = True
            return None
        if found is None:
            return path_of(recording, Gives((), (), None, Program([*recording.texts])))
        for text in [*recording.texts]:
            text.plain()  # code that uses it may depend on its value
        pairs = {name: over(one) for name, one in found.items() if one is not None}
        numbers = Program([whole for whole, _ in pairs.values()])
        per = tuple(per for _, per in pairs.values())
        return path_of(recording, Gives((*pairs,), per, numbers, Program([])))

    def results(self, path: Path, region: Region, chunk: Chunk) -> Iterator[Group | Refusal]:
        """The results of a topology for a region."""
        gives: Gives = path.result
        if gives.numbers is None:
            yield from self.refused(path, region, chunk)
            return
        arrays = gives.numbers.run(region.variables)
        columns: dict[str, Any] = dict.fromkeys(self.evaluate.quantities)
        columns |= {
            name: Column(region.column(array), per)
            for name, per, array in zip(gives.names, gives.per, arrays)
        }
        yield Group(region.positions, columns)

    def refused(self, path: Path, region: Region, chunk: Chunk) -> Iterator[Group | Refusal]:
        """Why the configurations of a region are not valid networks. Each combination of the
        numbers in the text of the reason gets its own reason, up to ``REASONS`` of them; all others
        get the first one."""
        texts = path.result.texts.run(region.variables)
        rows = [*zip(*(region.column(one).tolist() for one in texts))] or [()] * len(
            region.positions
        )
        by_reason: dict[str, list[int]] = {}
        alone: list[int] = []
        known = self.reasons.setdefault(id(path), {})
        for row, position in zip(rows, region.positions.tolist()):
            if row not in known and len(known) < REASONS:
                known[row] = self.evaluate(self.grid.values(chunk.at(position)))
            reason = known[row] if row in known else known[next(iter(known))]
            if isinstance(reason, str):
                by_reason.setdefault(reason, []).append(position)
            else:
                alone.append(position)
        for reason, positions in by_reason.items():
            yield Refusal(np.array(positions), reason)
        yield from self.one_by_one(np.array(alone, int), chunk)

    def one_by_one(self, positions: Array, chunk: Chunk) -> Iterator[Group | Refusal]:
        """The results of configurations that are computed without arrays."""
        for position in positions.tolist():
            found = self.evaluate(self.grid.values(chunk.at(position)))
            here = np.array([position])
            if isinstance(found, str):
                yield Refusal(here, found)
            else:
                columns = {
                    name: None if one is None else Column(np.array([whole], object), per)
                    for name, one in found.items()
                    for whole, per in [over(one or 0)]
                }
                yield Group(here, columns)


def _now(number: Any) -> Any:
    """The value of a number that may be recorded; None if it is not known."""
    if number is None:
        return None
    whole, per = over(number)
    return Fraction(getattr(whole, "value", whole), per)
