"""Answers in Markdown tables; lines such as ``student: Ada`` may come before them."""

import re

from cnncalc.core.errors import Where
from cnncalc.homework.sheets import _table
from cnncalc.homework.sheets._table import Cell
from cnncalc.homework.sheets.csv import ABOVE
from cnncalc.spec.text import Item

SUFFIXES = (".md", ".markdown")
LONGEST = 500
MARKS = " *_`"
"""Markup around a name or a value."""


def read(text: str, source: str) -> Item:
    """The tree of all tables."""
    header: dict[str, Cell] = {}
    tables: list[list[list[Cell]]] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        where = Where(source, number)
        if line.strip().startswith("|"):
            if not inside:
                tables.append([])
            if not re.fullmatch(r"[|:\s-]+", line.strip()):  # the rule below the headings
                tables[-1].append([Cell(cell, where) for cell in _cells(line)])
            inside = True
            continue
        inside = False
        before, _, after = line[:LONGEST].partition(":")
        name, said = before.strip(f"{MARKS}#>-"), after.strip(MARKS)
        if name.lower() in ABOVE and said:
            header.setdefault(name.lower(), Cell(said, where))
    return _table.sheet(header, tables, source)


def _cells(line: str) -> list[str]:
    """The cells of a row; a bar after a backslash is text, ``<br>`` a line break."""
    inner = re.sub(r"<br ?/?>", "\n", line.strip(), flags=re.IGNORECASE).removeprefix("|")
    inner = inner if inner.endswith("\\|") else inner.removesuffix("|")
    cells = re.split(r"(?<!\\)\|", inner)
    return [cell.replace("\\|", "|").strip().strip("`*").strip() for cell in cells]
