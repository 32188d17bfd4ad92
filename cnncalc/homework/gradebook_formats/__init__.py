"""Gradebooks: one module per format, discovered automatically.

A module has ``write(graded, name) -> {file name: text}``, where ``name`` is the name of the
assignment.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from cnncalc.core import discovery
from cnncalc.homework.gradebook import Graded


class Form(Protocol):
    """The interface of a gradebook module."""

    def write(self, graded: Sequence[Graded], name: str) -> Mapping[str, str]:
        """The text of every file, by file name."""


def names() -> tuple[str, ...]:
    """The names of all gradebooks."""
    return discovery.modules(__path__)


def load(name: str) -> Form:
    """The gradebook with this name; raises UsageError for an unknown name, and suggests the
    nearest or lists all."""
    return cast(Form, discovery.chosen(__name__, __path__, name, "gradebook"))
