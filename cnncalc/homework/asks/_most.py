"""The asks about the layer with the most of something."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from cnncalc.analysis.report import Report, Row
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.asks._counted import exact
from cnncalc.homework.written import Name, Names, Value


class Most(Ask):
    """The name of the layer with the most of something; in a tie, any of the tied layers."""

    takes = (Name,)
    adds_up = False
    count: ClassVar[str]
    """The field of ``Cost``."""
    noun: ClassVar[str]
    """The noun for what it counts, as in ``MACs``."""

    def of(self, row: Row, report: Report) -> Value:
        """Raise NoAnswer: only a network or a block has such a layer."""
        raise NoAnswer("is a single layer; ask about the network")

    def total(self, rows: Sequence[Row], report: Report, times: Mapping[str, int]) -> Value:
        """The layers with the largest count; raises LayerError if it is 0 or not known."""
        counts = {row.name: exact(row, self.count) for row in rows if row.sources}
        most = max(counts.values())
        if not most:
            raise NoAnswer("has no layer where this is more than 0")
        return Names(name for name, count in counts.items() if count == most)

    def derive_total(
        self, rows: Sequence[Row], report: Report, times: Mapping[str, int]
    ) -> Derivation:
        """The largest counts, at most three, in descending order."""
        counts = {row.name: exact(row, self.count) for row in rows if row.sources}
        (most, count), *others = sorted(counts.items(), key=lambda item: -item[1])[:3]
        after = ", ".join(f"{name} has {count:,}" for name, count in others)
        shown = f"{most}, with {count:,} {self.noun}"
        return Derivation(self.title, (), f"{shown}; {after}" if after else shown)
