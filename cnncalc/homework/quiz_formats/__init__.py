"""The formats of a quiz, discovered automatically: one file each.

A format is a module with ``SUFFIX`` (its file extension) and ``write(quiz, solved) -> str``. A
solved quiz shows the answer to every question and its derivation.
"""

from typing import Protocol, cast

from cnncalc.core import discovery
from cnncalc.homework.quiz import Quiz


class Form(Protocol):
    """The interface of a format."""

    SUFFIX: str

    def write(self, quiz: Quiz, solved: bool) -> str:
        """The whole text, with a final newline."""


def names() -> tuple[str, ...]:
    """The names of all formats."""
    return discovery.modules(__path__)


def load(name: str) -> Form:
    """The format with this name; raises UsageError for an unknown name, and suggests the
    nearest or lists all."""
    return cast(Form, discovery.chosen(__name__, __path__, name, "format"))
