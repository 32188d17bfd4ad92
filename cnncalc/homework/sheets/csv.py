"""Answers in a CSV table; rows such as ``student,Ada`` may come before it."""

import csv
import io

from cnncalc.core.errors import SpecError, Where
from cnncalc.homework.sheets import _table
from cnncalc.homework.sheets._table import Cell
from cnncalc.spec.text import Item

SUFFIXES = (".csv", ".tsv")
ABOVE = ("student", "architecture", "input", "layout", "batch", "dtype")


def read(text: str, source: str) -> Item:
    """The tree of the table; cells are separated by commas, semicolons or tabs."""
    _table.check_length(text, source)
    first = text.lstrip().partition("\n")[0]
    between = next((sign for sign in "\t;" if sign in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    header: dict[str, Cell] = {}
    rows: list[list[Cell]] = []
    try:
        for row in reader:
            where = Where(source, reader.line_num)
            cells = [Cell(cell.strip(), where) for cell in row]
            if not rows and len(cells) >= 2 and cells[0].text.lower() in ABOVE:
                content = ", ".join(cell.text for cell in cells[1:] if cell.text)
                header[cells[0].text.lower()] = Cell(content, where)
            elif any(cell.text for cell in cells):
                rows.append(cells)
    except csv.Error as why:
        raise SpecError(f"the text is not a table: {why}", Where(source, reader.line_num)) from None
    return _table.sheet(header, [rows], source, between)
