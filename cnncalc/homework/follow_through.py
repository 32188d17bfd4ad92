"""Follow-through: values that follow correctly from a student's own earlier answers.

The student's answers replace the right ones: layers have the output shapes and receptive fields
that the student gave for them, and totals and other quantities are computed from the student's
counts.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from itertools import islice
from typing import Any, NamedTuple

from cnncalc.analysis import receptive
from cnncalc.analysis.receptive import Field
from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import CnncalcError, LayerError
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map, Shape
from cnncalc.homework import asks
from cnncalc.homework.ask import Ask
from cnncalc.homework.mistake import with_fields
from cnncalc.homework.question import Question
from cnncalc.homework.sheet import Sheet
from cnncalc.homework.written import Number, Reading, Size, Terms, Value, Written

Span = tuple[Fraction, Fraction]
"""The smallest and largest values that a rounded number may stand for."""
Counts = dict[tuple[str, str | None], Span]
"""The spans of numeric answers, by ask and layer."""


class Follows(NamedTuple):
    """How a value follows from earlier answers, and from which ones."""

    reading: Reading
    why: str


class StudentNetwork:
    """The network according to the answers on a student's sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.report = sheet.report
        self.explained = 0
        """The number of wrong answers that have been diagnosed."""
        self.effort = 0
        """The same number, but an answer about a large network counts more than once."""

    @cached_property
    def answered(self) -> list[tuple[Question, Written]]:
        """The readable answers about the network."""
        answered = []
        for answer in self.sheet.answers:
            asked = answer.question
            if asked is not None and asked.report is self.report and not answer.is_blank:
                try:
                    answered.append((asked, asked.read(answer.given)))
                except CnncalcError:
                    continue
        return answered

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The wrong output shapes on the sheet, by layer."""
        shapes: dict[str, Shape] = {}
        for asked, written in self.answered:
            row = asked.part(asked.report)[-1] if asked.row is None else asked.row
            if asked.ask.name == "shape" and asked.agreed(written) is None:
                shape = written.shape(row.output) if isinstance(written, Size) else None
                if shape is not None:
                    shapes[row.name] = shape
        return shapes

    @cached_property
    def counts(self) -> tuple[Counts, Counts]:
        """The wrong counts on the sheet with their rounding spans, and all counts at face value."""
        wrong: Counts = {}
        face: Counts = {}
        for asked, written in self.answered:
            if isinstance(written, Number):
                key = asked.ask.name, asked.layer
                face[key] = written.value, written.value
                for span in islice(written.spans(asked.ask.unit), 1):
                    wrong |= {key: span} if asked.agreed(written) is None else {}
        return wrong, face

    def follows(self, question: Question, written: Written, terms: Terms) -> Follows | None:
        """How a value follows from the student's other answers; None if it does not."""
        if question.report is not self.report:
            return None
        for carried in self.carried(question):
            reading = carried.agrees(written, terms)
            if reading is not None:
                return Follows(reading, carried.detail)
        for (low, high), why in self._made(question):
            reading = written.overlaps(low, high, question.ask.unit, terms)
            if reading is not None:
                return Follows(reading, why)
        value = self._field(question)
        reading = None if value is None else written.agrees(value, question.ask.unit, terms)
        return Follows(reading, "your answers for the earlier layers") if reading else None

    def carried(self, question: Question) -> Iterator[Question]:
        """The questions with the student's own input shapes, output shape, or both.

        The ``detail`` of each question names the last wrong shape on the way to the layer, the
        layer's own shape, or both.
        """
        if question.report is not self.report or not self.shapes:
            return
        asked = _of_the_last(question)
        if asked is None or asked.row is None:
            return
        name = asked.row.name
        own_inputs, own_output = self._own_inputs.get(name), self.shapes.get(name)
        for carried in _carried(asked.ask, asked.report, name, own_inputs, own_output):
            answers = [self._last_before(name)] if carried.from_before else []
            answers += [name] if carried.from_own_shape else []
            yield carried.question.saying(_your_answers(answers))

    def own_inputs(self, question: Question) -> tuple[Shape, ...] | None:
        """The inputs of the question's layer according to the student's earlier shapes; None if
        these make no difference."""
        about_it = question.report is self.report and question.row is not None and self.shapes
        return self._own_inputs.get(question.row.name) if about_it else None  # type: ignore[union-attr]

    @cached_property
    def _own_inputs(self) -> dict[str, tuple[Shape, ...]]:
        """By layer, the inputs that follow from the student's shapes, unless they are the right
        ones."""
        assert self.report is not None
        own_inputs: dict[str, tuple[Shape, ...]] = {}
        own_output: list[Shape | None] = []
        for row in self.report.rows:
            inputs = tuple(own_output[source] for source in row.sources)
            output: Shape | None = row.output
            if None in inputs:
                output = None
            elif inputs != row.inputs:
                known = tuple(shape for shape in inputs if shape is not None)
                own_inputs[row.name] = known
                try:
                    output = row.layer.infer(known)
                except LayerError:
                    output = None
            own_output.append(self.shapes.get(row.name, output))
        return own_inputs

    def _last_before(self, layer: str) -> str:
        """The last layer on the way to this one for which the student gave a wrong shape."""
        assert self.report is not None
        rows = self.report.rows
        before = {*self.report[layer].sources}
        while rows[last := max(before)].name not in self.shapes:
            before = before - {last} | {*rows[last].sources}
        return rows[last].name

    def _made(self, question: Question) -> Iterator[tuple[Span, str]]:
        """The ranges of values computed from the student's other answers, with the reasons."""
        for own in self.counts:
            yield from _of_others(question, own)
            if question.row is None and question.ask.adds_up:
                yield from self._sums(question, own)

    def _sums(self, question: Question, own: Counts) -> Iterator[tuple[Span, str]]:
        """The sums of the student's counts; missing ones are taken to be right, or to follow from
        the student's shapes."""
        rows = question.part(question.report)
        right = question.ask.summands(rows, question.report)
        for counts in (right, self._following(question, right)):
            spans = [
                own.get((question.ask.name, row.name)) or _exactly(counts.get(row.name, 0))
                for row in rows
            ]
            low, high = (sum(ends, Fraction(0)) for ends in zip(*spans, strict=True))
            yield (low, high), "the answers that you added up"

    def _following(self, question: Question, right: dict[str, int]) -> dict[str, int]:
        """The count of every layer, given the student's own shapes."""
        counts = dict(right)
        for row in question.part(question.report):
            if row.name in self._own_inputs or row.name in self.shapes:
                for carried in self.carried(Question(question.ask, question.report, row.name)):
                    assert isinstance(carried.value, int)  # quantities that add up are counts
                    counts[row.name] = carried.value
        return counts

    def _field(self, question: Question) -> Value | None:
        """The receptive field that follows from the student's earlier ones."""
        asked = _of_the_last(question)
        if asked is None or asked.row is None or asked.ask.name != "receptive_field":
            return None
        fields = self._fields.get(asked.row.name)
        if fields is None or fields == asked.row.fields:
            return None
        return asked.ask.of(asked.row._replace(fields=fields), asked.report)

    @cached_property
    def _fields(self) -> dict[str, tuple[Field, ...] | None]:
        """The receptive field of every layer, based on the student's earlier ones."""
        assert self.report is not None
        own = {
            asked.layer: written
            for asked, written in self.answered
            if asked.ask.name == "receptive_field"
        }
        seen: list[tuple[Field, ...] | None] = []
        following = {}
        for row in self.report.rows:
            fields = row.fields
            if row.sources:
                reach = row.layer.reach(*row.inputs)
                sees = [seen[source] for source in row.sources]
                fields = receptive.hull(sees, [receptive.places(x) for x in row.inputs])
                if fields is not None:
                    along = self.report.rows[row.sources[0]].along
                    fields = receptive.beyond(fields, reach, along, row.inputs[0])
            following[row.name] = fields
            seen.append(_seen(fields, own.get(row.name)))
        return following


