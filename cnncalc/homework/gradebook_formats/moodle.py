"""Grades for import into a Moodle gradebook.

Name each submission after the student's ID number, which fills the column ``ID number``.
"""

from collections.abc import Mapping, Sequence

from cnncalc.homework import feedback
from cnncalc.homework.gradebook import Graded
from cnncalc.homework.scheme import points
from cnncalc.render import spreadsheet


def write(graded: Sequence[Graded], name: str) -> Mapping[str, str]:
    """``NAME.csv``; a sheet that could not be graded gets the reason instead of a grade."""
    rows: list[list[object]] = [["ID number", name, f"{name} feedback"]]
    for one in graded:
        grade = points(one.score) if one.marked else ""
        rows.append([one.handle, grade, one.problem or _remarks(one)])
    return {f"{name}.csv": spreadsheet.text(rows)}


def _remarks(one: Graded) -> str:
    """The remarks on all answers."""
    remarks = ((mark.answer.label, feedback.remark(mark)) for mark in one.marks)
    return "; ".join(f"{label}: {remark}" for label, remark in remarks if remark)
