"""Comma-separated values that are safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable

FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
NUMBER = re.compile(r"[-+]?[0-9][0-9,.]*")


def text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as RFC 4180 text. A string that a spreadsheet would run as a formula gets a leading
    apostrophe, so that nothing in a spec or an answer sheet is ever executed."""
    stream = io.StringIO()
    csv.writer(stream).writerows(map(_cell, row) for row in rows)
    return stream.getvalue()


def _cell(cell: object) -> object:
    if isinstance(cell, str) and FORMULA.match(cell) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
