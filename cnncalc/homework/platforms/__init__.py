"""Quizzes for learning platforms: one module per format, discovered automatically.

A module has ``EXTENSION`` (its file extension) and ``write(quiz) -> bytes``. The file contains the
answers. The same quiz always gives the same bytes.
"""

from typing import Protocol, cast

from cnncalc.core import discovery
from cnncalc.homework.quiz import Quiz


class Platform(Protocol):
    """The interface of a module."""

    EXTENSION: str

    def write(self, quiz: Quiz) -> bytes:
        """The whole file."""


def names() -> tuple[str, ...]:
    """The names of all formats."""
    return discovery.modules(__path__)


def load(name: str) -> Platform:
    """The format with this name; raises UsageError for an unknown name, and suggests the
    nearest or lists all."""
    return cast(Platform, discovery.chosen(__name__, __path__, name, "platform"))
