"""Answers in a table, whatever the format.

The first row names the columns: ``layer`` and quantities (a row for each layer), or ``layer``,
``quantity`` and ``answer``, or ``question`` and ``answer`` (a row for each answer).
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cnncalc.core.errors import SpecError, Where
from cnncalc.homework.written import suffix_of
from cnncalc.spec.text import MAX_VALUES, Item, Key

MAX_CELLS = MAX_VALUES


class Cell(NamedTuple):
    """A cell of a table and its location."""

    text: str
    where: Where


LAYER, QUANTITY, QUESTION, ANSWER = "layer", "quantity", "question", "answer"
NEEDED = (
    "a table of answers begins with a row that names its columns: layer, then quantities such as "
    "shape; or layer, quantity, answer; or question, answer"
)


def sheet(
    header: Mapping[str, Cell], tables: Sequence[Sequence[Sequence[Cell]]], source: str
) -> Item:
    """The tree of a sheet with these keys (student, architecture) and tables."""
    top = {key(name, cell.where): Item(cell.text, cell.where) for name, cell in header.items()}
    answers: dict[Key, Item] = {}
    questions: list[Item] = []
    for table in tables:
        _read(table, answers, questions, source)
    here = Where(source)
    if not answers and not questions:
        raise SpecError(NEEDED, here)
    if answers:
        top[key("answers", here)] = Item(answers, here)
    if questions:
        top[key("questions", here)] = Item(questions, here)
    return Item(top, here)


def key(text: str, where: Where) -> Key:
    """A key of a mapping."""
    made = Key(text)
    made.where = where
    return made


def _read(
    table: Sequence[Sequence[Cell]], answers: dict[Key, Item], questions: list[Item], source: str
) -> None:
    """Add the answers of one table."""
    if sum(map(len, table)) > MAX_CELLS:
        raise SpecError(f"holds more than {MAX_CELLS:,} cells", Where(source))
    header = _without_blank_end(table[0]) if table else []
    names = [cell.text.strip().lower() for cell in header]
    for row in table[1:]:
        cells = dict(zip(names, row))
        if names[:1] == [QUESTION] and ANSWER in names:
            questions.append(_question(cells))
        elif names == [LAYER, QUANTITY, ANSWER]:
            if len(row) >= len(names):
                _add(answers, cells[LAYER], cells[QUANTITY], cells[ANSWER])
        elif names[:1] == [LAYER] and len(names) > 1:
            for heading, cell in zip(header[1:], row[1:]):
                _add(answers, row[0], heading, cell)
        else:
            raise SpecError(NEEDED, table[0][0].where if table[0] else Where(source))


def _without_blank_end(row: Sequence[Cell]) -> Sequence[Cell]:
    """A row without the empty cells that spreadsheets write at its end."""
    last = max((place for place, cell in enumerate(row, 1) if cell.text.strip()), default=0)
    return row[:last]


def _question(cells: Mapping[str, Cell]) -> Item:
    first = cells[QUESTION]
    given = cells.get(ANSWER, Cell("", first.where))
    return Item(
        {
            key("name", first.where): Item(first.text, first.where),
            key("answer", given.where): Item(given.text or None, given.where, given.text),
        },
        first.where,
    )


def _add(answers: dict[Key, Item], layer: Cell, quantity: Cell, given: Cell) -> None:
    """Add one answer; raises SpecError if there is one already. A unit in the heading, as in
    ``memory (MB)``, applies to numbers without one."""
    name = key(layer.text, layer.where)
    asked = key(quantity.text, quantity.where)
    unit = re.search(r"\(([A-Za-z]+)\)$", quantity.text)
    if unit and suffix_of(unit[1]) and given.text[-1:].isdecimal():
        given = given._replace(text=f"{given.text} {unit[1]}")
    own = answers.setdefault(name, Item({}, layer.where)).value
    if asked in own:
        raise SpecError(f"{layer.text} {quantity.text} is answered twice", given.where)
    own[asked] = Item(given.text or None, given.where, given.text)
