"""The results of a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.analysis.explore.grid import Values
from cnncalc.analysis.explore.quantities import Amount, Quantity, quantity

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.clock import Clock


class Point(NamedTuple):
    """A configuration and its quantities; a quantity that is not known is None."""

    values: Values
    quantities: Mapping[str, Amount | None]


def wholes(numbers: Sequence[Amount]) -> tuple[list[int], int]:
    """Numbers as integers over a common denominator, and the denominator."""
    per = lcm(*{one.denominator for one in numbers})
    return [one.numerator * (per // one.denominator) for one in numbers], per


@dataclass
class Sweep:
    """The requested configurations, in order, with the number of all configurations.

    ``refused`` has each reason why configurations are not valid networks, with the first such
    configuration and their number; if a layer has very many reasons, only some are worked out.
    ``done`` is less than ``total`` if the sweep was interrupted.
    """

    names: tuple[str, ...]
    quantities: tuple[str, ...]
    total: int
    best: int | None = None
    kept: list[Point] = field(default_factory=list)
    refused: dict[str, tuple[Values, int]] = field(default_factory=dict)
    done: int = 0
    met: int = 0
    """The number of configurations that meet the condition."""
    clock: "Clock | None" = None
    """What gives the times, if there are any."""

    @property
    def points(self) -> list[Point]:
        """The configurations to show."""
        return self.kept if self.best is None else self.kept[: self.best]

    def refuse(self, reason: str, first: Values, count: int) -> None:
        """Count configurations that are not valid networks."""
        before = self.refused.get(reason, (first, 0))
        self.refused[reason] = before[0], before[1] + count

    def to_dict(self) -> list[dict[str, Any]]:
        """One mapping for each of ``points``."""
        return [
            self.record(point.values, [point.quantities[name] for name in self.quantities])
            for point in self.points
        ]

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys of the mappings that ``to_dict`` returns."""
        blank = self.record(dict.fromkeys(self.names), [None] * len(self.quantities))
        return (*blank,)

    def record(self, values: Values, amounts: Sequence[Amount | None]) -> dict[str, Any]:
        """The mapping of a configuration: its values, and the columns of its quantities."""
        found = dict(values)
        for name, amount in zip(self.quantities, amounts):
            found |= self.quantity(name).record(name, amount)
        return found

    def quantity(self, name: str) -> Quantity:
        """The quantity with this name."""
        return quantity(name, self.clock)
