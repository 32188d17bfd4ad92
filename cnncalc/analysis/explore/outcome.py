"""The results of a sweep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cnncalc.analysis.explore.grid import Values


class Point(NamedTuple):
    """A configuration and its quantities; one that is not known is None."""

    values: Values
    quantities: Mapping[str, int | None]


@dataclass
class Sweep:
    """The requested configurations, in order, and how many there are.

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

    @property
    def points(self) -> list[Point]:
        """The configurations to show."""
        return self.kept if self.best is None else self.kept[: self.best]

    def refuse(self, reason: str, first: Values, count: int) -> None:
        """Add configurations that are not networks."""
        before = self.refused.get(reason, (first, 0))
        self.refused[reason] = before[0], before[1] + count

    def to_dict(self) -> list[dict[str, Any]]:
        """One mapping for each configuration."""
        return [{**point.values, **{name: point.quantities[name] for name in self.quantities}}
                for point in self.points]  # fmt: skip
