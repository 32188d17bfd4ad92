"""Answers in a CSV table; rows such as ``student,Ada`` may come before it."""

import csv
import io
import re

from cnncalc.core.errors import SpecError, Where
from cnncalc.homework.sheets import _table
from cnncalc.homework.sheets._table import Cell
from cnncalc.spec.text import Item

SUFFIXES = (".csv", ".tsv")
NAMES = re.compile(r"^.*\b(?:layer|question)\b.*", re.IGNORECASE | re.MULTILINE)


def read(text: str, source: str) -> Item:
    """The tree of the table; cells are separated by commas, semicolons or tabs."""
    _table.check_length(text, source)
    named = NAMES.search(text)
    first = named[0] if named else text.lstrip().partition("\n")[0]
    between = next((sign for sign in "\t;" if sign in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    rows: list[list[Cell]] = []
    try:
        for row in reader:
            where = Where(source, reader.line_num)
            cells = [Cell(cell.strip(), where) for cell in row]
            if any(cell.text for cell in cells):
                rows.append(cells)
    except csv.Error as why:
        raise SpecError(f"the text is not a table: {why}", Where(source, reader.line_num)) from None
    return _table.sheet({}, [rows], source, between)
