"""What the forms of a student's page share: its lines, before they are dressed up."""

from collections.abc import Iterator

from cnncalc.homework import feedback
from cnncalc.homework.gradebook import Graded
from cnncalc.homework.marking import Mark
from cnncalc.homework.scheme import points

HEADINGS = ("Question", "Answer", "Points", "Remark")


def title(graded: Graded) -> str:
    """``Ada: 7.5 of 10 points``."""
    if graded.marked is None:
        return f"{graded.student}: could not be read"
    return f"{graded.student}: {points(graded.score)} of {points(graded.possible)} points"


def row(graded: Graded, mark: Mark) -> tuple[str, ...]:
    """The line of a table for one answer."""
    got = points(graded.points(mark))
    full = points(mark.answer.points)
    earned = f"{got} of {full}" if mark.answer.question else ""
    said = feedback.remark(mark) or mark.outcome.value
    return (mark.answer.label, feedback.given(mark), earned, said)


def credit(graded: Graded) -> str:
    """What an answer is worth, by what became of it."""
    scheme = graded.scheme
    return (
        f"Of a question's points get: a right answer {points(scheme.right)}, one that follows from "
        f"own earlier ones {points(scheme.follows)}, right working with a wrong result "
        f"{points(scheme.arithmetic)}, one known mistake {points(scheme.slip)}, two together "
        f"{points(scheme.slips)}."
    )


def solutions(graded: Graded) -> Iterator[Mark]:
    """The marks that there is more to say about."""
    return (mark for mark in graded.marks if feedback.workings(mark))
