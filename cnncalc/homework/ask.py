"""The interface of an ask; each ask is one file in ``asks/``.

An ask is a quantity that a question can ask for. It defines the value for a layer or a network, its
derivation, and the kinds of written values that can answer it. Its name is the name of its file.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import ClassVar

from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError, some
from cnncalc.derivations import explain
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.named import Named
from cnncalc.homework.written import KIND, Number, Reading, Terms, Value, Written, format_value


class NoAnswer(LayerError):
    """A layer or a network has no answer to a question; the text is a sentence without its subject,
    such as ``has no sliding window``."""


class Ask(Named, ABC):
    """A quantity to ask for: one stateless subclass per file."""

    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names; case, underscores and hyphens do not matter."""
    takes: ClassVar[tuple[type[Written], ...]] = (Number,)
    """The kinds of written values that can answer it."""
    unit: ClassVar[str] = ""
    """The unit that a written value may have."""
    also: ClassVar[tuple[str, ...]] = ()
    """Other asks whose value is accepted too, with a note, unless the terms forbid it."""
    in_place: ClassVar[str] = "counted in"
    """How the note begins, before the title, if this ask is accepted in place of another."""
    explained: ClassVar[str | None] = None
    """The quantity of ``cnncalc explain`` whose derivation it shows; None for the value alone."""
    symbols: ClassVar[tuple[str, ...]] = ()
    """The equations of that quantity to show; empty for all of them."""
    made_of: ClassVar[tuple[str, ...]] = ()
    """Asks about the same layer from whose answers it can be computed."""
    geometry: ClassVar[bool] = False
    """Whether it is only about the window, which then does not have to fit."""
    costs: ClassVar[bool] = True
    """Whether it needs the cost of a layer, not only its shape."""
    numbers: ClassVar[bool] = False
    """Whether it is about the numbers in a map, not their count."""
    adds_up: ClassVar[bool] = True
    """Whether a network's value is the sum over its layers, rather than that of the last layer."""
    stored_as: ClassVar[str] = ""
    """The ask that a column with this heading answers if the heading has a unit of bytes."""
    counted_as: ClassVar[str] = ""
    """The ask that a column of map sizes answers if all its cells are numbers."""
    cumulative: ClassVar[bool] = False
    """Whether it depends on all earlier layers, not only on the layer's input."""
    effort: ClassVar[int] = 1
    """The time to compute it for a network, as a multiple of that for a sum."""

    def check(self, row: Row) -> None:
        """Raise LayerError if this cannot be asked about a layer."""

    @abstractmethod
    def of(self, row: Row, report: Report) -> Value:
        """The value for one layer; raises LayerError if there is none."""

    def total(self, rows: Sequence[Row], report: Report, times: Mapping[str, int]) -> Value:
        """The value for a network or a block; ``times`` says how often a layer counts, if not once.

        Raises LayerError if there is no value.
        """
        if self.geometry:
            raise NoAnswer("is not a single layer; ask about one of its layers")
        if not self.adds_up:
            return self.of(rows[-1], report)
        summands = self.summands(rows, report)
        if not times:
            return sum(summands.values())
        return sum(count * times.get(name, 1) for name, count in summands.items())

    def summands(self, rows: Sequence[Row], report: Report) -> dict[str, int]:
        """The number that each layer adds to the total, without zeros; raises LayerError if the
        quantity cannot be added up."""
        summands = {}
        for row in rows:
            count = self.added(row, report)
            if isinstance(count, bool) or not isinstance(count, int):
                raise NoAnswer("has no total")
            if count:
                summands[row.name] = count
        return summands

    def make(self, parts: Sequence[Fraction], report: Report) -> Fraction:
        """The value computed from the answers to ``made_of``."""
        raise TypeError(f"{self.name} is not computed from other answers")

    def agrees(
        self, written: Written, value: Value, report: Report, terms: Terms = KIND
    ) -> Reading | None:
        """How a written value agrees with the right one; None if it does not."""
        return written.agrees(value, self.unit, terms)

    def added(self, row: Row, report: Report) -> Value:
        """The number that a layer adds to a total."""
        return self.of(row, report)

    def answer_text(self, value: Value) -> str:
        """The value as text, as on the last line of a derivation."""
        return format_value(value, self.unit)

    def derive(self, row: Row, report: Report) -> Derivation:
        """The derivation of a layer's value."""
        if self.explained is None:
            return Derivation(self.title, (), self.answer_text(self.of(row, report)))
        (found,) = explain.explain(row, report, [self.explained])
        workings = tuple(
            one for one in found.workings if not self.symbols or one.symbol in self.symbols
        )
        return Derivation(self.title, workings, self.answer_text(self.of(row, report)))

    def derive_total(
        self, rows: Sequence[Row], report: Report, times: Mapping[str, int]
    ) -> Derivation:
        """The derivation of a total: a sum, shortened if it is long, or that of the last layer."""
        if not self.adds_up:
            return self.derive(rows[-1], report)
        answer = self.answer_text(self.total(rows, report, times))
        parts = []
        for name, count in self.summands(rows, report).items():
            n = times.get(name, 1)
            parts += [f"{f'{n}·' if n > 1 else ''}{count:,} ({name})"] if n else []
        return Derivation(self.title, (), f"{some(parts, ' + ')} = {answer}" if parts else answer)
