"""What an ask is: the interface that every file of ``asks/`` fills in.

An ask is what a question wants to know of a layer or of a network: its truth, how that is derived,
and what kinds of written values answer it. It is named by its file.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import ClassVar

from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError, some
from cnncalc.derivations import explain
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.written import Number, Value, Written, told


class Ask:
    """What is wanted. Subclasses are one to a file, and hold nothing."""

    name: ClassVar[str]
    """The canonical name: the file's."""
    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names; case, underscores and hyphens never matter."""
    takes: ClassVar[tuple[type[Written], ...]] = (Number,)
    """The kinds of values that answer it."""
    unit: ClassVar[str] = ""
    """What the truth is counted in, where a written value may say so."""
    also: ClassVar[tuple[str, ...]] = ()
    """Asks whose truth is let pass as well where no unit is written, and told."""
    explained: ClassVar[str | None] = None
    """The quantity of ``cnncalc explain`` that it is derived with."""
    symbols: ClassVar[tuple[str, ...]] = ()
    """The equations of that quantity that belong to it; all of them where there are none."""
    made_of: ClassVar[tuple[str, ...]] = ()
    """The asks of the same layer whose answers it can be made of."""
    geometry: ClassVar[bool] = False
    """Whether it is about the window alone, wherever it fits or not."""
    costs: ClassVar[bool] = True
    """Whether it is about what a layer costs, not about its shape alone."""
    numbers: ClassVar[bool] = False
    """Whether it is about the numbers in a map, not about their count."""
    adds_up: ClassVar[bool] = True
    """Whether the truth of a network is the sum of its layers', not that of the last one."""
    whole_way: ClassVar[bool] = False
    """Whether it depends on all layers before, not only on what enters this one."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.__module__.rpartition(".")[2]

    @property
    def title(self) -> str:
        """The name as it is read."""
        return self.name.replace("_", " ")

    def check(self, row: Row) -> None:
        """Raise LayerError where it makes no sense to ask this of a layer."""

    def of(self, row: Row, report: Report) -> Value:
        """The truth of one layer; raises LayerError where there is none."""
        raise NotImplementedError

    def total(self, rows: Sequence[Row], report: Report, times: Mapping[str, int]) -> Value:
        """The truth of a network or a block, every layer added as often as ``times`` says (once).

        Raises LayerError where it cannot be added up.
        """
        if not self.adds_up:
            return self.of(rows[-1], report)
        summands = self.summands(rows, report)
        if not times:
            return sum(summands.values())
        return sum(count * times.get(name, 1) for name, count in summands.items())

    def summands(self, rows: Sequence[Row], report: Report) -> dict[str, int]:
        """What every layer adds to the total, where it adds anything."""
        summands = {}
        for row in rows:
            count = self.added(row, report)
            if isinstance(count, bool) or not isinstance(count, int):
                raise LayerError(f"{self.title} has no total")
            if count:
                summands[row.name] = count
        return summands

    def make(self, parts: Sequence[Fraction], report: Report) -> Fraction:
        """The answer made of the answers to ``made_of``."""
        raise NotImplementedError

    def added(self, row: Row, report: Report) -> Value:
        """What a layer adds to a total."""
        return self.of(row, report)

    def said(self, value: Value) -> str:
        """A value as a derivation ends with it."""
        return told(value, self.unit)

    def derive(self, row: Row, report: Report) -> Derivation:
        """How the truth of a layer comes about."""
        if self.explained is None:
            return Derivation(self.title, (), self.said(self.of(row, report)))
        (found,) = explain.explain(row, report, [self.explained])
        workings = tuple(
            one for one in found.workings if not self.symbols or one.symbol in self.symbols
        )
        return Derivation(self.title, workings, self.said(self.of(row, report)))

    def derive_total(
        self, rows: Sequence[Row], report: Report, times: Mapping[str, int]
    ) -> Derivation:
        """The sum that a total is; of very many summands the first."""
        if not self.adds_up:
            return self.derive(rows[-1], report)
        answer = self.said(self.total(rows, report, times))
        parts = []
        for name, count in self.summands(rows, report).items():
            n = times.get(name, 1)
            parts += [f"{f'{n}·' if n > 1 else ''}{count:,} ({name})"] if n else []
        return Derivation(self.title, (), f"{some(parts, ' + ')} = {answer}" if parts else answer)
