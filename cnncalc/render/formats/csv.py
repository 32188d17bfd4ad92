"""One row for each row of the table, in RFC 4180 format, with exact counts and no totals.

The first row has the names of the columns; ``--columns`` takes those of a network's table.
"""

from typing import TYPE_CHECKING

from cnncalc.render import spreadsheet

if TYPE_CHECKING:
    from cnncalc.render.sheet import Sheet

SUFFIX = ".csv"


def render(view: "Sheet") -> str:
    """The names of the columns, then the lines."""
    return spreadsheet.text([view.columns, *map(view.values, view.lines)])
