"""Marking a sheet: the outcome of every answer, and the mistakes that explain the wrong ones."""

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from cnncalc.core.errors import LayerError, UsageError, Where
from cnncalc.core.shape import Shape
from cnncalc.homework import asks
from cnncalc.homework.diagnosis import Diagnosis, Slips
from cnncalc.homework.entries import failure
from cnncalc.homework.follow_through import StudentNetwork
from cnncalc.homework.question import Question
from cnncalc.homework.sheet import Answer, Sheet
from cnncalc.homework.written import (
    CHANNELS_LAST,
    KIND,
    ROUNDED,
    Number,
    Reading,
    Terms,
    Verdict,
    Written,
)

MAX_DIAGNOSED = 100
"""The maximum number of wrong answers to diagnose on a sheet."""
LAYERS_EACH = 50
"""An answer counts once for every full ``LAYERS_EACH`` layers of its network, and at least once,
because trying all mistakes in a larger network takes longer."""


class Outcome(Enum):
    """The outcome of an answer."""

    RIGHT = "right"
    FOLLOWS = "follows"
    """Right, given the student's other answers."""
    ARITHMETIC = "arithmetic"
    """The working is right, but its result is not."""
    WRONG = "wrong"
    UNANSWERED = "unanswered"
    UNREADABLE = "unreadable"


class Mark(NamedTuple):
    """A marked answer. ``reading`` notes what was assumed, ``diagnoses`` holds the mistakes that
    explain a wrong value, and ``why`` says why an answer cannot be read, what it follows from, or
    what is wrong if no mistake explains it."""

    answer: Answer
    outcome: Outcome
    reading: Reading = Reading()
    diagnoses: tuple[Diagnosis, ...] = ()
    why: str = ""


class Marked(NamedTuple):
    """A sheet with its marks, in the order of its answers."""

    sheet: Sheet
    marks: tuple[Mark, ...]

    @property
    def all_right(self) -> bool:
        """Whether every answer is right."""
        return all(mark.outcome is Outcome.RIGHT for mark in self.marks)


