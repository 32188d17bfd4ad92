"""A row for every student, a column for every question."""

from collections.abc import Mapping, Sequence

from cnncalc.homework.gradebook import Graded
from cnncalc.homework.scheme import points
from cnncalc.render import spreadsheet


def write(graded: Sequence[Graded], name: str) -> Mapping[str, str]:
    """``NAME.csv``: points by question, and the problem of a sheet that could not be graded."""
    asked = dict.fromkeys(
        mark.answer.label for one in graded for mark in one.marks if mark.answer.question
    )
    rows: list[list[object]] = [["student", "file", "points", "possible", *asked, "problem"]]
    for one in graded:
        got = {mark.answer.label: points(one.points(mark)) for mark in one.marks}
        total = [points(one.score), points(one.possible)] if one.marked else ["", ""]
        each = [got.get(label, "") for label in asked]
        rows.append([one.student, one.source, *total, *each, one.problem])
    return {f"{name}.csv": spreadsheet.text(rows)}
