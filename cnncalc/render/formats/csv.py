"""A line for every line of the table, as RFC 4180 says; exact values, no totals.

The first line holds the columns' names, the words that ``--columns`` takes.
"""

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.render.sheet import Sheet

SUFFIX = ".csv"


def render(view: "Sheet") -> str:
    """The names of the columns, then the lines."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(view.columns)
    writer.writerows(view.values(line) for line in view.lines)
    return stream.getvalue()
