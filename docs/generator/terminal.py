"""Terminal output as an SVG that follows the reader's light or dark theme."""

import errno
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from html import escape

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

COLUMNS, WIDTH, HEIGHT, MARGIN = 100, 8.4, 19, 16
"""The terminal's width in characters, and in pixels the size of a character and the margin."""

COLOURS = {
    "red": ("#cf222e", "#ff7b72"),
    "green": ("#1a7f37", "#3fb950"),
    "yellow": ("#9a6700", "#d29922"),
    "blue": ("#0969da", "#58a6ff"),
    "magenta": ("#8250df", "#bc8cff"),
    "cyan": ("#1b7c83", "#39c5cf"),
    "bright_black": ("#6e7781", "#7d8590"),
}
"""The light and the dark theme's shade of each terminal colour."""

FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">
<title>{title}</title>
<style>
rect {{ fill: #ffffff; stroke: #d0d7de }}
text {{ fill: #1f2328; font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas,
  "DejaVu Sans Mono", monospace; white-space: pre }}
.bold {{ font-weight: 600 }}
.dim {{ opacity: 0.65 }}
{light}
@media (prefers-color-scheme: dark) {{
rect {{ fill: #0d1117; stroke: #30363d }}
text {{ fill: #e6edf3 }}
{dark}
}}
</style>
<rect x="0.5" y="0.5" width="{inner_width:g}" height="{inner_height:g}" rx="6"/>
{texts}
</svg>
"""


def picture(*arguments: str) -> str:
    """The SVG of ``cnncalc ARGUMENTS`` in a terminal, with the command on its first line."""
    command = " ".join(("cnncalc", *arguments))
    shown = Text.from_ansi(f"\x1b[1m$ {command}\x1b[0m\n{output(arguments)}")
    lines = Console(width=COLUMNS, file=io.StringIO()).render_lines(shown, pad=False)
    width, height = COLUMNS * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    texts = [text for number, line in enumerate(lines, 1) for text in _texts(line, number)]
    light, dark = (
        "\n".join(f".{name} {{ fill: {shades[theme]} }}" for name, shades in COLOURS.items())
        for theme in (0, 1)
    )
    return FRAME.format(
        title=escape(command),
        width=width,
        height=height,
        inner_width=width - 1,
        inner_height=height - 1,
        light=light,
        dark=dark,
        texts="\n".join(texts),
    )


def output(arguments: tuple[str, ...]) -> str:
    """What the command writes to a terminal, colour codes included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    unset = ("NO_COLOR", "COLUMNS", "LINES")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    with subprocess.Popen(
        [sys.executable, "-m", "cnncalc", *arguments],
        stdout=theirs,
        env=environment | {"TERM": "xterm-256color"},
    ) as process:
        os.close(theirs)
        written = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    if process.returncode:
        raise RuntimeError(f"cnncalc {' '.join(arguments)}: exit code {process.returncode}")
    return written.decode().replace("\r\n", "\n").rstrip()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError as error:  # on Linux, the end of a terminal's output is an error
        if error.errno != errno.EIO:
            raise
        return b""


def _texts(line: list[Segment], number: int) -> Iterator[str]:
    """The words of one line, each in its column whatever the width of the reader's font."""
    start, y = 0, MARGIN + (number - 0.3) * HEIGHT
    for text, style, _ in line:
        for found in re.finditer(r"\S+(?: \S+)*", text):
            column = start + cell_len(text[: found.start()])
            yield (
                f'<text x="{MARGIN + column * WIDTH:.1f}" y="{y:.1f}" '
                f'textLength="{cell_len(found[0]) * WIDTH:.1f}"{_class(style)}>'
                f"{escape(found[0], quote=False)}</text>"
            )
        start += cell_len(text)


def _class(style: Style | None) -> str:
    if not style:
        return ""
    names = [name for name in ("bold", "dim") if getattr(style, name)]
    if style.color and style.color.name in COLOURS:
        names.append(style.color.name)
    return f' class="{" ".join(names)}"' if names else ""
