"""Answers in a table, whatever the format.

The first row names the columns: ``layer`` and quantities (a row for each layer), or ``layer``,
``quantity`` and ``answer``, or ``question`` and ``answer`` (a row for each answer). Tables as Keras
prints them and as courses hand them out work too: with ``Layer (type)`` or an empty heading above
the layers, with totals such as ``Total params: 61,706`` below, or with a column for each layer and
a row for each quantity.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from cnncalc.core.errors import SpecError, UsageError, Where
from cnncalc.homework import asks
from cnncalc.homework.sheets import _headings
from cnncalc.spec.text import MAX_VALUES, Item, Key

MAX_CELLS = MAX_VALUES
MAX_CHARACTERS = 1_000_000
MAX_ABOVE = 50
"""The maximum number of rows above the headings."""


class Cell(NamedTuple):
    """A cell of a table and its location."""

    text: str
    where: Where


LAYER, QUANTITY, QUESTION, ANSWER = "layer", "quantity", "question", "answer"
NUMBERED = {QUESTION, "questions", "q", "no", "no.", "nr", "nr.", "#", "number", "problem", "task"}
ANSWERED = {ANSWER, "answers", "my answer", "your answer", "result", "solution"}
ABOVE = ("student", "architecture", "input", "layout", "batch", "dtype")
"""The keys that a row or a line above a table may give."""
ABOVE_LAYERS = {"", "layers", "name"}
"""Other headings of the column of layers, apart from ``Layer (type)`` and the like."""
NOT_ASKED = {"connected to", "trainable", "input shape", "kernel shape"}
"""Columns of printed summaries that no question is about."""
GIVEN = {
    "filter size", "filters", "# filters", "kernel", "kernel size", "kernels", "number of filters",
    "padding", "stride", "type", "units", "window",
}  # fmt: skip
"""Columns that describe a layer and that few questions are about."""
TOTAL = re.compile(
    r"(?:the\s+)?(total|trainable|non-trainable|optimizer)\s+(?:(?:number|#)\s+of\s+)?"
    r"(?:(?:learnable|trainable)\s+)?(?:params|parameters)\s*(?:(?:[:=]|\bis\b|\bare\b)\s*(.*))?",
    re.IGNORECASE,
)
THOUSANDS = re.compile(r"[0-9]{3}(?![0-9]).*")
"""The text after a comma between thousands, at which CSV splits ``Total params: 61,706``."""
NO_TABLE = "there is no table of answers"
NEEDED = (
    "a table begins with a row that names its columns: layer, then quantities such as shape; or "
    "layer, quantity, answer; or question, answer"
)


def sheet(
    header: Mapping[str, Cell],
    tables: Sequence[Sequence[Sequence[Cell]]],
    source: str,
    between: str,
) -> Item:
    """The tree of a sheet with these keys (student, architecture) and tables, whose cells are
    separated by ``between``. Rows above the headings may also give keys; other rows there are
    titles.
    """
    known = dict(header)
    answers: dict[Key, Item] = {}
    questions: list[Item] = []
    others: list[Sequence[Sequence[Cell]]] = []
    for table in map(_without_blank_columns, tables):
        start = _headings_at(table)
        for name, *content in table[:start]:
            word = word_above(name.text)
            if word in ABOVE and content:
                text = ", ".join(cell.text for cell in content if cell.text)
                known.setdefault(word, Cell(text, name.where))
        rows = _turned(table[start:])
        if rows and not _read(rows, answers, questions, source, between):
            others.append(rows)
    top = {key(name, cell.where): Item(cell.text, cell.where) for name, cell in known.items()}
    here = Where(source)
    if not answers and not questions:
        if len(tables) == 1 and len(tables[0]) == 1 and _are_headings(_names(tables[0][0])):
            raise SpecError("the table has no answers below its headings", tables[0][0][0].where)
        raise SpecError(NO_TABLE, others[0][0][0].where if others else here, NEEDED)
    for (name, *headings), row in ((rows[0], rows[1]) for rows in others if len(rows[0]) > 1):
        own = answers.setdefault(key(name.text, name.where), Item({}, name.where)).value
        own[key(headings[0].text, name.where)] = Item(row[-1].text or None, row[-1].where)
    if answers:
        top[key("answers", here)] = Item(answers, here)
    if questions:
        top[key("questions", here)] = Item(questions, here)
    return Item(top, here)


def word_above(name: str) -> str:
    """The key that ``Name:`` gives above a table."""
    word = name.lower().rstrip(": ")
    return "student" if word in ("name", "full name", "student name") else word


def check_length(text: str, source: str) -> None:
    """Raise SpecError for text that is too long to be a sheet with tables."""
    if len(text) > MAX_CHARACTERS:
        raise SpecError(f"the table is longer than {MAX_CHARACTERS:,} characters", Where(source))


def key(text: str, where: Where) -> Key:
    """A key of a mapping, with its location."""
    made = Key(text)
    made.where = where
    return made


def _without_blank_columns(table: Sequence[Sequence[Cell]]) -> Sequence[Sequence[Cell]]:
    """A table without the empty columns that a spreadsheet may have on its left."""
    blank = (
        next((place for place, cell in enumerate(row) if cell.text), len(row)) for row in table
    )
    first = min(blank, default=0)
    return [row[first:] for row in table] if first else table


def _headings_at(table: Sequence[Sequence[Cell]]) -> int:
    """The position of the row with the headings; if there is none, that of the first row that gives
    no key."""
    first = 0
    for place, row in enumerate(table[:MAX_ABOVE]):
        names = _names(row)
        if len(row) > 1 and word_above(row[0].text) in ABOVE:
            first += place == first
        elif _are_headings(names):
            return place
    return first


def _are_headings(names: Sequence[str]) -> bool:
    """Whether a row names columns of answers."""
    return len(names) > 1 and (names[0] in (LAYER, QUESTION) or _is_summary(names))


def _names(row: Sequence[Cell]) -> list[str]:
    """The headings in lower case; columns of questions and answers are named ``question`` and
    ``answer``."""
    names = [" ".join(cell.text.lower().split()) for cell in _without_blank_end(row)]
    given = [place for place, name in enumerate(names) if name in ANSWERED]
    if names and names[0] in NUMBERED and len(given) == 1:
        names[0], names[given[0]] = QUESTION, ANSWER
    return names


def _read(
    table: Sequence[Sequence[Cell]],
    answers: dict[Key, Item],
    questions: list[Item],
    source: str,
    between: str,
) -> bool:
    """Add the answers of one table. Returns False if its rows are not answers."""
    if sum(map(len, table)) > MAX_CELLS:
        raise SpecError(f"the table contains more than {MAX_CELLS:,} cells", Where(source))
    header = _without_blank_end(table[0]) if table else []
    names = _names(header)
    summary = _is_summary(names)
    if summary:
        names[0] = LAYER
    columns = [_column(table, place, cell) for place, cell in enumerate(header)]
    for cells_of_row in table[1:]:
        if names[:1] != [QUESTION] and _add_total(answers, cells_of_row):
            continue
        row = _fitted(cells_of_row, names, between)
        cells = dict(zip(names, row))
        if names[:1] == [QUESTION] and ANSWER in names:
            questions.append(_question(cells))
        elif names == [LAYER, QUANTITY, ANSWER]:
            if len(row) >= len(names):
                _add(answers, cells[LAYER], cells[QUANTITY], cells[ANSWER])
        elif names[:1] == [LAYER] and len(names) > 1:
            for name, (heading, unit), cell in zip(names[1:], columns[1:], row[1:]):
                is_given = name in GIVEN and (summary or not _is_asked(name))
                if name not in NOT_ASKED and not is_given:
                    _add(answers, row[0], heading, _with_unit(cell, unit))
        else:
            return False
    return True


def _turned(table: Sequence[Sequence[Cell]]) -> Sequence[Sequence[Cell]]:
    """The table with a row for each layer, if it was written with a column for each."""
    if len(table) < 2 or not table[0] or table[0][0].text.lower() not in {LAYER, *ABOVE_LAYERS}:
        return table
    (corner, *names), *rows = table
    quantities = [row[0].text for row in rows if row]
    if any(_is_column(name.text) for name in names) or not all(map(_is_column, quantities)):
        return table
    blank = corner._replace(text="")
    turned = [[*row] for row in zip_longest(*table, fillvalue=blank)]
    turned[0][0] = corner._replace(text=LAYER)
    return turned


def _is_column(heading: str) -> bool:
    """Whether a heading is a quantity."""
    return _is_asked(_headings.quantity(heading, ())[0])


def _column(table: Sequence[Sequence[Cell]], place: int, heading: Cell) -> tuple[Cell, str]:
    """The quantity of a column, and the unit of its numbers."""
    cells = [row[place].text for row in table[1:] if len(row) > place]
    name, unit = _headings.quantity(heading.text, cells)
    return heading._replace(text=name), unit


def _with_unit(cell: Cell, unit: str) -> Cell:
    """A number with the unit of its column, unless it has one."""
    return (
        cell._replace(text=f"{cell.text} {unit}") if cell.text[-1:].isdecimal() and unit else cell
    )


def _is_summary(names: Sequence[str]) -> bool:
    """Whether the first heading is another name for layers, and a later one is a quantity."""
    first = names[0] if names else LAYER
    is_other = first in ABOVE_LAYERS or first.startswith(f"{LAYER} ")
    return is_other and any(map(_is_column, names[1:]))


def _is_asked(heading: str) -> bool:
    try:
        asks.find(heading)
    except UsageError:
        return False
    return True


def _add_total(answers: dict[Key, Item], row: Sequence[Cell]) -> bool:
    """Whether the row is a total of parameters, of which Keras prints up to four.

    Adds the total, or the trainable parameters in its place if they are printed: Keras's total
    includes running statistics.
    """
    first, *others = [cell.text.strip() for cell in _without_blank_end(row)] or [""]
    found = TOTAL.fullmatch(first)
    if found is None:
        return False
    if found[2] and all(map(THOUSANDS.fullmatch, others)):
        given = ",".join([found[2], *others])
    elif not found[2] and others and not any(others[:-1]):
        given = others[-1]
    else:
        return False
    where, which = row[0].where, found[1].lower()
    if which not in ("total", "trainable"):
        return True
    own = answers.setdefault(key("totals", where), Item({}, where)).value
    if which == "trainable" or "parameters" not in own:
        own[key("parameters", where)] = Item(given, where, given)
    return True


def _without_blank_end(row: Sequence[Cell]) -> Sequence[Cell]:
    """A row without the empty cells that spreadsheets write at its end."""
    last = max((place for place, cell in enumerate(row, 1) if cell.text.strip()), default=0)
    return row[:last]


def _fitted(row: Sequence[Cell], names: Sequence[str], between: str) -> Sequence[Cell]:
    """A row whose number or size was split at its commas, such as ``34,848``, joined again. Only
    the answer in the last column can be joined. Raises SpecError for a split row whose last column
    is not the answer."""
    if len(row) <= len(names) or not names:
        return row
    *first, last = row[: len(names)]
    more = [cell.text for cell in _without_blank_end(row)[len(names) :]]
    if not last.text or not more or not more[0][:1].isdecimal():
        return row
    if names[-1] != ANSWER:
        raise SpecError(
            f"a row has {len(names) + len(more)} cells under {len(names)} "
            f"heading{'s' * (len(names) != 1)}",
            last.where,
            "give every column a heading; in a CSV file, put a value with commas in quotes, as in "
            '"34,848"',
        )
    return [*first, last._replace(text=between.join([last.text, *more]))]


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
    """Add one answer; raises SpecError if there is one already."""
    name = key(layer.text, layer.where)
    asked = key(quantity.text, quantity.where)
    own = answers.setdefault(name, Item({}, layer.where)).value
    if asked in own:
        raise SpecError(f"{layer.text} {quantity.text} is answered twice", given.where)
    own[asked] = Item(given.text or None, given.where, given.text)
