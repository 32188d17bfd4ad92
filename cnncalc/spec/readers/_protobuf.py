"""The wire format of protocol buffers, read without loading fields that are not needed.

A message is a sequence of fields, each a number and a value. Values with a length (texts, nested
messages, the weights of a model) are returned as their place in the file.
"""

from collections.abc import Iterator
from struct import calcsize, unpack
from typing import BinaryIO, NamedTuple

from cnncalc.core.errors import SpecError, Where

MAX_FIELDS = 1_000_000
MAX_TEXT = 1_000_000
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""The types of values; groups (3 and 4) are no longer written."""
HEADER = 20
"""The most bytes that a field's number takes, together with its varint or length."""


class File:
    """A file of one message, with a limit on the fields that are read."""

    def __init__(self, stream: BinaryIO, source: str) -> None:
        self.stream = stream
        self.where = Where(source)
        self.left = MAX_FIELDS
        self.size = stream.seek(0, 2)

    def message(self) -> "Part":
        """The message that is the whole file."""
        return Part(self, 0, self.size)

    def wrong(self, sentence: str) -> SpecError:
        """An error in the file."""
        return SpecError(sentence, self.where)

    def broken(self, at: int) -> SpecError:
        """The error for bytes that are not a field."""
        return self.wrong(
            f"the file is damaged or cut off: cannot read the field at byte {at:,}; export the "
            "model again"
        )


class Part(NamedTuple):
    """The bytes of a value from ``begin`` up to ``end``."""

    file: File
    begin: int
    end: int

    def fields(self) -> Iterator[tuple[int, "int | bytes | Part"]]:
        """Every field's number, and its value: an integer, 4 or 8 bytes, or a part."""
        file, at = self.file, self.begin
        while at < self.end:
            file.left -= 1
            if file.left < 0:
                raise file.wrong(f"the file has more than {MAX_FIELDS:,} fields")
            file.stream.seek(at)
            header = file.stream.read(min(HEADER, self.end - at))
            tag, used = _varint(header, 0)
            number, kind = tag >> 3, tag & 7
            value: int | bytes | Part
            if kind in (VARINT, LENGTH):
                length, used = _varint(header, used) if used else (0, 0)
            else:
                length = {FIXED32: 4, FIXED64: 8}.get(kind, -1)
            after = at + used + (0 if kind == VARINT else length)
            if not used or not number or length < 0 or after > self.end:
                raise file.broken(at)
            if kind == VARINT:
                value = length
            elif kind == LENGTH:
                value = Part(file, at + used, after)
            else:
                value = header[used : used + length]
            yield number, value
            at = after

    def data(self, most: int = MAX_TEXT) -> bytes:
        """The bytes themselves; raises SpecError if there are more than ``most``."""
        if self.end - self.begin > most:
            raise self.file.wrong(f"the file has a value of more than {most:,} bytes")
        self.file.stream.seek(self.begin)
        return self.file.stream.read(self.end - self.begin)

    def text(self) -> str:
        """The bytes as text; bytes that are not UTF-8 are replaced."""
        return self.data().decode("utf-8", "replace")

    def integers(self, most: int) -> list[int]:
        """The integers that a packed field lists."""
        data, at, found = self.data(10 * most), 0, list[int]()
        while at < len(data):
            value, after = _varint(data, at)
            if not after or len(found) >= most:
                raise self.file.broken(self.begin + at)
            found.append(signed(value))
            at = after
        return found

    def floats(self, most: int, form: str = "f") -> list[float]:
        """The numbers that a packed field lists, of 4 bytes each (``f``) or 8 (``d``)."""
        size = calcsize(form)
        data = self.data(size * most)
        return [*unpack(f"<{len(data) // size}{form}", data[: len(data) // size * size])]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """An integer that uses 7 bits of each byte, and the place after it; two zeros if it has no
    end."""
    found = 0
    for place in range(at, min(at + 10, len(data))):
        byte = data[place]
        found |= (byte & 127) << 7 * (place - at)
        if byte < 128:
            return found & (1 << 64) - 1, place + 1
    return 0, 0


def signed(value: int) -> int:
    """An unsigned 64-bit integer, read as a signed one."""
    return value - (1 << 64) if value >> 63 else value
