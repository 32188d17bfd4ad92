"""Networks side by side: their totals, and which layers were added, removed or changed."""

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any, NamedTuple

from cnncalc.analysis.explore.quantities import QUANTITIES, value
from cnncalc.analysis.report import Report, Row

VERSION = 1
"""The version of the data of ``to_dict``."""
MOST_LAYERS = 1_000
"""Longer networks are matched by name and kind alone: matching by structure takes too long."""

MOST_PAIRS = 100_000
"""Networks with more pairs of similar layers are matched by name and kind alone, too."""


class Change(NamedTuple):
    """A layer of two networks, and whether it is the same, changed, added or removed. ``before`` or
    ``after`` is None if only the other network has the layer."""

    change: str
    before: Row | None
    after: Row | None

    @property
    def name(self) -> str:
        """The name in the second network, or in the first if it was removed."""
        row = self.after or self.before
        assert row is not None
        return row.name


@dataclass(frozen=True)
class Comparison:
    """Two or more networks side by side."""

    reports: tuple[Report, ...]

    @cached_property
    def totals(self) -> dict[str, tuple[int | None, ...]]:
        """Every quantity of every network; None if it is not known or not modelled."""
        return {name: tuple(value(name, report) for report in self.reports) for name in QUANTITIES}

    @cached_property
    def layers(self) -> tuple[Change, ...]:
        """The change of every layer from the first network to the last one, in order."""
        return tuple(_changes(self.reports[0].layers, self.reports[-1].layers))

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "format": "cnncalc.comparison",
            "version": VERSION,
            "networks": [report.name for report in self.reports],
            "totals": {name: list(values) for name, values in self.totals.items()},
            "layers": [record(one) for one in self.layers],
        }


def record(one: Change) -> dict[str, Any]:
    """A layer of two networks as plain data."""
    found: dict[str, Any] = {"layer": one.name, "change": one.change}
    for word, row in (("before", one.before), ("after", one.after)):
        found[word] = None if row is None else f"{row.kind} {row.layer.text()}".strip()
        found[f"output_{word}"] = None if row is None else str(row.output)
        found[f"params_{word}"] = None if row is None else row.cost.params
        found[f"macs_{word}"] = None if row is None else row.cost.macs
    return found


def _changes(before: Sequence[Row], after: Sequence[Row]) -> Iterator[Change]:
    """The layers in order; a layer that only one network has comes before the next common one."""
    names = {row.name for row in before} & {row.name for row in after}
    long = max(len(before), len(after)) > MOST_LAYERS
    named = long or 2 * len(names) >= min(len(before), len(after))
    one, other = ([_key(row, named, long) for row in rows] for rows in (before, after))
    often = Counter(other)
    if sum(often[key] for key in one) > MOST_PAIRS:
        named = long = True
        one, other = ([_key(row, named, long) for row in rows] for rows in (before, after))
    for word, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        left, right = before[a:b], after[c:d]
        called = [[(row.name if named else "", row.kind) for row in rows] for rows in (left, right)]
        if word == "equal" or called[0] == called[1]:
            yield from (Change(_verdict(x, y), x, y) for x, y in zip(left, right))
            continue
        yield from (Change("removed", row, None) for row in left)
        yield from (Change("added", None, row) for row in right)


def _key(row: Row, named: bool, long: bool) -> Hashable:
    """A key that is equal for matching layers. Unless ``long``, it ignores automatic names, because
    an additional layer renumbers all later ones."""
    block, _, own = row.name.rpartition(".")
    automatic = re.fullmatch(rf"{row.kind}_?[0-9]+", own) is not None
    if named and (long or not automatic):
        return row.name, row.kind
    return block if named else "", row.kind, row.layer.text()


def _verdict(before: Row, after: Row) -> str:
    """``changed`` if a layer's fields, output, parameters or MACs differ, otherwise ``same``."""
    shown = [(row.layer, row.output, row.cost.params, row.cost.macs) for row in (before, after)]
    return "same" if shown[0] == shown[1] else "changed"
