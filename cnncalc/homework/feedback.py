"""What is said of a mark: a remark of a few words, and the arithmetic, wrong and right."""

from typing import NamedTuple

from cnncalc.derivations.explain import Derivation
from cnncalc.homework.diagnosis import Diagnosis
from cnncalc.homework.marking import Mark, Outcome
from cnncalc.homework.written import as_text, printable, told


class Worked(NamedTuple):
    """One way to the answer: whose it is, and its derivation."""

    title: str
    derivation: Derivation


def given(mark: Mark) -> str:
    """The answer as it was written, in one line; empty where there is none."""
    return "" if mark.answer.given is None else printable(as_text(mark.answer.given), "; ")


def right(mark: Mark) -> str:
    """The right answer; empty where there is no question."""
    asked = mark.answer.question
    return told(asked.value, asked.ask.unit) if asked else ""


def remark(mark: Mark) -> str:
    """What is to say of an answer, in a few words; empty where all is said."""
    match mark.outcome:
        case Outcome.RIGHT:
            return ", ".join(mark.reading.notes)
        case Outcome.FOLLOWS:
            return f"right, given {mark.why}"
        case Outcome.ARITHMETIC:
            return "the working is right, its result is not"
        case Outcome.WRONG if mark.diagnoses:
            return "; or ".join(one.slip.says for one in mark.diagnoses)
        case Outcome.WRONG:
            return mark.why or "no known mistake gives this value"
        case Outcome.UNANSWERED:
            return "unanswered"
    return mark.why


def workings(mark: Mark) -> tuple[Worked, ...]:
    """For a wrong answer: how its value comes about, as far as that is known, and how the right one
    does. For an unanswered one the right one alone."""
    question = mark.answer.question
    if question is None or mark.outcome in (Outcome.RIGHT, Outcome.FOLLOWS):
        return ()
    wrong = [
        Worked(f"as answered: {one.slip.says}", one.derive())
        for one in mark.diagnoses[:1]
        if one.slip.question.meant is None  # else only the writing is wrong
    ]
    return (*wrong, Worked("right", question.derive()))


def lessons(mark: Mark) -> tuple[str, ...]:
    """The explanations of the mistakes of the likeliest diagnosis, a paragraph each."""
    first: tuple[Diagnosis, ...] = mark.diagnoses[:1]
    return tuple(mistake.explanation for one in first for mistake in one.slip.mistakes)
