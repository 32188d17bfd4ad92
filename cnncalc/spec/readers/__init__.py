"""Networks in files of other tools: one module per format, discovered automatically.

A module has ``is_it(text)``, which looks at the beginning of a text, and ``read(text, source)``,
which returns a spec as plain data. Reading runs no code, opens no other file and reads no weights.
"""

from importlib import import_module
from typing import Any, Protocol, cast

from cnncalc.core import discovery


class Reader(Protocol):
    """The interface of a module."""

    NAME: str

    def is_it(self, text: str) -> bool:
        """Whether this seems to be the format of a text."""

    def read(self, text: str, source: str) -> dict[str, Any]:
        """The spec; raises SpecError for what is broken, or cannot be said in a spec."""


def reader_of(text: str) -> Reader | None:
    """The reader of a text; None if no format is recognised."""
    for name in discovery.modules(__path__):
        reader = cast(Reader, import_module(f"{__name__}.{name}"))
        if reader.is_it(text):
            return reader
    return None
