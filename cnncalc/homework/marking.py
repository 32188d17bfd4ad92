"""Marking a sheet: every answer right, following from an earlier one, or wrong and why."""

from enum import Enum
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from cnncalc import analysis
from cnncalc.errors import CnncalcError, LayerError, Mistakes, UsageError, Where
from cnncalc.homework import asks
from cnncalc.homework.diagnosis import Diagnosis, Slips
from cnncalc.homework.question import Question
from cnncalc.homework.sheet import Answer, Sheet
from cnncalc.homework.written import KIND, Number, Reading, Size, Terms, Written
from cnncalc.layer import Input
from cnncalc.report import Report, Row
from cnncalc.shape import Shape


class Outcome(Enum):
    """What becomes of an answer."""

    RIGHT = "right"
    FOLLOWS = "follows"
    """Right, given the student's own earlier answer, which is wrong."""
    ARITHMETIC = "arithmetic"
    """What is written down would be right; what was made of it is not."""
    WRONG = "wrong"
    UNANSWERED = "unanswered"
    UNREADABLE = "unreadable"


class Mark(NamedTuple):
    """One answer marked. ``reading`` tells what was taken for granted, ``diagnoses`` which mistakes
    explain a wrong value, ``why`` what an unreadable answer, or one carried forward, is about."""

    answer: Answer
    outcome: Outcome
    reading: Reading = Reading()
    diagnoses: tuple[Diagnosis, ...] = ()
    why: str = ""


class Marked(NamedTuple):
    """A sheet and its marks, in the order of its answers."""

    sheet: Sheet
    marks: tuple[Mark, ...]

    @property
    def all_right(self) -> bool:
        """Whether nothing is left to say."""
        return all(mark.outcome is Outcome.RIGHT for mark in self.marks)


class Marker:
    """Marks sheets under the same terms; what it works out about a question it keeps, so that
    many sheets about the same questions are cheap."""

    def __init__(self, terms: Terms = KIND) -> None:
        self.terms = terms
        self.slips = lru_cache(maxsize=1_000)(Slips)

    def sheet(self, sheet: Sheet) -> Marked:
        """Every answer of a sheet."""
        own = Own(sheet)
        return Marked(sheet, tuple(self.answer(answer, own) for answer in sheet.answers))

    def mark(self, question: Question, given: object) -> Mark:
        """One answer by itself."""
        return self.answer(Answer(question.label, question, given, Where("")))

    def answer(self, answer: Answer, own: "Own | None" = None) -> Mark:
        """One answer, in the light of the student's own other ones."""
        question = answer.question
        if answer.given is None and not answer.problem:
            return Mark(answer, Outcome.UNANSWERED)
        if question is None:
            return Mark(answer, Outcome.UNREADABLE, why=answer.problem)
        try:
            written = question.read(answer.given)
        except UsageError as why:
            return Mark(answer, Outcome.UNREADABLE, why=str(why))
        reading = self.agreement(question, written)
        if reading is not None:
            return Mark(answer, Outcome.RIGHT, reading)
        return self.wrong(answer, question, written, own)

    def agreement(self, question: Question, written: Written) -> Reading | None:
        """How a written value agrees with what is asked, or with what is let pass for it."""
        reading = question.agrees(written, self.terms)
        if reading is None and not self.terms.strict:
            for name in question.ask.also:
                let_pass = question.asking(asks.load(name))
                found = let_pass.agrees(written, self.terms)
                if found is not None:
                    return Reading((*found.notes, f"counted in {let_pass.ask.title}"))
        return reading

    def wrong(
        self, answer: Answer, question: Question, written: Written, own: "Own | None"
    ) -> Mark:
        """What is to say of a wrong value."""
        if isinstance(written, Number) and written.working is not None:
            before = Number(written.text, written.working)
            if question.agrees(before, self.terms) is not None:
                return Mark(answer, Outcome.ARITHMETIC)
        carried = own.question(question) if own else None
        if own is not None:
            reading = carried.agrees(written, self.terms) if carried else None
            reading = reading or own.total_agrees(question, written, self.terms)
            if reading is not None:
                return Mark(answer, Outcome.FOLLOWS, reading, why=own.why(question))
        found = self.slips(question).diagnose(written)
        if not found and carried is not None:
            found = Slips(carried).diagnose(written)
        return Mark(answer, Outcome.WRONG, diagnoses=found)


class Own:
    """The network as a student believes it to be: layers put out the shapes that were answered."""

    def __init__(self, sheet: Sheet) -> None:
        self.report = sheet.report
        self.shapes: dict[str, Shape] = {}
        self.counts: dict[tuple[str, str], Fraction] = {}
        for answer in sheet.answers:
            self._take(answer)

    def _take(self, answer: Answer) -> None:
        asked = answer.question
        if asked is None or asked.layer is None or asked.report is not self.report:
            return
        try:
            written = asked.read(answer.given)
        except CnncalcError:
            return
        if isinstance(written, Size) and asked.agrees(written) is None:
            shape = written.shape(asked.report[asked.layer].output)
            if shape is not None:
                self.shapes[asked.layer] = shape
        if isinstance(written, Number):
            self.counts[asked.ask.name, asked.layer] = written.value

    def question(self, question: Question) -> Question | None:
        """The question as it is for who believes the own earlier answers; None where they change
        nothing, or lead nowhere."""
        if question.report is not self.report or question.layer is None or not self.shapes:
            return None
        inputs = self._inputs(question.report, question.layer)
        if inputs is None or inputs == question.report[question.layer].inputs:
            return None
        carried = question.with_inputs(inputs)
        try:
            _ = carried.value
        except LayerError:
            return None
        return carried

    def _inputs(self, report: Report, layer: str) -> tuple[Shape, ...] | None:
        """What enters a layer where the layers before put out what was answered."""
        rows: list[Row] = []
        for row in report.rows:
            believed = self.shapes.get(row.name) if row.name != layer else None
            if believed is None:
                rows.append(row)
            else:
                rows.append(row._replace(layer=Input(shape=believed), sources=()))
            if row.name == layer:
                break
        try:
            return analysis.again(report, rows).rows[-1].inputs
        except Mistakes:
            return None

    def total_agrees(self, question: Question, written: Written, terms: Terms) -> Reading | None:
        """How a total agrees with the sum of the own counts, the right ones standing for what was
        not answered."""
        if question.report is not self.report or question.layer is not None:
            return None
        try:
            right = question.ask.summands(question.report.rows, question.report)
        except LayerError:
            return None
        name = question.ask.name
        own = (self.counts.get((name, layer), count) for layer, count in right.items())
        return written.agrees(Fraction(sum(own)), question.ask.unit, terms)

    def why(self, question: Question) -> str:
        """Which own answers were carried forward: the last one before the layer."""
        if question.layer is None:
            return "the own answers that it adds up"
        names = [row.name for row in question.report.rows]
        before = [name for name in names[: names.index(question.layer)] if name in self.shapes]
        return f"the own answer for {before[-1]}"
