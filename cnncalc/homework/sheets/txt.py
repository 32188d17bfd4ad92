"""Answers in a text file: Markdown, a summary that torchinfo, torchsummary or Keras printed, or a
table."""

import re
from collections import Counter
from collections.abc import Iterator

from cnncalc import layers
from cnncalc.core.errors import Where
from cnncalc.homework import printed
from cnncalc.homework.sheets import _markdown, _table, csv
from cnncalc.homework.sheets._table import ABOVE, Cell
from cnncalc.spec.text import Item

SUFFIXES = (".md", ".markdown", ".txt")
HEADING = re.compile(r"\s*Layer \(type[^)]*\)\s{2,}(?=.*Output Shape)", re.IGNORECASE)
BARS = "|│┃║"
ALIGNED = re.compile(r"(?<=\S) {2,}(?=\S)")
GAP = re.compile(r"\s{2,}")
WRAPPED = re.compile(r"\w*\)")
"""The rest of a type that Keras breaks across lines."""
TREE = " │├└─\t"
"""The characters that torchinfo draws before a name."""
NAMED = re.compile(r"(?:.*\()?([A-Za-z]\w*)(?:-\d+|\)?(?: \(\w+\))?: \d+-\d+|\))?")
"""A type as these tools print it: ``Conv2d: 2-1``, ``Conv2d-1`` and ``conv2d_2 (Conv2D)``."""


def read(text: str, source: str) -> Item:
    """The tree of the summary; a text without one is read like Markdown, or like CSV if its columns
    are separated by tabs, as from a spreadsheet, or by several spaces."""
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if HEADING.match(line)), None)
    if start is None:
        has_bars = any(bar in text for bar in BARS)
        tabbed = text if "\t" in text or has_bars else ALIGNED.sub("\t", text)
        has_tabs = "\t" in tabbed and not has_bars
        return csv.read(tabbed, source) if has_tabs else _markdown.read(text, source)
    header: dict[str, Cell] = {}
    for number, line in enumerate(lines[:start], 1):
        name, _, content = line.partition(":")
        if name.strip().lower() in ABOVE and content.strip():
            header[name.strip().lower()] = Cell(content.strip(), Where(source, number))
    return _table.sheet(header, [[*_rows(lines, start, source)]], source, ",")


def _rows(lines: list[str], start: int, source: str) -> Iterator[list[Cell]]:
    """The heading, the row of every layer, and the totals."""
    headings = [_table.LAYER, *GAP.split(lines[start].strip())[1:]]
    yield [Cell(heading, Where(source, start + 1)) for heading in headings]
    seen: Counter[str] = Counter()
    for number, line in enumerate(lines[start + 1 :], start + 2):
        where = Where(source, number)
        if _table.TOTAL.fullmatch(line.strip()):
            yield [Cell(line.strip(), where)]
            continue
        first, *cells = GAP.split(line.strip(TREE))
        below = lines[number].strip() if number < len(lines) else ""
        if first.count("(") > first.count(")") and WRAPPED.fullmatch(below):
            first += below
        named = NAMED.fullmatch(first)
        whole = len(cells) >= len(headings) - 1
        if named and whole and layers.known(named[1]):  # neither a container nor the model itself
            seen[named[1]] += 1
            label = printed.label(named[1], seen[named[1]])
            yield [Cell(label, where), *(Cell(_plain(cell), where) for cell in cells)]


def _plain(cell: str) -> str:
    """A cell with 0 in place of torchinfo's ``--``, and ``None`` in place of a batch size, as Keras
    writes it."""
    return "0" if cell == "--" else re.sub(r"^([\[(])-?[0-9]+, ", r"\g<1>None, ", cell)