def _exactly(count: int) -> Span:
    return Fraction(count), Fraction(count)


def _of_others(question: Question, own: Counts) -> Iterator[tuple[Span, str]]:
    """The value computed from the student's answers to ``made_of``; unanswered ones are taken to be
    right."""
    ask, layer = question.ask, question.layer
    answered = [name for name in ask.made_of if (name, layer) in own]
    if answered:
        rights = [question.asking(asks.load(name)).value for name in ask.made_of]
        spans = [
            own.get((name, layer)) or _exactly(right)
            for name, right in zip(ask.made_of, rights, strict=True)
            if isinstance(right, int)
        ]
        low, high = (ask.make(ends, question.report) for ends in zip(*spans, strict=True))
        yield (low, high), _your_answers([asks.load(name).title for name in answered])


def _your_answers(names: list[str]) -> str:
    """``your answer for c1``, ``your answers for weights and biases``."""
    return f"your answer{'s' * (len(names) > 1)} for {' and '.join(names)}"


def _seen(fields: tuple[Field, ...] | None, written: Written | None) -> tuple[Field, ...] | None:
    """The receptive fields with the sizes that the student gave, for all axes or for each."""
    if fields is None:
        return None
    sizes: tuple[int, ...] = ()
    if isinstance(written, Number) and written.value.denominator == 1:
        sizes = (int(written.value),) * len(fields)
    if isinstance(written, Size):
        sizes = written.sizes * (len(fields) if len(written.sizes) == 1 else 1)
    if len(sizes) != len(fields):
        return fields
    return tuple(field._replace(size=size) for field, size in zip(fields, sizes, strict=True))


