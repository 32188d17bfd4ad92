"""What is known of the terminal: how wide it is, and whether colours are wanted."""

import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

NARROWEST = 60
PIPED = 120


def width() -> int:
    """``COLUMNS`` where it is set, else the terminal's width, else that of a pipe."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal():
        return max(NARROWEST, int(given))
    return max(NARROWEST, os.get_terminal_size().columns) if sys.stdout.isatty() else PIPED


def colour() -> bool:
    """Whether standard output is a terminal and nobody asked for no colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def draw(parts: "Iterable[RenderableType]", width: int, colour: bool = False) -> str:
    """The parts drawn one below the other, as text without trailing blanks."""
    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream,
        width=max(NARROWEST, width),
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
