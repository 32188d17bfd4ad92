"""The table in the terminal: as wide as it needs, coloured only where a person looks."""

from collections.abc import Sequence

from rich.console import JustifyMethod
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cnncalc.render import _terminal
from cnncalc.view import View

SUFFIX = ".txt"
GAP = "  "
WORDS = ("kind", "fields")
"""The columns that may wrap; a name, a number or a shape is never cut or broken."""


def render(view: View, *, width: int = _terminal.PIPED, colour: bool = False) -> str:
    """The title, the table, the totals and the conventions, drawn as text."""
    above = [Text(view.title, style="bold"), *(Text(text, style="dim") for text in view.remarks)]
    texts = [view.texts(line) for line in view.lines]
    needed = sum(_needed(view, number, texts) for number in range(len(view.columns)))
    return (
        _terminal.draw(above, width, colour)
        # Where the numbers need more than there is, the table is wider than the terminal.
        + _terminal.draw([_rows(view, texts)], max(width, needed), colour)
        + _terminal.draw([_totals(view), Text(view.conventions, style="dim")], width, colour)
    )


def for_terminal(view: View) -> str:
    """The same, for where standard output goes."""
    return render(view, width=_terminal.width(), colour=_terminal.colour())


def _needed(view: View, number: int, texts: Sequence[Sequence[str]]) -> int:
    """The least width of a column: its widest text, or its longest word where words may wrap."""
    cells = [view.headings[number], *(row[number] for row in texts)]
    if view.columns[number] in WORDS:
        cells = [word for cell in cells for word in cell.split()]
    return max(map(len, cells)) + len(GAP)


def _rows(view: View, texts: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, padding=0, header_style="bold")
    gaps = ["", *[GAP] * (len(view.columns) - 1)]
    wraps = [name in WORDS for name in view.columns]
    for name, heading, gap in zip(view.columns, view.headings, gaps, strict=True):
        justify: JustifyMethod = "right" if view.numeric(name) else "left"
        table.add_column(gap + heading, justify=justify, no_wrap=name not in WORDS)
    for line, row in zip(view.lines, texts, strict=True):
        style = "dim" if not line.cost.params and not line.folded else ""
        table.add_row(*map(_cell, row, gaps, wraps, [style] * len(row)))
    return table


def _cell(text: str, gap: str, wraps: bool, style: str) -> Text | Padding:
    """A text after a gap. Rich's padding costs much: it is kept for what may take several lines."""
    if wraps:
        return Padding(Text(text, style=style), (0, 0, 0, len(gap)))
    return Text(gap + text, style=style)


def _totals(view: View) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column()
    for total in view.totals:
        table.add_row(total.label, total.text)
    return table
