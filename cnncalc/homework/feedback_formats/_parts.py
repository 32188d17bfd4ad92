"""The parts of a feedback page that all formats share, as plain text."""

from collections.abc import Iterator

from cnncalc.core.errors import some
from cnncalc.homework import feedback
from cnncalc.homework.gradebook import Graded
from cnncalc.homework.marking import Mark
from cnncalc.homework.scheme import out_of, points

HEADINGS = ("Question", "Answer", "Points", "Remark")


def title(graded: Graded) -> str:
    """The title of the page: ``Ada: 7.5 of 10 points``."""
    if graded.marked is None:
        return f"{graded.student}: could not be graded"
    return f"{graded.student}: {out_of(graded.score, graded.possible)}"


def row(graded: Graded, mark: Mark) -> tuple[str, ...]:
    """The table row of one answer."""
    got = points(graded.points(mark))
    full = points(mark.answer.points)
    earned = f"{got} of {full}" if mark.answer.question else ""
    remark = feedback.remark(mark) or mark.outcome.value
    return (mark.answer.label, feedback.given(mark), earned, remark)


def credit(graded: Graded) -> str:
    """The credit for each kind of answer."""
    scheme = graded.scheme
    return (
        f"Credit per point: {points(scheme.right)} for a right answer, {points(scheme.follows)} "
        "for an answer that follows correctly from your own earlier mistake, "
        f"{points(scheme.arithmetic)} for right working with a wrong result, "
        f"{points(scheme.slip)} for one common mistake, {points(scheme.slips)} for two at once."
    )


def not_asked(graded: Graded) -> str:
    """A sentence about answers that the key does not ask for; empty if there are none."""
    return f"Not asked, and not graded: {some(graded.not_asked)}." if graded.not_asked else ""


def solutions(graded: Graded) -> Iterator[Mark]:
    """The marks that need a worked solution."""
    return (mark for mark in graded.marks if feedback.workings(mark))
