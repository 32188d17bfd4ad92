"""Networks in files of other tools: one module per format. Those for text are discovered
automatically; those for other files are listed in ``BINARY``.

A module for text files has ``is_it(text)``, which recognizes the format, and ``read``, which
returns a spec as plain data. One for other files has ``begins(data)`` instead of ``is_it``. Reading
runs no code and opens no other file.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, BinaryIO, Protocol, cast

from cnncalc.core import discovery


class Reader(Protocol):
    """The interface of a module."""

    NAME: str

    def is_it(self, text: str) -> bool:
        """Whether a file's text seems to have this format."""

    def read(self, text: str, source: str, inputs: Mapping[str, Sequence[int]]) -> dict[str, Any]:
        """The spec. ``inputs`` has the sizes that the user gives, by name, or under "" for a single
        input; a file may leave sizes open. Raises SpecError for a broken file, or for what a spec
        cannot express."""


class FileReader(Protocol):
    """The interface of a module for files that are not text."""

    NAME: str

    def begins(self, data: bytes) -> bool:
        """Whether a file of this format may begin like this."""

    def read(
        self, stream: BinaryIO, source: str, inputs: Mapping[str, Sequence[int]]
    ) -> dict[str, Any]:
        """The spec, as for ``Reader``."""


BINARY = ("onnx",)
"""The modules for files that are not text."""
BEGINNING = 64
"""The most bytes that count as the beginning of a file."""


def textual(name: str) -> Reader:
    """The module for a format of text."""
    return cast(Reader, import_module(f"{__name__}.{name}"))


def binary(name: str) -> FileReader:
    """The module for a format that is not text."""
    return cast(FileReader, import_module(f"{__name__}.{name}"))


def reader_of(text: str) -> Reader | None:
    """The reader for a file's text; None if no format is recognized."""
    texts = (textual(name) for name in discovery.modules(__path__) if name not in BINARY)
    return next((reader for reader in texts if reader.is_it(text)), None)


def file_reader_of(data: bytes) -> FileReader | None:
    """The reader of a file that begins like this; None for text and for unknown formats."""
    if not data or data[0] >= 32 or data[:1].isspace():
        return None
    return next((reader for reader in map(binary, BINARY) if reader.begins(data)), None)
