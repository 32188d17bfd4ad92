"""Tables other than a network's: for a terminal, or in any format."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.render import terminal

if TYPE_CHECKING:
    from cnncalc.render import Format
    from cnncalc.render.columns import Value


LEAST = 16
"""The narrowest that the last column gets."""


def columns(headings: Mapping[str, bool], rows: Iterable[Sequence[str]]) -> str:
    """Rows below their headings; True marks a column of numbers, which is set to the right.

    The last column wraps. If the others leave too little for it, the table is wider than the
    terminal.
    """
    colour = terminal.colour()
    table = [[cell.splitlines() or [""] for cell in row] for row in rows]
    widths = [
        max(
            [
                terminal.cells(heading),
                *(terminal.cells(line) for row in table for line in row[place]),
            ]
        )
        for place, heading in enumerate(headings)
    ]
    others = sum(widths[:-1]) + len(terminal.GAP) * len(widths[:-1])
    widths[-1] = min(widths[-1], max(terminal.width() - others, LEAST))
    right = [*list(headings.values())[:-1], False]
    lines = [
        terminal.row(headings, widths, right, "bold" if colour else ""),
        terminal.styled(terminal.rule(widths), "dim", colour),
    ]
    for *cells, last in table:
        wrapped = [part for line in last for part in terminal.wrap(line, widths[-1])]
        lines += [
            terminal.row(texts, widths, right, "marked" if colour else "")
            for texts in zip(*_as_tall([*cells, wrapped]), strict=True)
        ]
    return "".join(f"{line}\n" for line in lines)


def _as_tall(cells: Sequence[Sequence[str]]) -> list[list[str]]:
    """The cells of a row, filled up to the height of the tallest."""
    height = max(map(len, cells))
    return [[*cell, *[""] * (height - len(cell))] for cell in cells]


def notes(numbered: Mapping[str, int]) -> str:
    """``[1] text`` for each text with its number, broken into lines."""
    width = terminal.width()
    return "".join(
        f"{line}\n"
        for text, number in numbered.items()
        for line in terminal.wrap(f"[{number}] {text}", width, indent="    ")
    )


def format_of(name: str | None, output: Path | None) -> "Format | None":
    """The format asked for, by name or by the file extension; None for a table as text.

    Raises UsageError for an unknown one.
    """
    from cnncalc import render

    chosen = render.name_of(name) if name else render.for_file(str(output or ""))
    return None if chosen == "table" else render.load(chosen)


def rendered(
    form: "Format",
    title: str,
    names: Sequence[str],
    records: Sequence[Mapping[str, "Value"]],
    numbers: Sequence[str] = (),
    sentences: Sequence[str] = (),
) -> str:
    """Records with these keys in a format; numbers to the right, sentences broken into lines."""
    from cnncalc.render.records import Records

    return form.render(Records(title, tuple(names), records, tuple(numbers), tuple(sentences)))
