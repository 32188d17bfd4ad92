"""The bytes and the text of a file, or of standard input."""

import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from cnncalc.core.errors import SpecError, UsageError, Where, unreadable

MAX_BYTES = 5_000_000


def standard_input() -> bytes:
    """The bytes on standard input, up to one more than ``MAX_BYTES``. Raises UsageError if it is
    closed."""
    if sys.stdin is None:
        raise UsageError("standard input is closed, so there is nothing to read")
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def read_text(file: Path) -> str:
    """The text of a file. Raises UsageError if it cannot be read, SpecError if it is too long or
    not text."""
    return decoded(read_bytes(file), str(file))


def read_bytes(file: Path) -> bytes:
    """The content of a file, up to one byte more than ``MAX_BYTES``. Raises UsageError if it cannot
    be read."""
    if file.is_dir():
        raise UsageError(f"{str(file)!r} is a folder, not a file")
    if file.is_fifo() or file.is_socket():
        raise UsageError(f"{str(file)!r} cannot be read as a file")
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise unreadable(file, error) from None


def decoded(data: bytes, source: str) -> str:
    """The text of a file's bytes. Raises SpecError if there are too many or they are not text."""
    if len(data) > MAX_BYTES:
        raise SpecError(f"the file is longer than {MAX_BYTES:,} bytes", Where(source))
    if b"\0" in data and not data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        fact = "the file is not text: it contains a null byte, as images and archives do"
        raise SpecError(fact, Where(source))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SpecError(
            "the file is not text in UTF-8; save it as UTF-8", Where(source, line)
        ) from None
