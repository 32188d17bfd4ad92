"""One file for each form that a quiz is handed out in, found by being there.

A form is a module with ``SUFFIX``, the ending of its files, and ``write(quiz, solved) -> str``;
solved, every question has its answer and how it comes about.
"""

from typing import Protocol, cast

from cnncalc.core import discovery
from cnncalc.homework.quiz import Quiz


class Form(Protocol):
    """What every form's module offers."""

    SUFFIX: str

    def write(self, quiz: Quiz, solved: bool) -> str:
        """The whole text, ending in a newline."""


def names() -> tuple[str, ...]:
    """The names of all forms."""
    return discovery.modules(__path__)


def load(name: str) -> Form:
    """The form of this name; raises UsageError with the nearest one."""
    return cast(Form, discovery.chosen(__name__, __path__, name, "format"))
