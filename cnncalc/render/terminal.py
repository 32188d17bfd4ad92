"""The terminal: its width, its colours, and tables in columns.

Only a terminal's basic attributes and colours are used, so that a table is readable on light and
dark backgrounds.
"""

import os
import sys
from collections.abc import Iterable, Sequence

NARROWEST = 60
PIPED = 120
GAP = "  "

STYLES = {"bold": 1, "dim": 2, "red": 31, "green": 32}
MARKS = {"✓": "green", "✗": "red", "illegal": "red", "added": "green", "removed": "red"}
"""The style of a cell by the character or word with which it begins."""
ZEROS = frozenset(["0", "0 B", "0.0%", "0.00", "(0)", "(0 B)"])


def width() -> int:
    """``COLUMNS`` if it is set, else the width of the terminal, at least ``NARROWEST``; ``PIPED``
    for a pipe."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and len(given) < 5:
        return max(NARROWEST, int(given))
    return max(NARROWEST, os.get_terminal_size().columns) if sys.stdout.isatty() else PIPED


def colour() -> bool:
    """Whether standard output is a terminal and ``NO_COLOR`` is unset or empty."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def styled(text: str, style: str, colour: bool = True) -> str:
    """The text in a style, plain where there is no colour."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if colour and style and text else text


def marked(text: str, colour: bool = True) -> str:
    """A cell with its verdict in colour, by ``MARKS``; zeros are dim."""
    if not colour:
        return text
    if text.strip() in ZEROS:
        return styled(text, "dim")
    style = next((style for mark, style in MARKS.items() if text.lstrip().startswith(mark)), "")
    return styled(text, style)


def cells(text: str) -> int:
    """The number of columns that text takes: wide characters take two, combining marks none."""
    if text.isascii() or max(text) < "\u0300":
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 1 + (east_asian_width(one) in "WF") for one in text)


def pad(text: str, width: int, right: bool = False) -> str:
    """The text padded to a width, aligned left or right."""
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """The text broken at blanks; words too long for a line are broken too.

    Later lines begin with ``indent``.
    """
    if cells(text) <= width:
        return [text]
    lines = [""]
    for word in text.split():
        start = indent if len(lines) > 1 else ""
        if lines[-1] != start and cells(lines[-1]) + 1 + cells(word) <= width:
            lines[-1] += f" {word}"
            continue
        if lines[-1] != start:
            lines.append(indent)
        lines[-1] += word
        while cells(lines[-1]) > width:
            long = lines[-1]
            end = _end(long, width)
            lines[-1:] = [long[:end], indent + long[end:]]
    return lines


def _end(text: str, width: int) -> int:
    """The position at which to break text that is too wide, at least one character beyond the
    indent."""
    end = len(text)
    while end > 1 and cells(text[:end]) > width:
        end -= 1
    return max(end, len(text) - len(text.lstrip()) + 1)


def rule(widths: Sequence[int]) -> str:
    """A line as wide as a table with these columns."""
    return "─" * (sum(widths) + len(GAP) * (len(widths) - 1))


def row(texts: Iterable[str], widths: Sequence[int], right: Sequence[bool], style: str = "") -> str:
    """One line of a table. A style applies to the whole line, except "marked", which colours the
    verdicts and zeros in it; "" is plain."""
    padded = [pad(*cell) for cell in zip(texts, widths, right, strict=True)]
    if style == "marked":
        padded = [marked(text) for text in padded]
    line = GAP.join(padded).rstrip()
    return styled(line, style) if style not in ("", "marked") else line
