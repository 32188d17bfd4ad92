"""Tables that are not a network's: drawn for a terminal, or in any format."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.render import Format
    from cnncalc.render.view import Value


GAP = 2
LEAST = 16
"""What is left for the last column, at least."""


def columns(headings: Mapping[str, bool], rows: Iterable[Sequence[str]]) -> str:
    """Rows below their headings (True: numbers, set to the right); the last column wraps.

    Where the other columns leave too little for it, the table is wider than the terminal.
    """
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    from cnncalc.render import terminal

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    *others, last = headings
    for heading in others:
        table.add_column(heading, justify="right" if headings[heading] else "left", no_wrap=True)
    table.add_column(last, overflow="fold")
    widths = [len(heading) + GAP for heading in others]
    for row in rows:
        table.add_row(*map(Text, row))
        wide = (max(map(cell_len, cell.splitlines()), default=0) + GAP for cell in row)
        widths = [*map(max, widths, wide)]
    width = max(terminal.width(), sum(widths) + LEAST)
    return terminal.draw([table], width, terminal.colour())


def notes(numbered: Mapping[str, int]) -> str:
    """``[1] text`` for each text with its number, broken into lines."""
    import textwrap

    from cnncalc.render import terminal

    width = terminal.width()
    lines = (
        textwrap.fill(f"[{number}] {text}", width, subsequent_indent="    ", break_on_hyphens=False)
        for text, number in numbered.items()
    )
    return "".join(f"{line}\n" for line in lines)


def format_of(name: str | None, output: Path | None) -> "Format | None":
    """The format that is asked for, by name or by the file's ending; None for a table as text.

    Raises UsageError for one that there is not.
    """
    from cnncalc import render

    chosen = name or (render.for_file(str(output)) if output else "table")
    return None if chosen == "table" else render.load(chosen)


def rendered(
    form: "Format",
    title: str,
    names: Sequence[str],
    records: Sequence[Mapping[str, "Value"]],
    numbers: Sequence[str] = (),
    sentences: Sequence[str] = (),
) -> str:
    """Records of these names in a format; numbers to the right, sentences broken into lines."""
    from cnncalc.render.view import Records

    return form.render(Records(title, tuple(names), records, tuple(numbers), tuple(sentences)))
