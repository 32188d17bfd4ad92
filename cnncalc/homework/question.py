"""A question: its subject, the quantity asked for, and assumptions, which are correct at first.

A mistake turns a question into a different one, whose correct answer is the wrong answer to the
first: with a wrong rule for a formula, a different layer, input or ask, or a sum over different
layers. Nothing is computed until the value is needed.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from inspect import ismethod
from typing import Any
from weakref import WeakKeyDictionary

from cnncalc.analysis import walk
from cnncalc.analysis.report import Report, Row
from cnncalc.core.cost import Cost
from cnncalc.core.errors import LayerError, UsageError, did_you_mean, some
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Shape
from cnncalc.derivations import explain
from cnncalc.derivations.equations import Working
from cnncalc.derivations.explain import Derivation
from cnncalc.formulas.tracing import Rules, replacing
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.written import KIND, Reading, Size, Terms, Value, Written, format_value, read

Meant = Callable[[Written, Value], Written | None]
"""A function that gives the meaning of a wrongly written value, given the right value."""


@dataclass(frozen=True, eq=False)
class Question:
    """A question about a layer, a block, or the network (``layer`` is None).

    A mistake changes the assumptions: wrong ``rules``, other ``layers`` by name, other
    ``inputs`` of the layer, a different ``output``, a different batch size or dtype
    (``conditions``), and layers added more than once or not at all (``times``). ``meant`` gives the
    meaning of a wrongly written value, and ``detail`` says where a change was made.

    ``everywhere`` applies a change to all layers (of the block) and recomputes the whole network.
    It is always set for blocks and networks, and for quantities that depend on all earlier layers,
    such as receptive fields.
    """

    ask: Ask
    report: Report
    layer: str | None = None
    rules: Rules = field(default_factory=dict)
    layers: Mapping[str, Layer] = field(default_factory=dict)
    inputs: tuple[Shape, ...] | None = None
    output: Shape | None = None
    conditions: Mapping[str, Any] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)
    everywhere: bool = False
    meant: Meant | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if self.row is None or self.ask.cumulative:
            object.__setattr__(self, "everywhere", True)

    @property
    def label(self) -> str:
        """The name of the question: ``conv1 parameters`` or ``total macs``."""
        return label_of(self.layer, self.ask)

    @cached_property
    def row(self) -> Row | None:
        """The row of the layer; None for a question about a block or the network."""
        if self.layer is None or self.layer not in self.report:
            return None
        return self.report[self.layer]

    def part(self, report: Report) -> tuple[Row, ...]:
        """The rows of the block, or all rows for a question about the network."""
        if self.layer is None:
            return report.rows
        return tuple(row for row in report.rows if row.name.startswith(f"{self.layer}."))

    @cached_property
    def value(self) -> Value:
        """The answer; raises LayerError if there is none."""
        with self._worked_out() as (row, report):
            if row is None:
                return self._total(report)
            value = self.ask.of(row, report)
            return value * self._times if isinstance(value, int) and self.times else value

    def _total(self, report: Report) -> Value:
        """The value for the network or block. The terms of a sum are cached, because mistakes leave
        out or repeat every layer in turn."""
        if not (self.ask.adds_up and self.times):
            return self.ask.total(self.part(report), report, self.times)
        known = _summed.setdefault(report, {})
        key = self.ask, self.layer, frozenset(self.rules.items())
        if key not in known:
            if len(known) * len(report.rows) > MAX_ROWS:
                known.clear()
            summands = self.ask.summands(self.part(report), report)
            known[key] = sum(summands.values()), summands
        once, summands = known[key]
        return once + sum((n - 1) * summands.get(name, 0) for name, n in self.times.items())

    def check(self) -> None:
        """Raise LayerError if the ask cannot be asked about the layer under the assumptions."""
        with self._worked_out() as (row, _):
            if row is not None:
                self.ask.check(row)

    @cached_property
    def derivation(self) -> Derivation:
        """The derivation of the answer under the assumptions; cached, because many students give
        the same answer."""
        with self._worked_out() as (row, report):
            if row is None:
                return self.ask.derive_total(self.part(report), report, self.times)
            workings, answer = self.ask.derive(row, report)[1:]
            if row.output != self.report[row.name].output and _counts_positions(workings):
                (shape,) = explain.explain(row, report, ["shape"])  # where the positions come from
                workings = (*shape.workings, *workings)
            if self.times:
                times = f"{format_value(self.ask.of(row, report))} · {self._times}"
                answer = f"{times} = {format_value(self.value, self.ask.unit)}"
            if row.inputs != self.report[row.name].inputs:
                answer = f"{answer} (from an input of {some(row.inputs)})"
        return Derivation(self.ask.title, workings, answer)

    @property
    def changes(self) -> object:
        """The ask and all wrong assumptions, which tell questions about a whole network apart."""
        changed = (self.rules, self.layers, self.conditions, self.times)
        return self.ask, *(frozenset(change.items()) for change in changed)

    @property
    def _times(self) -> int:
        return self.times.get(self.layer or "", 1)

    @contextmanager
    def _worked_out(self) -> Iterator[tuple[Row | None, Report]]:
        """The layer and the network under the assumptions; the rules apply inside."""
        with replacing(self.rules):
            if self.everywhere:
                report = self._everywhere()
                yield (report[self.layer or ""] if self.row else None), report
            else:
                report = self.report
                report = replace(report, **self.conditions) if self.conditions else report
                yield self._alone(report), report

    def _everywhere(self) -> Report:
        """The network under the assumptions, as far as it can be computed; raises LayerError if
        that is not far enough for the question."""
        report, refusal = believed(
            self.report, self.rules, self.layers, self.conditions, fields=self.ask.cumulative
        )
        if refusal:
            needed = (self.row,) if self.row else self.part(self.report)
            if not all(row.name in report for row in needed):
                raise LayerError(refusal)
        return report

    def _alone(self, report: Report) -> Row:
        """The layer on its own."""
        row = report[self.layer or ""]
        if not (self.rules or self.layers or self.inputs or self.conditions or self.output):
            return row
        row = self._believed(row)
        if self.ask.geometry:
            return row._replace(output=self.output or row.output)
        output = self.output or row.layer.infer(row.inputs)
        if not self.ask.costs:
            return row._replace(output=output)
        conditions = report.batch, report.dtype, frozenset(self.rules.items())
        cost = _cost(row.layer, row.inputs, output, *conditions)
        cost = cost.with_shared_weights if row.weights_of else cost
        return row._replace(output=output, cost=cost)

    def _believed(self, row: Row) -> Row:
        """A row with the assumed layer and inputs."""
        if not (self.inputs or self.layers):
            return row
        own = self.inputs if self.inputs and row.name == self.layer else row.inputs
        return row._replace(layer=self.layers.get(row.name, row.layer), inputs=own)

    # The assumptions that mistakes change.

    def under(self, rules: Rules) -> "Question":
        """The same question with wrong rules in place of formulas."""
        return replace(self, rules={**self.rules, **rules})

    def asking(self, ask: Ask) -> "Question":
        """Another question about the same subject."""
        return replace(self, ask=ask)

    def along_the_way(self) -> "Question | None":
        """The same question, in which a change also applies to all earlier layers; None if that
        makes no difference."""
        if self.everywhere or not any(self.report.rows[n].sources for n in self.row.sources):  # type: ignore[union-attr]
            return None
        return replace(self, everywhere=True)

    def with_layers(
        self, change: Callable[[Row], Layer | None], only: Container[str] | None = None
    ) -> "Question | None":
        """The same question with changed layers: its own layer, or all layers (of its block) if the
        whole network is recomputed. None if ``change`` changes nothing.

        ``change`` depends on a row's layer and shapes alone; ``only`` names the rows to change.
        """
        rows = self.part(self.report) if self.row is None else self.report.rows
        if not self.everywhere:
            assert self.row is not None
            rows = (self.row,)
        changed: dict[str, Layer] = {}
        # Equal layers stay one object, because results are cached by layer. Cache only the results
        # of methods: these belong to mistakes, which change the layers of other questions too.
        found = _changed.setdefault(self.report, {}) if ismethod(change) else {}
        if len(found) > MAX_ROWS:
            found.clear()
        for row in rows:
            if row.sources and (only is None or row.name in only):  # a network's inputs are given
                own = self._believed(row)
                key = change, id(own.layer), own.inputs, own.output
                if key not in found:
                    found[key] = own.layer, change(own)  # while kept, no other layer gets its id
                if (other := found[key][1]) is not None:
                    changed[row.name] = other
        return replace(self, layers={**self.layers, **changed}) if changed else None

    def with_inputs(self, inputs: tuple[Shape, ...]) -> "Question":
        """The same question with different inputs of the layer."""
        return replace(self, inputs=inputs)

    def with_output(self, output: Shape) -> "Question":
        """The same question with a different output of the layer."""
        return replace(self, output=output)

    def where(self, **conditions: Any) -> "Question":
        """The same question for a different batch size or dtype."""
        return replace(self, conditions={**self.conditions, **conditions})

    def adding(self, times: Mapping[str, int]) -> "Question":
        """The same question with layers counted this many times."""
        return replace(self, times={**self.times, **times})

    def taking(self, meant: Meant) -> "Question":
        """The same question with a different meaning of the written value."""
        return replace(self, meant=meant)

    def saying(self, detail: str) -> "Question":
        """The same question with a note about the change."""
        return replace(self, detail=", ".join(filter(None, (self.detail, detail))))

    # Written answers.

    def read(self, given: object) -> Written:
        """A given value as an answer; raises UsageError if it is not one."""
        return read(given, self.ask.takes)

    def agreed(self, written: Written, terms: Terms = KIND) -> Reading | None:
        """Like ``agrees``, but cached, because many students write the same answer."""
        key = written, terms
        if key not in self._agreed:
            self._agreed[key] = self.agrees(written, terms)
        return self._agreed[key]

    @cached_property
    def _agreed(self) -> dict[tuple[Written, Terms], Reading | None]:
        return {}

    def agrees(self, written: Written, terms: Terms = KIND) -> Reading | None:
        """How a written value agrees with the answer; None if it does not."""
        meant = self.meant(written, self.value) if self.meant else written
        if meant is None:
            return None
        reading = self.ask.agrees(meant, self.value, self.report, terms)
        if reading is None and isinstance(meant, Size) and not terms.strict:
            of_one = meant.of_one(self.report.batch)
            reading = self.ask.agrees(of_one, self.value, self.report) if of_one else None
            return reading and Reading((*reading.notes, "with the batch size"))
        return reading


@lru_cache(maxsize=10_000)
def _cost(
    layer: Layer,
    inputs: tuple[Shape, ...],
    output: Shape,
    batch: int,
    dtype: str,
    rules: frozenset[object],
) -> Cost:
    """The cost of a layer under the current ``rules``; cached, because questions about different
    quantities need the same one."""
    return layer.cost(inputs, output, batch, dtype)


def label_of(layer: str | None, ask: Ask) -> str:
    """The name of a question about a layer or the network."""
    return f"{layer or 'total'} {ask.title}"


def _counts_positions(workings: Iterable[Working]) -> bool:
    """Whether an equation uses the size of the output."""
    inside = [working.expression for working in workings]
    while inside:
        part = inside.pop()
        if re.fullmatch("[LDHW]_out", part.symbol):
            return True
        inside += part.operands
    return False


MAX_ROWS = 200_000
"""The maximum number of layers to cache for each network."""

Belief = tuple[Report, str]
"""A network under wrong assumptions, and why it stops early (empty if it does not)."""
Beliefs = dict[object, Belief]
_kept: WeakKeyDictionary[Report, Beliefs] = WeakKeyDictionary()
_summed: WeakKeyDictionary[Report, dict[object, tuple[int, dict[str, int]]]] = WeakKeyDictionary()
"""The total of a network or block, and what each layer adds to it."""
_changed: WeakKeyDictionary[Report, dict[object, tuple[Layer, Layer | None]]] = WeakKeyDictionary()
"""The layer that a mistake changes, and the changed one."""


def believed(
    report: Report,
    rules: Rules,
    layers: Mapping[str, Layer],
    conditions: Mapping[str, Any],
    *,
    fields: bool,
) -> Belief:
    """The network with wrong rules, different layers, or a different batch size or dtype; with or
    without receptive fields.

    The result is cached for all questions about a network.
    """
    if not (rules or layers or conditions):
        return report, ""
    keep = not rules and not conditions
    fields = fields or keep  # reused rows already have them
    known = _kept.setdefault(report, {})
    key = fields, *(frozenset(part.items()) for part in (rules, layers, conditions))
    if key not in known:
        if len(known) * len(report.rows) > MAX_ROWS:
            known.clear()
        rows = [row._replace(layer=layers.get(row.name, row.layer)) for row in report.rows]
        with replacing(rules):
            as_far, refusals = walk.recompute(
                replace(report, **conditions), rows, fields=fields, keep=keep
            )
        known[key] = as_far, refusals[0].sentence if refusals else ""
    return known[key]


def question(ask: Ask, report: Report, layer: str | None = None) -> Question:
    """A question that has an answer; raises UsageError if there is no answer or no such layer."""
    if layer is not None and layer not in report and layer not in report.blocks:
        hint = did_you_mean(layer, (*report.blocks, *(row.name for row in report.rows)))
        raise UsageError(f"{report.name or 'the network'} has no layer {layer[:60]!r}{hint}")
    asked = Question(ask, report, layer)
    try:
        asked.check()
        _ = asked.value
    except LayerError as why:
        who = f"layer {layer!r}" if layer else report.name or "the network"
        if layer == walk.ALONE:
            who = "the layer"
        fact = f"{ask.name}: {who} " if isinstance(why, NoAnswer) else f"{ask.name} of {who}: "
        raise UsageError(f"{fact}{why}") from None
    return asked
