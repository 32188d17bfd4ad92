"""Answers in a Jupyter notebook: the tables of its Markdown cells."""

import json
from collections.abc import Iterator
from typing import Any

from cnncalc.core.errors import SpecError, Where
from cnncalc.homework.sheets import txt
from cnncalc.homework.sheets._table import NEEDED, NO_TABLE
from cnncalc.spec.text import Item

SUFFIXES = (".ipynb",)
HELP = f"code cells are not read; {NEEDED}"


def read(text: str, source: str) -> Item:
    """The tree of all tables; lines are counted across the Markdown cells."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise SpecError(
            "this is not a notebook, because it is not valid JSON; save the notebook again",
            Where(source),
        ) from None
    try:
        return txt.read("\n\n".join(_prose(notebook)), source)
    except SpecError as why:
        if why.fact != NO_TABLE:
            raise
        raise SpecError("no Markdown cell has a table of answers", why.where, HELP) from None


def _prose(notebook: Any) -> Iterator[str]:
    """The text of every Markdown cell, whose lines may be a list."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    for cell in cells if isinstance(cells, list) else ():
        if isinstance(cell, dict) and cell.get("cell_type") == "markdown":
            lines = cell.get("source", "")
            yield "".join(map(str, lines)) if isinstance(lines, list) else str(lines)
