"""Tables other than a network's: for a terminal, or in any format."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.core import units
from cnncalc.render import terminal

if TYPE_CHECKING:
    from cnncalc.render import Format
    from cnncalc.render.columns import Value


LEAST = 16
"""The minimum width of the last column."""


def columns(headings: Mapping[str, bool], rows: Iterable[Sequence[str]]) -> str:
    """Rows below their headings; True marks a column of numbers, which is aligned right.

    If the table is too wide, headings and texts wrap. Numbers, and words before the last column,
    are never broken, so a table may still be wider than the terminal.
    """
    colour = terminal.colour()
    table = [[cell.splitlines() or [""] for cell in row] for row in rows]
    right = [*headings.values()]
    widths = _widths([*headings], table, right)
    titles = [terminal.wrap(heading, width) for heading, width in zip(headings, widths)]
    tallest = max(map(len, titles))
    titles = [[""] * (tallest - len(title)) + title for title in titles]
    lines = [
        *(terminal.row(texts, widths, right, "bold" if colour else "") for texts in zip(*titles)),
        terminal.styled(terminal.rule(widths), "dim", colour),
    ]
    for row in table:
        wrapped = [
            [part for line in cell for part in terminal.wrap(line, width)]
            for cell, width in zip(row, widths, strict=True)
        ]
        lines += [
            terminal.row(texts, widths, right, "marked" if colour else "")
            for texts in zip_longest(*wrapped, fillvalue="")
        ]
    return "".join(f"{line}\n" for line in lines)


def sizes(parts: Iterable[tuple[str, int, str]]) -> str:
    """Names, bytes and notes in columns."""
    headings = {"Memory": False, "Bytes": True, "": True, " ": False}
    rows = [(name, units.exact(n), units.in_bytes(n), note) for name, n, note in parts]
    return columns(headings, rows)


def _widths(
    headings: Sequence[str], table: Sequence[Sequence[Sequence[str]]], right: Sequence[bool]
) -> list[int]:
    """The width of each column. To fit the terminal, the last column gives way first if it holds
    text, then the headings of numbers, then other texts, the widest first.
    """
    widths, least = [], []
    for place, heading in enumerate(headings):
        texts = [line for row in table for line in row[place]]
        whole = texts if right[place] else [word for text in texts for word in text.split()]
        widths.append(max(map(terminal.cells, [heading, *texts])))
        least.append(max(map(terminal.cells, ["", *heading.split(), *whole])))
    if not right[-1]:
        least[-1] = min(widths[-1], LEAST)
    over = sum(widths) + len(terminal.GAP) * (len(widths) - 1) - terminal.width()
    last = None if right[-1] else len(widths) - 1
    wide = [place for place in range(len(widths)) if widths[place] > least[place]]
    while over > 0 and wide:
        place = max(wide, key=lambda one: (one == last, right[one], widths[one]))
        widths[place] -= 1
        over -= 1
        if widths[place] == least[place]:
            wide.remove(place)
    return widths


def wrapped(text: str) -> str:
    """A text in lines that fit the terminal."""
    return "".join(f"{line}\n" for line in terminal.wrap(text, terminal.width()))


def notes(numbered: Mapping[str, int]) -> str:
    """Footnotes such as ``[1] text``, broken into lines."""
    width = terminal.width()
    return "".join(
        f"{line}\n"
        for text, number in numbered.items()
        for line in terminal.wrap(f"[{number}] {text}", width, indent="    ")
    )


def format_of(name: str | None, output: Path | None, others: Iterable[str] = ()) -> "Format | None":
    """The requested format, by name or by the file extension; None for a table as text.

    Raises UsageError for an unknown format or extension; ``others`` are further extensions for its
    message to suggest.
    """
    from cnncalc import render

    chosen = render.name_of(name) if name else render.for_file(str(output or ""), others)
    return None if chosen == "table" else render.load(chosen)


def rendered(
    form: "Format",
    title: str,
    names: Sequence[str],
    records: Sequence[Mapping[str, "Value"]],
    numbers: Sequence[str] = (),
    sentences: Sequence[str] = (),
) -> str:
    """Records in a format. ``names`` are their keys, ``numbers`` are the columns that are aligned
    right, and ``sentences`` are those that are broken into lines."""
    from cnncalc.render.records import Records

    return form.render(Records(title, tuple(names), records, tuple(numbers), tuple(sentences)))
