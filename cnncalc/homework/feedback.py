"""Feedback on an answer: a short remark, and the arithmetic behind the wrong and right values."""

from collections.abc import Iterable
from typing import NamedTuple

from cnncalc.derivations.explain import Derivation
from cnncalc.homework.diagnosis import Diagnosis
from cnncalc.homework.marking import Mark, Outcome
from cnncalc.homework.written import as_text, format_value, printable

SIGNS = {
    Outcome.RIGHT: "✓",
    Outcome.FOLLOWS: "↷",
    Outcome.ARITHMETIC: "≈",
    Outcome.WRONG: "✗",
    Outcome.UNANSWERED: "–",
    Outcome.UNREADABLE: "?",
}
"""The sign of each outcome in tables."""


class Worked(NamedTuple):
    """A title, and a derivation of a value."""

    title: str
    derivation: Derivation


def given(mark: Mark) -> str:
    """The answer as the student wrote it, on one line; empty if there is none."""
    return "" if mark.answer.given is None else printable(as_text(mark.answer.given), "; ")


def right(mark: Mark) -> str:
    """The right answer; empty if there is no question."""
    asked = mark.answer.question
    return format_value(asked.value, asked.ask.unit) if asked else ""


def remark(mark: Mark) -> str:
    """A short remark about an answer; empty if there is nothing to add."""
    match mark.outcome:
        case Outcome.RIGHT:
            return ", ".join(mark.reading.notes)
        case Outcome.FOLLOWS:
            return f"right, given {mark.why}"
        case Outcome.ARITHMETIC:
            return "the working is right, but its result is not"
        case Outcome.WRONG if mark.diagnoses:
            return "; or ".join(one.slip.says for one in mark.diagnoses)
        case Outcome.WRONG:
            return mark.why or "incorrect; no common mistake gives this value"
        case Outcome.UNANSWERED:
            return "unanswered"
    return printable(mark.why)  # it may quote the sheet


def unread(marks: Iterable[Mark]) -> str:
    """Why the first unreadable answer cannot be read, and how many more there are; empty if all
    answers can be read."""
    found = [mark for mark in marks if mark.outcome is Outcome.UNREADABLE]
    more = [f"and {len(found) - 1:,} more"] if len(found) > 1 else []
    return "; ".join([*map(labelled, found[:1]), *more])


def labelled(mark: Mark) -> str:
    """The remark about an answer with its label: ``pool1: needs a quantity``."""
    return f"{mark.answer.label}: {remark(mark)}"


def workings(mark: Mark) -> tuple[Worked, ...]:
    """The derivation of a wrong value, if a mistake explains it, then that of the correct value.

    For a value in a wrong notation, only the correct value is derived. For an answer that is right,
    follows from another or belongs to no question, neither is.
    """
    question = mark.answer.question
    if question is None or mark.outcome in (Outcome.RIGHT, Outcome.FOLLOWS):
        return ()
    wrong = [
        Worked(f"your answer if you {one.slip.says}", one.derivation)
        for one in mark.diagnoses[:1]
        if one.slip.question.meant is None  # a wrong notation has no derivation of its own
    ]
    correct = question.derivation
    if isinstance(question.value, bool):  # the derivation only says why
        correct = correct._replace(answer=f"{right(mark)}: {correct.answer}")
    return (*wrong, Worked("correct answer", correct))


def lessons(mark: Mark) -> tuple[str, ...]:
    """The explanation of each mistake in the most likely diagnosis."""
    first: tuple[Diagnosis, ...] = mark.diagnoses[:1]
    return tuple(mistake.explanation for one in first for mistake in one.slip.mistakes)
