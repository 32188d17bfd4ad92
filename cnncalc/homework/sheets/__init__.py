"""One file for each form that answers are handed in, found by being there.

A form is a module with ``SUFFIXES``, the endings of its files, and ``read(text, source) -> Item``:
the tree of an answer sheet, as ``homework.sheet`` says what is in one.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from cnncalc.core import discovery
from cnncalc.core.errors import UsageError
from cnncalc.homework.written import readable
from cnncalc.spec import source
from cnncalc.spec.text import Item


class Form(Protocol):
    """What every form's module offers."""

    SUFFIXES: tuple[str, ...]

    def read(self, text: str, source: str) -> Item:
        """The tree of a sheet; raises SpecError with the place of what cannot be used."""


@cache
def endings() -> dict[str, Form]:
    """The forms by the endings of their files."""
    forms = (
        cast(Form, import_module(f"{__name__}.{name}")) for name in discovery.modules(__path__)
    )
    return {suffix: form for form in forms for suffix in form.SUFFIXES}


def read(file: Path) -> Item:
    """The tree of the sheet in a file; raises SpecError or UsageError where it cannot be read."""
    form = endings().get(file.suffix.lower())
    if form is None:
        raise UsageError(
            f"an answer sheet ends in {', '.join(endings())}; {str(file)!r} ends in none of them"
        )
    return form.read(readable(source.read_text(file)), str(file))
