"""The table in the terminal: as wide as it needs, coloured only where a person looks."""

import io
import os
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnncalc.view import View

SUFFIX = ".txt"
GAP = "  "
NARROWEST = 60
PIPED = 120


def render(view: View, *, width: int | None = None, colour: bool = False) -> str:
    """The title, the table, the totals and the conventions, drawn as text."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=max(NARROWEST, width or PIPED),
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    console.print(Text(view.title, style="bold"))
    for remark in view.remarks:
        console.print(Text(remark, style="dim"))
    console.print(_rows(view, console.width))
    console.print(_totals(view))
    console.print(Text(view.conventions, style="dim"))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def for_terminal(view: View) -> str:
    """The same, for where standard output goes."""
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    width = os.get_terminal_size().columns if sys.stdout.isatty() else None
    given = os.environ.get("COLUMNS", "")
    return render(view, width=int(given) if given.isdecimal() else width, colour=colour)


def _rows(view: View, width: int) -> Table:
    # Two blanks end every cell: rich draws padding of its own at four times the cost.
    table = Table(box=None, padding=0, header_style="bold")
    for name, heading in zip(view.columns, view.headings, strict=True):
        # Only words may wrap: a number is never cut or broken.
        wraps = name in ("layer", "kind", "fields")
        table.add_column(
            heading + GAP,
            justify="right" if view.numeric(name) else "left",
            no_wrap=not wraps,
            overflow="fold",
        )
    for line in view.lines:
        style = "dim" if not line.cost.params and not line.folded else ""
        table.add_row(*(Text(text + GAP, style=style) for text in view.texts(line)))
    return table


def _totals(view: View) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column()
    for total in view.totals:
        table.add_row(total.label, total.text)
    return table
