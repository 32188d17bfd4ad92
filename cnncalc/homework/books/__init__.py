"""One file for each form of a class's grades, found by being there.

A form is a module with ``write(graded, name) -> {file name: text}``; ``name`` is what the
homework is called.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from csv import writer
from typing import Protocol, cast

from cnncalc.core import discovery
from cnncalc.homework.gradebook import Graded
from cnncalc.render.formats.csv import cell


class Form(Protocol):
    """What every form's module offers."""

    def write(self, graded: Sequence[Graded], name: str) -> Mapping[str, str]:
        """The texts of all files, by their names."""


def names() -> tuple[str, ...]:
    """The names of all forms."""
    return discovery.modules(__path__)


def load(name: str) -> Form:
    """The form of this name; raises UsageError with the nearest one."""
    return cast(Form, discovery.chosen(__name__, __path__, name, "gradebook"))


def table(rows: Iterable[Iterable[object]]) -> str:
    """Rows as comma-separated values, in which no text is a formula."""
    stream = io.StringIO()
    writer(stream).writerows(map(cell, row) for row in rows)
    return stream.getvalue()