def _of_the_last(question: Question) -> Question | None:
    """A question about a layer itself; for a network or block, the question about its last layer,
    or None for a sum."""
    if question.row is not None:
        return question
    if question.ask.adds_up:
        return None
    last = question.part(question.report)[-1]
    return Question(question.ask, question.report, last.name)


class Carried(NamedTuple):
    """A question with the student's own input shapes, output shape, or both."""

    question: Question
    from_before: bool
    from_own_shape: bool


@lru_cache(maxsize=10_000)
def _carried(
    ask: Ask,
    report: Report,
    layer: str,
    own_inputs: tuple[Shape, ...] | None,
    own_output: Shape | None,
) -> tuple[Carried, ...]:
    """The questions with these input and output shapes, if they make a difference.

    Cached, because many students may have the same shapes.
    """
    right = Question(ask, report, layer)
    found = [Carried(right, False, False)]
    if own_inputs is not None:
        found.insert(0, Carried(right.with_inputs(own_inputs), True, False))
    if own_output is not None and ask.name != "shape" and not ask.cumulative:
        found += [
            Carried(other, one.from_before, True)
            for one in found
            for other in _with_output(one.question, own_output)
        ]
    return tuple(one for one in found if _differs(one.question, right))


def _with_output(question: Question, own: Shape) -> Iterator[Question]:
    """The questions with the student's output shape: for quantities of the output itself, then for
    counts at every output position."""
    yield question.with_output(own)
    assert question.row is not None
    (x, *more) = question.inputs or question.row.inputs
    if question.ask.geometry or more or not isinstance(x, Map) or not isinstance(own, Map):
        return
    same_size = {"stride": 1, "padding": "same"}
    for fields in (same_size, {**same_size, "out_channels": own.channels}):
        placed = question.with_layers(partial(_with, fields=fields))
        assert placed is not None
        yield placed.with_inputs((Map(x.channels, own.spatial),))


def _with(row: Row, fields: dict[str, Any]) -> Layer:
    """The layer with different field values, if it has these fields."""
    return with_fields(row.layer, **fields) or row.layer


def _differs(question: Question, right: Question) -> bool:
    try:
        question.check()
        return question.value != right.value
    except LayerError:  # the layer cannot take the student's input, or give the student's output
        return False
