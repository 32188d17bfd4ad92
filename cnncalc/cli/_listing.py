"""Tables that are not a network's: drawn for a terminal, or written as data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cnncalc.errors import UsageError, did_you_mean, one_of

Record = Mapping[str, Any]


def columns(headings: Mapping[str, bool], rows: Iterable[Sequence[str]]) -> str:
    """Rows below their headings (True: numbers, set to the right); the last column wraps."""
    from rich.table import Table
    from rich.text import Text

    from cnncalc.render import _terminal

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    *others, last = headings
    for heading in others:
        table.add_column(heading, justify="right" if headings[heading] else "left", no_wrap=True)
    table.add_column(last, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return _terminal.draw([table], _terminal.width(), _terminal.colour())


def as_json(records: Sequence[Record]) -> str:
    """A list of objects."""
    import json

    return json.dumps(records, indent=2) + "\n"


def as_csv(records: Sequence[Record]) -> str:
    """A line for each record, as RFC 4180 says, below the keys."""
    import csv
    import io

    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()


def as_markdown(records: Sequence[Record]) -> str:
    """A table below the keys; numbers are set to the right."""
    from cnncalc.render import markdown

    numeric = [isinstance(value, int) for value in records[0].values()]
    rows = [[str(value) for value in record.values()] for record in records]
    return markdown.table(list(records[0]), rows, numeric) + "\n"


WRITERS = {"json": as_json, "csv": as_csv, "markdown": as_markdown}
FORMATS = ("table", *WRITERS)
ENDINGS = {".txt": "table", ".json": "json", ".csv": "csv", ".md": "markdown"}


def check(format: str) -> None:
    """Raise UsageError unless the format is one of a listing's."""
    if format not in FORMATS:
        hint = did_you_mean(format, FORMATS) or f"; a list has {one_of(FORMATS)}"
        raise UsageError(f"no format {format!r}{hint}")
