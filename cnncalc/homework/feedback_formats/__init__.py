"""The formats of a student's feedback page, discovered automatically: one file each.

A format is a module with ``SUFFIX`` (its file extension) and ``write(graded) -> str``: the marks of
one student, and worked solutions for the answers that are wrong, missing or unreadable.
"""

from typing import Protocol, cast

from cnncalc.core import discovery
from cnncalc.homework.gradebook import Graded


class Form(Protocol):
    """The interface of a format."""

    SUFFIX: str

    def write(self, graded: Graded) -> str:
        """The whole page, with a final newline."""


def names() -> tuple[str, ...]:
    """The names of all formats."""
    return discovery.modules(__path__)


def load(name: str) -> Form:
    """The format with this name; raises UsageError for an unknown name, and suggests the
    nearest or lists all."""
    return cast(Form, discovery.chosen(__name__, __path__, name, "page format"))
