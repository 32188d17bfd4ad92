"""Formats of answer sheets: one module per format, discovered automatically.

A module has ``SUFFIXES`` (its file extensions) and ``read(content, source) -> Item``, which returns
the tree of an answer sheet (``homework.sheet`` describes its keys). The content is text, or bytes
if the module is ``BINARY``.
"""

import os
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from cnncalc.core import discovery
from cnncalc.core.errors import UsageError, near_file, one_of
from cnncalc.homework.written import readable
from cnncalc.spec import files
from cnncalc.spec.text import Item


class Form(Protocol):
    """The interface of a format module."""

    SUFFIXES: tuple[str, ...]

    def read(self, content: str | bytes, source: str) -> Item:
        """The tree of a sheet; raises SpecError with the location of the error."""


@cache
def extensions() -> dict[str, Form]:
    """The formats by file extension."""
    forms = (
        cast(Form, import_module(f"{__name__}.{name}")) for name in discovery.modules(__path__)
    )
    return {suffix: form for form in forms for suffix in form.SUFFIXES}


def read(file: Path) -> Item:
    """The tree of the sheet in a file; raises SpecError or UsageError if it cannot be read."""
    form = extensions().get(file.suffix.lower())
    if form is None and not os.path.lexists(file):
        raise UsageError(f"no file or folder {str(file)[:200]!r}{near_file(file)}")
    if form is None:
        raise UsageError(
            f"{str(file)!r} is not an answer sheet; its extension must be {one_of([*extensions()])}"
        )
    if getattr(form, "BINARY", False):
        return form.read(files.read_bytes(file), str(file))
    return form.read(readable(files.read_text(file)), str(file))
