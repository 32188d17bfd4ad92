"""The space that texts take, in pixels or in characters of a terminal.

Pictures use Arial, or Helvetica or Liberation Sans, which have the same widths.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from cnncalc.core.errors import printable
from cnncalc.render import terminal
from cnncalc.render.pictures.scene import Text

SIZES = {"title": 14.0, "name": 12.0, "note": 10.5, "small": 10.0}
"""The size of each role in pixels."""
BOLD_ROLES = ("name", "title")

REGULAR = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556
556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778
667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556
556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584
"""
BOLD = """
278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556
556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778
667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611
611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584
"""
"""The widths of the printable ASCII characters, in thousandths of the size."""
WIDTHS = {
    role: [int(width) for width in (BOLD if role in BOLD_ROLES else REGULAR).split()]
    for role in SIZES
}


class Measure(NamedTuple):
    """The sizes of texts, and the distances between boxes."""

    width: Callable[[str, str], float]
    """The width of text in a role."""
    line: float
    """The height of a line of text in a box."""
    pad: float
    """From the left or right edge of a box to its text."""
    edge: float
    """From the upper or lower edge of a box to its text."""
    rise: float
    """From the top of a line of text to its baseline."""
    gap: float
    """Between boxes along the flow."""
    beside: float
    """Between branches."""
    spread: float
    """Between a box and where its lines spread."""
    bus: float
    """From there to the branches, and from them to where they meet again."""
    meet: float
    """From there to the next box."""
    lane: float
    """The width of a lane for a line that passes boxes."""
    frame: float
    """From a frame to what is in it."""
    margin: float
    """Around the picture."""
    widest: float
    """The greatest width of a box, unless a shape or a figure needs more."""
    copy: float
    """The distance by which each copy of a repeated box sticks out."""
    boxes: int
    """Blocks are opened, by default, as long as there are at most this many boxes."""
    compact: bool = False
    """Whether all texts of a box are on one line."""
    room: float = math.inf
    """A graph that is wider has its boxes in one column."""


def pixels(text: str, role: str) -> float:
    """The width in pixels; for characters outside ASCII, an estimate."""
    widths, total = WIDTHS[role], 0
    for one in text:
        code = ord(one) - 32
        if 0 <= code < 95:
            total += widths[code]
        else:
            total += 600 if code < 0x500 else 1000
    return round(total * SIZES[role] / 1000, 1)


def cells(text: str, role: str) -> float:
    """The width in characters of a terminal."""
    return terminal.cells(printable(text)) if text else 0


PIXELS = Measure(
    pixels, line=15, pad=9, edge=6, rise=11.5, gap=22, beside=16, spread=10, bus=14,
    meet=12, lane=18, frame=10,
    margin=16, widest=270, copy=4, boxes=32,
)  # fmt: skip
CELLS = Measure(
    cells, line=1, pad=2, edge=1, rise=0, gap=1, beside=2, spread=0, bus=2, meet=2, lane=3,
    frame=2, margin=0, widest=48, copy=0, boxes=20, compact=True,
)  # fmt: skip


def shortened(text: str, width: float, role: str, measure: Measure) -> str:
    """The text, or as much of it as fits with an ellipsis at its end."""
    if measure.width(text, role) <= width:
        return text
    low, high = 0, min(len(text), 500)
    while low < high:
        middle = (low + high + 1) // 2
        fits = measure.width(text[:middle].rstrip() + "…", role) <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + "…"


def extent(text: Text, measure: Measure) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of text."""
    width = measure.width(text.content, text.role)
    left = text.x - width * {"start": 0, "middle": 0.5, "end": 1}[text.anchor]
    if measure.compact:
        return left, text.y, left + width, text.y + 1
    size = SIZES[text.role]
    return left, text.y - 0.8 * size, left + width, text.y + 0.22 * size
