"""A question: of what, what is asked, and the rules in force, which are the right ones at first.

A mistake turns a question into another one, whose right answer is the wrong answer to the first:
with a wrong rule for a formula, another layer, another input, another ask, or a sum that is made of
other layers. Nothing is worked out until the value is asked for.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property

from cnncalc import analysis
from cnncalc.errors import LayerError, Mistakes, UsageError
from cnncalc.explain import Derivation
from cnncalc.formulas.tracing import Rules, replacing
from cnncalc.homework.ask import Ask
from cnncalc.homework.written import KIND, Reading, Terms, Value, Written, read
from cnncalc.layer import Layer
from cnncalc.report import Report, Row
from cnncalc.shape import Shape


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a layer of a network, or of the network (``layer`` is None).

    ``everywhere`` says that a change holds for all layers, and that the whole network is worked out
    again under it: always for totals, and for what depends on the whole way (receptive fields).
    """

    ask: Ask
    report: Report
    layer: str | None = None
    rules: Rules = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)
    everywhere: bool = False

    def __post_init__(self) -> None:
        if self.layer is None or self.ask.whole_way:
            object.__setattr__(self, "everywhere", True)

    @property
    def label(self) -> str:
        """``conv1 parameters``, ``total macs``."""
        return label_of(self.layer, self.ask)

    @property
    def row(self) -> Row | None:
        """The layer as the report holds it; None for a total."""
        return None if self.layer is None else self.report[self.layer]

    @cached_property
    def value(self) -> Value:
        """The answer; raises LayerError where there is none."""
        with self._worked_out() as (row, report):
            if row is None:
                return self.ask.total(report, self.times)
            return self.ask.of(row, report)

    def derive(self) -> Derivation:
        """How the answer comes about, under the rules in force."""
        with self._worked_out() as (row, report):
            if row is None:
                return self.ask.derive_total(report, self.times)
            return self.ask.derive(row, report)

    @contextmanager
    def _worked_out(self) -> Iterator[tuple[Row | None, Report]]:
        """The layer and the network under the rules in force, which hold inside."""
        with replacing(self.rules):
            report, row = self.report, self.row
            try:
                if self.everywhere and self._changed:
                    report = analysis.again(report, report.rows)
                    row = None if self.layer is None else report[self.layer]
                elif row is not None:
                    row = analysis.alone(row, report)
            except Mistakes as error:
                raise LayerError(error.errors[0].sentence) from None
            yield row, report

    @cached_property
    def _changed(self) -> bool:
        """Whether the report's figures were worked out under other rules than those in force."""
        return bool(self.rules) or any(row.cost is UNKNOWN for row in self.report.rows)

    # What mistakes change.

    def under(self, rules: Rules) -> "Question":
        """The same question where wrong rules stand for formulas."""
        return replace(self, rules={**self.rules, **rules})

    def asking(self, ask: Ask) -> "Question":
        """Another question about the same."""
        return replace(self, ask=ask, everywhere=self.everywhere)

    def with_layers(self, change: Callable[[Layer], Layer | None]) -> "Question | None":
        """The same question where the layer is another: that one, or all of them where the whole
        network is worked out. None where ``change`` leaves all as they are."""
        rows, changed = [], False
        for row in self.report.rows:
            asked = self.everywhere or row.name == self.layer
            other = change(row.layer) if asked else None
            changed = changed or other is not None
            rows.append(row if other is None else _stale(row, layer=other))
        return self._with_rows(rows) if changed else None

    def with_inputs(self, inputs: tuple[Shape, ...]) -> "Question":
        """The same question where other shapes enter the layer that is asked about."""
        rows = [
            _stale(row, inputs=inputs) if row.name == self.layer else row
            for row in self.report.rows
        ]
        return self._with_rows(rows)

    def adding(self, times: Mapping[str, int]) -> "Question":
        """The same total where layers are added as often as this says."""
        return replace(self, times={**self.times, **times})

    def _with_rows(self, rows: list[Row]) -> "Question":
        return replace(self, report=replace(self.report, rows=tuple(rows)))

    # What is written in answer to it.

    def read(self, given: object) -> Written:
        """A given value read as an answer; raises UsageError where it is none."""
        return read(given, self.ask.takes)

    def agrees(self, written: Written, terms: Terms = KIND) -> Reading | None:
        """How a written value agrees with the answer; None where it does not."""
        return written.agrees(self.value, self.ask.unit, terms)


def label_of(layer: str | None, ask: Ask) -> str:
    """What a question about a layer, or about the network, is called."""
    return f"{layer or 'total'} {ask.title}"


UNKNOWN: object = object()
"""Stands for the cost of a row that is not worked out yet."""


def _stale(row: Row, **changes: object) -> Row:
    return row._replace(cost=UNKNOWN, **changes)  # type: ignore[arg-type]


def question(ask: Ask, report: Report, layer: str | None = None) -> Question:
    """A question that has an answer; raises UsageError where it has none."""
    if layer is not None:
        report[layer]  # raises with the nearest name
    asked = Question(ask, report, layer)
    try:
        _ = asked.value
    except LayerError as why:
        who = f"layer {layer!r}" if layer else report.name
        raise UsageError(f"{ask.title} of {who}: {why}") from None
    return asked
