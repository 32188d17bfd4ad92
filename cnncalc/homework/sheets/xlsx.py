"""Answers in an Excel workbook: a table on each of its worksheets."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from cnncalc.core.errors import SpecError, UsageError, Where
from cnncalc.homework.sheets import _table
from cnncalc.homework.sheets._table import Cell
from cnncalc.spec.text import Item

SUFFIXES = (".xlsx",)
BINARY = True
MAX_BYTES = 5_000_000
"""The maximum size of an unpacked workbook."""
MAX_ROWS, MAX_COLUMNS, MAX_SHEETS, MAX_PARTS = 5_000, 200, 20, 1_000
MAX_LOOKED = 1_000_000
"""The most cells to look at in a worksheet, empty ones included."""
EXCEL_ROWS = 2**20
"""The most rows that a worksheet can have, empty ones included."""


def read(data: bytes, source: str) -> Item:
    """The tree of all tables; a formula counts as the value that Excel saved."""
    try:
        import openpyxl
    except ImportError:
        raise UsageError(
            "reading .xlsx files needs an extra: pip install 'cnncalc[xlsx]'"
        ) from None
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
        if len(parts) > MAX_PARTS:
            raise SpecError(f"the workbook has more than {MAX_PARTS:,} parts", Where(source))
        if sum(part.file_size for part in parts) > MAX_BYTES:
            raise SpecError(f"the workbook unpacks to more than {MAX_BYTES:,} bytes", Where(source))
        if any(leaves(part.filename) for part in parts):
            raise SpecError("the workbook has parts whose paths leave its folder", Where(source))
        book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
        pages = _pages(book, source)
    except SpecError:
        raise
    except Exception:  # openpyxl and zlib raise all sorts of errors for a damaged workbook
        raise SpecError(
            "the file cannot be read as an Excel workbook; save it again as .xlsx", Where(source)
        ) from None
    return _table.sheet({}, [rows for rows in pages if rows], source, ",")


def leaves(name: str) -> bool:
    """Whether a path in an archive leaves the folder that it would be unpacked to."""
    steps = name.replace("\\", "/").split("/")
    return ".." in steps or name[:1] in ("/", "\\") or ":" in steps[0]


def _pages(book: Any, source: str) -> list[list[list[Cell]]]:
    """The rows of each worksheet. Raises SpecError for too many worksheets, rows, columns or
    cells."""
    pages: list[list[list[Cell]]] = []
    cells = 0
    if len(book.worksheets) > MAX_SHEETS:
        raise SpecError(f"the workbook has more than {MAX_SHEETS} worksheets", Where(source))
    for page in book.worksheets:
        pages.append([])
        for row in _rows(page, source):
            pages[-1].append(row)
            cells += len(row)
            if cells > _table.MAX_CELLS:
                raise SpecError(
                    f"the workbook contains more than {_table.MAX_CELLS:,} cells", Where(source)
                )
    return pages


def _rows(page: Any, source: str) -> Iterator[list[Cell]]:
    """The non-empty rows of a worksheet."""
    page.reset_dimensions()  # some writers state wrong ones
    looked = 0
    for number, values in enumerate(page.iter_rows(values_only=True), 1):
        looked += len(values)
        if looked > MAX_LOOKED:
            raise SpecError(f"the worksheet {page.title!r} has too many empty cells", Where(source))
        cells = [Cell(_text(value), Where(source, number)) for value in values]
        while cells and not cells[-1].text:
            cells.pop()
        rows = number if cells or number > EXCEL_ROWS else 0
        for size, limit, what in (rows, MAX_ROWS, "rows"), (len(cells), MAX_COLUMNS, "columns"):
            if size > limit:
                message = f"the worksheet {page.title!r} has more than {limit:,} {what}"
                raise SpecError(message, Where(source))
        if cells:
            yield cells


def _text(value: Any) -> str:
    """The text of a cell as a student sees it: 3, although Excel may store it as the float 3.0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
