"""The table in the terminal: as wide as it needs, coloured only where a person looks."""

from rich.text import Text

from cnncalc.render import terminal
from cnncalc.render.view import View

SUFFIX = ".txt"
GAP = "  "
WORDS = ("kind", "fields")
"""The columns that may be cut short; a name, a number or a shape never is."""
SHORTEST = 8


def render(view: View, *, width: int = terminal.PIPED, colour: bool = False) -> str:
    """The title, the table, the totals and the conventions, drawn as text."""
    above = [Text(view.title, style="bold"), *(Text(text, style="dim") for text in view.remarks)]
    rows = _rows(view, width)
    # Where the numbers need more than there is, the table is wider than the terminal.
    widest = max(map(len, rows.plain.splitlines()))
    below = [_totals(view), Text(view.conventions, style="dim")]
    return (
        terminal.draw(above, width, colour)
        + terminal.draw([rows], max(width, widest), colour)
        + terminal.draw(below, width, colour)
    )


def for_terminal(view: View) -> str:
    """The same, for where standard output goes."""
    return render(view, width=terminal.width(), colour=terminal.colour())


def _rows(view: View, width: int) -> Text:
    """Headings and lines, set in columns. One text: a rich table would take ten times as long."""
    lines = view.lines
    cells = [view.headings, *map(view.texts, lines)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    over = sum(widths) + len(GAP) * (len(widths) - 1) - width
    for index, name in enumerate(view.columns):
        if name in WORDS and over > 0:
            spare = min(over, max(widths[index] - SHORTEST, 0))
            widths[index] -= spare
            over -= spare
    quiet = [not line.cost.params and not line.folded for line in lines]
    styles = ["bold", *("dim" if no_parameters else "" for no_parameters in quiet)]
    numeric = [view.numeric(name) for name in view.columns]
    rows = ((_set(row, widths, numeric), style) for row, style in zip(cells, styles, strict=True))
    return Text("\n").join(Text(row, style=style) for row, style in rows)


def _set(row: list[str], widths: list[int], numeric: list[bool]) -> str:
    """One line: numbers to the right, words to the left and cut short where they must be."""
    cells = zip(row, widths, numeric, strict=True)
    return GAP.join(
        text.rjust(width) if right else _short(text, width).ljust(width)
        for text, width, right in cells
    ).rstrip()


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _totals(view: View) -> Text:
    """The labels and what they come to."""
    width = max(len(total.label) for total in view.totals)
    return Text("\n").join(
        Text.assemble((total.label.ljust(width), "bold"), GAP, total.text) for total in view.totals
    )