class Marker:
    """Marks sheets under the same terms. It caches the possible mistakes of each question, so
    marking many sheets with the same questions is cheap."""

    def __init__(self, terms: Terms = KIND) -> None:
        self.terms = terms
        self._slips = lru_cache(maxsize=1_000)(_slips)

    def slips(self, question: Question) -> Slips:
        """The possible mistakes in answering a question."""
        return self._slips(question, None)

    def sheet(self, sheet: Sheet) -> Marked:
        """Mark every answer on a sheet."""
        own = StudentNetwork(sheet)
        return Marked(
            sheet, tuple(_noted_once(self._marked(answer, own) for answer in sheet.answers))
        )

    def _marked(self, answer: Answer, own: StudentNetwork) -> Mark:
        """Mark one answer; if that fails, the others are still marked."""
        try:
            return self.answer(answer, own)
        except Exception as why:
            return Mark(answer, Outcome.UNREADABLE, why=failure(why))

    def mark(self, question: Question, given: object, unit: str = "") -> Mark:
        """Mark one answer on its own; with a ``unit``, only the quantity asked for is accepted."""
        return self.answer(Answer(question.label, question, given, Where(""), unit=unit))

    def answer(self, answer: Answer, own: StudentNetwork | None = None) -> Mark:
        """Mark one answer, given the student's other answers."""
        question = answer.question
        if answer.given is None and not answer.problem:
            return Mark(answer, Outcome.UNANSWERED)
        if question is None:
            return Mark(answer, Outcome.UNREADABLE, why=answer.problem)
        try:
            written = question.read(answer.given)
        except UsageError as why:
            if answer.is_blank:
                return Mark(answer, Outcome.UNANSWERED)
            return Mark(answer, Outcome.UNREADABLE, why=str(why))
        terms = self.terms
        if answer.tolerance is not None:
            terms = terms._replace(tolerance=answer.tolerance)
        if answer.unit:
            terms = terms._replace(as_asked=True)
        reading = self.agreement(question, written, terms)
        if reading is not None:
            return Mark(answer, Outcome.RIGHT, reading)
        if answer.is_blank:
            return Mark(answer, Outcome.UNANSWERED)
        try:
            return self.wrong(answer, question, written, own, terms)
        except Exception:  # a bug in one diagnosis must not keep the class from being graded
            return Mark(answer, Outcome.WRONG, why="incorrect; the mistake could not be diagnosed")

    def agreement(self, question: Question, written: Written, terms: Terms) -> Reading | None:
        """How a written value agrees with the right answer, or with a quantity that is accepted in
        its place; None if it does not."""
        reading = question.agreed(written, terms)
        if reading is None and not (terms.strict or terms.as_asked):
            for name in question.ask.also:
                accepted = question.asking(asks.load(name))
                try:
                    found = accepted.agrees(written, terms)
                except LayerError:  # the layer has no value for that ask
                    continue
                if found is not None:
                    return Reading((*found.notes, f"{accepted.ask.in_place} {accepted.ask.title}"))
        return reading

    def wrong(
        self,
        answer: Answer,
        question: Question,
        written: Written,
        own: StudentNetwork | None,
        terms: Terms,
    ) -> Mark:
        """The mark for a value that does not agree as written on these terms. It is still right if
        rounding explains its trailing zeros and no mistake explains the value."""
        before = written.before
        if before is not None and question.agrees(before, terms) is not None:
            return Mark(answer, Outcome.ARITHMETIC)
        follows = own.follows(question, written, terms) if own else None
        if follows is not None:
            return Mark(answer, Outcome.FOLLOWS, follows.reading, why=follows.why)
        explained = own is None or own.effort < MAX_DIAGNOSED
        if terms.strict:
            loosely = question.agreed(written, KIND)
            if loosely is not None and ROUNDED in loosely.notes:
                return Mark(answer, Outcome.WRONG, why=self._why(question, written))
        if own is not None and explained:
            own.explained += 1
            own.effort += max(1, len(question.report.rows) // LAYERS_EACH)
        found = self._diagnosed(question, written, own) if explained else ()
        as_rounded = written.as_rounded if isinstance(written, Number) else None
        if not found and as_rounded is not None:
            reading = self.agreement(question, as_rounded, terms)
            if reading is not None:
                return Mark(answer, Outcome.RIGHT, reading)
        why = "" if found else self._why(question, written)
        if not why and own is not None and not explained:
            why = f"incorrect; only the first {own.explained} wrong answers are explained"
        return Mark(answer, Outcome.WRONG, diagnoses=found, why=why)

    def _diagnosed(
        self, question: Question, written: Written, own: StudentNetwork | None
    ) -> tuple[Diagnosis, ...]:
        """The mistakes that explain a wrong value."""
        found = self.slips(question).diagnose(written)
        if not found and own is not None:
            found = self._from_own(question, written, own)
        if not found and written.before is not None:  # the result may hide what the working shows
            found = self.slips(question).diagnose(written.before)
        return found

    def _from_own(
        self, question: Question, written: Written, own: StudentNetwork
    ) -> tuple[Diagnosis, ...]:
        """Mistakes made on top of the student's own earlier shapes."""
        inputs = own.own_inputs(question)
        if inputs is None:
            return ()
        slips = self._slips(question, inputs)
        return tuple(one.given("your earlier answers") for one in slips.diagnose(written))

    def _why(self, question: Question, written: Written) -> str:
        """A remark on what is wrong with a value that no mistake explains."""
        if isinstance(written, Verdict):
            return f"it is {question.derivation.answer}"
        reading = self.agreement(question, written, KIND)
        if reading is not None:
            return f"not exactly the expected value: {', '.join(reading.notes)}"
        return written.differs(question.value, question.ask.unit)


def _noted_once(marks: Iterable[Mark]) -> Iterator[Mark]:
    """The marks; a habit that many answers share is noted only on the first of them."""
    noted = False
    for mark in marks:
        notes = mark.reading.notes
        others = tuple(note for note in notes if not noted or note != CHANNELS_LAST)
        noted = noted or CHANNELS_LAST in notes
        yield mark._replace(reading=Reading(others))


def _slips(question: Question, inputs: tuple[Shape, ...] | None) -> Slips:
    """The slips of a question; fewer if the student's own shapes are the input, because each sheet
    has different ones."""
    return Slips(question) if inputs is None else Slips(question.with_inputs(inputs), own=True)
