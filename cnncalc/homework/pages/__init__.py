"""One file for each form of what a student gets back, found by being there.

A form is a module with ``SUFFIX``, the ending of its files, and ``write(graded) -> str``:
the marks of one student, and the worked solution of what was not right.
"""

from typing import Protocol, cast

from cnncalc.core import discovery
from cnncalc.homework.gradebook import Graded


class Form(Protocol):
    """What every form's module offers."""

    SUFFIX: str

    def write(self, graded: Graded) -> str:
        """The whole page, ending in a newline."""


def names() -> tuple[str, ...]:
    """The names of all forms."""
    return discovery.modules(__path__)


def load(name: str) -> Form:
    """The form of this name; raises UsageError with the nearest one."""
    return cast(Form, discovery.chosen(__name__, __path__, name, "form of feedback"))
