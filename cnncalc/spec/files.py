"""The bytes and the text of a file, or of standard input."""

import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from io import FileIO
from itertools import islice
from pathlib import Path

from cnncalc.core.errors import SpecError, UsageError, Where, unreadable

MAX_BYTES = 5_000_000
ARCHIVES = {".keras": "config.json"}
"""The file that describes the model in each kind of zip archive."""
READ = 100_000
"""The most bytes that are read from an archive at a time."""


def standard_input() -> bytes:
    """The bytes on standard input, up to one more than ``MAX_BYTES``. Raises UsageError if it is
    closed."""
    if sys.stdin is None:
        raise UsageError("standard input is closed, so there is nothing to read")
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def described(file: Path) -> str:
    """The text of a file, or of the description in an archive of a model. Raises the errors of
    ``read_text``, and SpecError for anything else in place of an archive."""
    inner = ARCHIVES.get(file.suffix.lower())
    return read_text(file) if inner is None else _unpacked(file, inner)


def read_text(file: Path) -> str:
    """The text of a file. Raises UsageError if it cannot be read, SpecError if it is too long or
    not text."""
    return decoded(read_bytes(file), str(file))


def read_bytes(file: Path) -> bytes:
    """The content of a file, up to one byte more than ``MAX_BYTES``. Raises UsageError if it cannot
    be read."""
    check_ordinary(file)
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise unreadable(file, error) from None


def check_ordinary(file: Path) -> None:
    """Raise UsageError for a folder, and for what may never end, such as a pipe."""
    if file.is_dir():
        raise UsageError(f"{str(file)!r} is a folder, not a file")
    if file.is_fifo() or file.is_socket():
        raise UsageError(f"{str(file)!r} cannot be read as a file")


def is_there(file: Path) -> bool:
    """Whether a path exists; False for text that cannot be a path."""
    try:
        return file.exists()
    except (OSError, ValueError):
        return False


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


class _Archive(FileIO):
    """A zip archive of a few files. Raises OSError instead of reading a long list of files,
    whatever length the archive claims."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > READ:
            raise OSError
        return super().read(-1 if size is None else size)


def _unpacked(file: Path, inner: str) -> str:
    """The text of one file in a zip archive; the others, such as weights, are not read."""
    from zipfile import BadZipFile, ZipFile
    from zlib import error

    try:
        with _Archive(file) as whole, ZipFile(whole) as archive, archive.open(inner) as stream:
            data = b"".join(islice(iter(lambda: stream.read(READ), b""), MAX_BYTES // READ + 1))
    except (OSError, KeyError, BadZipFile, NotImplementedError, RuntimeError, error):
        raise SpecError(
            f"this is not an archive with a {inner}; export the model again", Where(str(file))
        ) from None
    return decoded(data, str(file))
