"""The table in the terminal: blocks as headings, layers indented below them, totals and a legend.

It fits the terminal, unless that would cut a number or a shape.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from cnncalc.analysis.report import Line
from cnncalc.core.errors import printable
from cnncalc.render import terminal
from cnncalc.render.columns import USUAL
from cnncalc.render.view import View

SUFFIX = ".txt"
INDENT = "  "
PROSE = 100
"""The widest line of the remarks and of the legend."""
READABLE = 10
"""The kind is cut to this width before the column of kernels is left out."""
SHORTEST = {"kind": 8, "fields": 8, "inputs": 8, "kernel": 8, "layer": 16}
"""The columns that may be cut, in this order, and the width that remains."""


class Entry(NamedTuple):
    """A row of the table; ``line`` is its line of the view, or None for the heading of a block."""

    label: str
    block: str
    level: int
    line: Line | None
    kind: str = ""


def render(view: View, *, width: int = terminal.PIPED, colour: bool = False) -> str:
    """The title, the table, the totals and the legend."""
    table, rule = _table(view, width, colour)
    lines = [
        *(terminal.styled(line, "bold", colour) for line in terminal.wrap(view.title, width)),
        *_dim(view.remarks, width, colour),
        "",
        *table,
        rule,
        "",
        *_totals(view, width, colour),
        "",
        *_dim([view.conventions], width, colour),
    ]
    return "\n".join(lines) + "\n"


def for_terminal(view: View) -> str:
    """The whole text for standard output."""
    return render(view, width=terminal.width(), colour=terminal.colour())


def _totals(view: View, width: int, colour: bool) -> Iterator[str]:
    """Labels in one column, totals in another."""
    size = max(len(total.label) for total in view.totals)
    for label, _, text in view.totals:
        start = terminal.styled(label.ljust(size), "bold", colour)
        for line in terminal.wrap(text, width - size - len(terminal.GAP)):
            yield start + terminal.GAP + line
            start = " " * size


def _dim(texts: list[str], width: int, colour: bool) -> Iterator[str]:
    for text in texts:
        for line in terminal.wrap(text, min(width, PROSE)):
            yield terminal.styled(line, "dim", colour)


def _table(view: View, width: int, colour: bool) -> tuple[list[str], str]:
    """The headings, a rule and the rows, and the same rule to put below them."""
    entries = [*_entries(view)]
    texts = _texts(view, entries)
    headings = {name: view.known[name].heading for name in texts}
    natural = {name: max(map(terminal.cells, [headings[name], *texts[name]])) for name in texts}
    widths = _fitted(natural, width, view.columns[: len(USUAL)] == USUAL)
    rows = zip(*([_cut(text, name, widths[name]) for text in texts[name]] for name in widths))
    right = [view.numeric(name) for name in widths]
    sizes = [*widths.values()]
    rule = terminal.styled(terminal.rule(sizes), "dim", colour)
    styles = ("" if not colour else "marked" if entry.line else "bold" for entry in entries)
    names = [headings[name] for name in widths]
    return [
        terminal.row(names, sizes, right, "bold" if colour else ""),
        rule,
        *(terminal.row(row, sizes, right, style) for row, style in zip(rows, styles)),
    ], rule


def _entries(view: View) -> Iterator[Entry]:
    """The lines as a tree, in which those below a block heading omit the block's name; a flat list
    if they are sorted or their names are not shown."""
    lines = view.lines
    if view.sort is not None or "layer" not in view.columns:
        yield from (Entry(line.name, "", 0, line) for line in lines)
        return
    nested = [_blocks(line.name) for line in lines]
    sizes = Counter(block for blocks in nested for block in blocks)
    nested = [[block for block in blocks if sizes[block] > 1] for blocks in nested]
    kinds = view.report.groups or {}
    above: list[str] = []
    for line, blocks in zip(lines, nested, strict=True):
        for level, block in enumerate(blocks):
            if above[level : level + 1] != [block]:
                above = []
                outer = f"{blocks[level - 1]}." if level else ""
                yield Entry(block.removeprefix(outer), block, level, None, kinds.get(block, ""))
        above = blocks
        block = blocks[-1] if blocks else ""
        yield Entry(line.name.removeprefix(f"{block}."), block, len(blocks), line)


def _blocks(name: str) -> list[str]:
    """The blocks that a layer is in, the outermost first: ``layer1.0.conv1`` is in ``layer1.0``.

    A number belongs to the name before it.
    """
    parts: list[str] = []
    for word in name.split("."):
        if word.isdecimal() and parts:
            parts[-1] += f".{word}"
        else:
            parts.append(word)
    return [*accumulate(parts[:-1], "{}.{}".format)]


def _texts(view: View, entries: list[Entry]) -> dict[str, list[str]]:
    """The cells of every column. The usual columns include the inputs if any layer has several."""
    names = list(view.columns)
    if view.columns[: len(USUAL)] == USUAL and "inputs" not in names:
        names.insert(names.index("output"), "inputs")
    texts = {name: [_text(view, name, entry) for entry in entries] for name in names}
    if "inputs" not in view.columns and not any(", " in text for text in texts.get("inputs", ())):
        texts.pop("inputs", None)
    return texts


def _text(view: View, name: str, entry: Entry) -> str:
    if name == "layer":
        return INDENT * entry.level + printable(entry.label)
    if entry.line is None:
        return entry.kind if name == "kind" else ""
    text = view.text(name, entry.line)
    if name == "inputs" and entry.block:
        text = ", ".join(one.removeprefix(f"{entry.block}.") for one in text.split(", "))
    return printable(text)


def _fitted(natural: Mapping[str, int], width: int, usual: bool) -> dict[str, int]:
    """The columns to show and their widths. If the usual columns do not fit, inputs are left out
    first, then kernels unless cutting the kind to ``READABLE`` is enough; then words are cut."""
    widths = dict(natural)
    if usual and _over(widths, width) > 0:
        widths.pop("inputs", None)
    if usual and _over({**widths, "kind": min(widths["kind"], READABLE)}, width) > 0:
        widths.pop("kernel", None)
    for name, least in SHORTEST.items():
        if name in widths:
            widths[name] -= min(max(_over(widths, width), 0), max(widths[name] - least, 0))
    return widths


def _over(widths: Mapping[str, int], width: int) -> int:
    """The number of characters by which the columns exceed a width."""
    return sum(widths.values()) + len(terminal.GAP) * (len(widths) - 1) - width


def _cut(text: str, name: str, width: int) -> str:
    """The text, without its end if it is too wide; a layer's name keeps its end, because that is
    where names differ."""
    if terminal.cells(text) <= width:
        return text
    short = text[1 - width :] if name == "layer" else text[: width - 1]
    while terminal.cells(short) >= width:
        short = short[1:] if name == "layer" else short[:-1]
    return f"…{short}" if name == "layer" else f"{short}…"
