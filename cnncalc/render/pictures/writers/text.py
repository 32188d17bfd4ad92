"""Box-drawing characters, for a terminal or a comment in a source file."""

import math
from collections import defaultdict
from collections.abc import Sequence

from cnncalc.core.errors import printable
from cnncalc.render import terminal
from cnncalc.render.pictures.metrics import CELLS
from cnncalc.render.pictures.scene import Box, Point, Scene, Text

SUFFIX = ".txt"
MEASURE = CELLS

UP, RIGHT, DOWN, LEFT = 1, 2, 4, 8
STROKES = " ╵╶└╷│┌├╴┘─┴┐┤┬┼"
"""The character for every sum of directions in which strokes leave a cell."""
HEADS = {UP: "▲", RIGHT: "▶", DOWN: "▼"}


def render(scene: Scene) -> bytes:
    """The whole picture."""
    return text(scene).encode()


def text(scene: Scene) -> str:
    """The picture as lines of text."""
    return Canvas(scene).text()


class Canvas:
    """Cells with the strokes that cross them, and the characters that cover those."""

    def __init__(self, scene: Scene) -> None:
        self.strokes: dict[tuple[int, int], int] = defaultdict(int)
        self.covers: dict[tuple[int, int], str] = {}
        for frame in scene.frames:
            self._frame(frame)
        for line in scene.lines:
            self._line(line.points)
        for box in scene.boxes:
            self._box(box)
        for text in scene.all_texts:
            self._text(text)

    def text(self) -> str:
        """All cells, line by line."""
        cells = {at: STROKES[strokes] for at, strokes in self.strokes.items()} | self.covers
        bottom = max(row for row, _ in cells)
        rows: list[dict[int, str]] = [{} for _ in range(bottom + 1)]
        for (row, column), one in cells.items():
            rows[row][column] = one
        lines = (
            "".join(row.get(column, " ") for column in range(max(row, default=-1) + 1))
            for row in rows
        )
        return "".join(f"{line.rstrip()}\n" for line in lines)

    def _stroke(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        """A straight stroke between two cells."""
        (row, column), (end_row, end_column) = sorted((one, other))
        for at in range(column, end_column):
            self.strokes[row, at] |= RIGHT
            self.strokes[row, at + 1] |= LEFT
        for at in range(row, end_row):
            self.strokes[at, end_column] |= DOWN
            self.strokes[at + 1, end_column] |= UP

    def _frame(self, box: Box) -> None:
        top, left, bottom, right = _edges(box)
        for one, other in (
            ((top, left), (top, right)),
            ((bottom, left), (bottom, right)),
            ((top, left), (bottom, left)),
            ((top, right), (bottom, right)),
        ):
            self._stroke(one, other)

    def _line(self, points: Sequence[Point]) -> None:
        """Strokes from corner to corner, and an arrowhead before the box at the end."""
        cells = [(_cell(y), _cell(x)) for x, y in points]
        (row, _), (end_row, end_column) = cells[-2:]
        direction = RIGHT if end_row == row else DOWN if end_row > row else UP
        back = {DOWN: (-1, 0), UP: (1, 0), RIGHT: (0, -1)}[direction]
        head = (end_row + back[0], end_column + back[1])
        for one, other in zip(cells, [*cells[1:-1], head], strict=False):
            corner = (one[0], other[1])
            self._stroke(one, corner)
            self._stroke(corner, other)
        self.covers[head] = HEADS[direction]

    def _box(self, box: Box) -> None:
        """Draw a box, which hides everything behind it."""
        top, left, bottom, right = _edges(box)
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                sides = (row == top, row == bottom, column == left, column == right)
                self.covers[row, column] = _border(*sides)

    def _text(self, text: Text) -> None:
        content = printable(text.content)
        width = terminal.cells(content)
        column = _cell(text.x - width * {"start": 0, "middle": 0.5, "end": 1}[text.anchor])
        row = _cell(text.y)
        for one in content:
            wide = terminal.cells(one)
            if not wide:  # a combining mark belongs to the character before it
                self.covers[row, column - 1] += one
                continue
            self.covers[row, column] = one
            self.covers |= {(row, column + more): "" for more in range(1, wide)}
            column += wide


def _edges(box: Box) -> tuple[int, int, int, int]:
    """The rows and columns of its borders."""
    top, left = _cell(box.y), _cell(box.x)
    return top, left, _cell(box.bottom) - 1, _cell(box.right) - 1


def _cell(place: float) -> int:
    """The nearest cell. ``round`` takes 0.5 to 0 and 1.5 to 2, which would change widths."""
    return math.floor(place + 0.5)


def _border(top: bool, bottom: bool, left: bool, right: bool) -> str:
    """The character of a box at a place on its border or inside it."""
    if (top or bottom) and (left or right):
        return {(True, True): "╭", (True, False): "╮", (False, True): "╰"}.get((top, left), "╯")
    if top or bottom:
        return "─"
    return "│" if left or right else " "
