"""A line for every line of the table, as RFC 4180 says; exact values, no totals.

The first line holds the columns' names, the words that ``--columns`` takes.
"""

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.render.sheet import Sheet

SUFFIX = ".csv"
FORMULA = re.compile(r"[=+@\t\r]|-(?![\d.,]*$)")


def render(view: "Sheet") -> str:
    """The names of the columns, then the lines."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(view.columns)
    writer.writerows(map(cell, view.values(line)) for line in view.lines)
    return stream.getvalue()


def cell(value: object) -> str:
    """A value as text, with an apostrophe before anything that a spreadsheet would calculate."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and FORMULA.match(text) else text
