"""Tables, pages and pictures. ``formats`` has one file per output format, discovered automatically.

A format is a module with ``SUFFIX`` (its file extension) and ``render(view) -> str``.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol, cast

from cnncalc.core import discovery
from cnncalc.core.errors import UsageError, did_you_mean
from cnncalc.render import formats

if TYPE_CHECKING:
    from cnncalc.render.sheet import Sheet


class Format(Protocol):
    """The interface of a format's module."""

    SUFFIX: str

    def render(self, view: "Sheet") -> str:
        """The whole text, ending in a newline."""


@cache
def names() -> tuple[str, ...]:
    """The names of all formats."""
    return discovery.modules(formats.__path__)


def load(word: str) -> Format:
    """The format that a word names. Raises UsageError if there is none."""
    name = name_of(word)
    return cast(Format, discovery.chosen(formats.__name__, formats.__path__, name, "format"))


def name_of(word: str) -> str:
    """The name of a format, which may be given as its file extension: ``md``, ``tex``."""
    return word if word in names() else _extensions().get(f".{word.lower()}", word)


def _extensions() -> dict[str, str]:
    return {load(name).SUFFIX: name for name in names()}


def for_file(path: str, others: Iterable[str] = ()) -> str:
    """The format for a file, by its extension; ``table`` if it has none.

    Raises UsageError for an unknown extension; ``others`` are further ones for its message to
    suggest.
    """
    suffix = PurePath(path).suffix.lower()
    if not suffix:
        return "table"
    extensions = _extensions()
    if suffix not in extensions:
        known = [*extensions, *others]
        hint = did_you_mean(suffix, known) or f"; choose from {', '.join(sorted(known))}"
        raise UsageError(f"no format for the extension {suffix!r}{hint}")
    return extensions[suffix]
