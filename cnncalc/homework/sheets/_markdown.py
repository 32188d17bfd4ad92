"""Answers in Markdown tables, or in tables as Keras draws them.

Lines such as ``student: Ada`` may precede them, and ``Total params: 61,706`` may follow.
"""

import re
from html import unescape
from itertools import zip_longest

from cnncalc.core.errors import Where
from cnncalc.homework.sheets import _table
from cnncalc.homework.sheets._table import ABOVE, Cell
from cnncalc.spec.text import Item

LONGEST = 500
MARKS = " *_`"
"""Markup around a name or a value."""
BARS = str.maketrans("│┃║", "|||")
RULE = re.compile(r"[|:\s+=─━═┌┬┐├┼┤└┴┘┏┳┓┡╇┩╞╪╡╔╦╗╠╬╣╚╩╝╭╮╰╯-]+")
"""A line without cells: the rule below the headings, or a border."""
BETWEEN = re.compile(r"^\s*├", re.MULTILINE)
"""A rule between rows. If a text has any, a row continues on the next line until a rule."""
DRAWN = re.compile(r"[|─━═]|\+[-=]+\+")


def read(text: str, source: str) -> Item:
    """The tree of all tables."""
    _table.check_length(text, source)
    header: dict[str, Cell] = {}
    tables: list[list[list[Cell]]] = []
    inside = after_rule = False
    wrapped = BETWEEN.search(text) is not None
    lines = [line.strip() for line in text.translate(BARS).splitlines()]
    for number, (line, below) in enumerate(zip_longest(lines, lines[1:], fillvalue=""), 1):
        where = Where(source, number)
        if RULE.fullmatch(line) is None and _is_row(line, below, inside):
            if not inside:
                tables.append([])
            row = [Cell(cell, where) for cell in _cells(line)]
            if wrapped and inside and not after_rule:
                row = _joined(tables[-1].pop(), row)
            tables[-1].append(row)
            inside, after_rule = True, False
            continue
        if RULE.fullmatch(line) and DRAWN.search(line):
            after_rule = True
            continue
        inside = False
        if tables and _table.TOTAL.fullmatch(line[:LONGEST].strip(MARKS)):
            tables[-1].append([Cell(line.strip(MARKS), where)])
        before, _, after = line[:LONGEST].partition(":")
        name, content = before.strip(f"{MARKS}#>-"), after.strip(MARKS)
        word = _table.word_above(name)
        if word in ABOVE and content:
            header.setdefault(word, Cell(content, where))
    return _table.sheet(header, tables, source, "|")


def _is_row(line: str, below: str, inside: bool) -> bool:
    """Whether a line is a row of a table. Unless it begins with a bar, it must contain one and
    follow a row or precede a line with a bar."""
    return line.startswith("|") or ("|" in line and (inside or "|" in below))


def _joined(row: list[Cell], more: list[Cell]) -> list[Cell]:
    """A row whose cells continue on the next line."""
    pairs = zip_longest(row, more)
    return [
        first._replace(text=f"{first.text} {second.text}".strip())
        if first and second
        else first or second
        for first, second in pairs
    ]


def _cells(line: str) -> list[str]:
    """The cells of a row; a bar after a backslash is text, ``<br>`` a line break."""
    inner = re.sub(r"<br ?/?>", "\n", line.strip(), flags=re.IGNORECASE).removeprefix("|")
    inner = inner if inner.endswith("\\|") else inner.removesuffix("|")
    cells = re.split(r"(?<!\\)\|", inner)
    return [unescape(cell.replace("\\|", "|")).strip().strip("`*").strip() for cell in cells]
