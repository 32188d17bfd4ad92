"""Answers in YAML, which includes JSON: a sheet, or the rows of a table as programs export them."""

from cnncalc.homework.sheets import _table
from cnncalc.homework.sheets._table import Cell
from cnncalc.homework.written import as_text
from cnncalc.spec import text as yaml
from cnncalc.spec.text import Item

SUFFIXES = (".yaml", ".yml", ".json")


def read(text: str, source: str) -> Item:
    """The tree of the document."""
    root = yaml.read(text, source, "an answer sheet needs 'answers' or 'questions'")
    rows = root.value if isinstance(root.value, list) else []
    are_rows = rows and all(isinstance(row.value, dict) for row in rows)
    return _table.sheet({}, [_cells(root)], source, ",") if are_rows else root


def _cells(root: Item) -> list[list[Cell]]:
    """A list of rows, as in ``[{layer: conv1, params: 456}]``, as a table."""
    names = dict.fromkeys(name for row in root.value for name in row.value)
    table = [[Cell(str(name), root.where) for name in names]]
    for row in root.value:
        given = [row.value.get(name, Item(None, row.where)) for name in names]
        table.append([Cell(_text(one), one.where) for one in given])
    return table


def _text(given: Item) -> str:
    return "" if given.value is None else given.text or as_text(given.plain())
