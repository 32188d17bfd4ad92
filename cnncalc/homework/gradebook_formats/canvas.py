"""Grades for import into a Canvas gradebook.

Name each submission after the student's login, which fills the column ``SIS Login ID``.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from cnncalc.homework.gradebook import Graded
from cnncalc.homework.scheme import points
from cnncalc.render import spreadsheet

COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def write(graded: Sequence[Graded], name: str) -> Mapping[str, str]:
    """``NAME.csv``: the points possible in the second row, then a row for every student."""
    possible = max((one.possible for one in graded), default=Fraction(0))
    rows: list[list[object]] = [
        [*COLUMNS, name],
        ["    Points Possible", "", "", "", "", points(possible)],
    ]
    for one in graded:
        grade = points(one.score) if one.marked else ""
        rows.append([one.student, "", "", one.handle, "", grade])
    return {f"{name}.csv": spreadsheet.text(rows)}
