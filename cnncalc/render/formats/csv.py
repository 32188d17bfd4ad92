"""A line for every line of the table, as RFC 4180 says; exact values, no totals.

The first line holds the columns' names, the words that ``--columns`` takes.
"""

from typing import TYPE_CHECKING

from cnncalc.render import spreadsheet

if TYPE_CHECKING:
    from cnncalc.render.sheet import Sheet

SUFFIX = ".csv"


def render(view: "Sheet") -> str:
    """The names of the columns, then the lines."""
    return spreadsheet.text([view.columns, *map(view.values, view.lines)])
