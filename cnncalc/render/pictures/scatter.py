"""The configurations of a sweep as points: one quantity against another.

Points that fall into the same cell are drawn as one, so that even a million of them make a small
file.
"""

from collections.abc import Iterator, Mapping, Sequence

from cnncalc.analysis.explore.outcome import Point, Sweep
from cnncalc.core import units
from cnncalc.core.errors import UsageError
from cnncalc.render.pictures import headings
from cnncalc.render.pictures.metrics import Measure
from cnncalc.render.pictures.scale import Scale, drawable
from cnncalc.render.pictures.scene import Line, Scene, Shape, Text
from cnncalc.render.pictures.scene import Point as Place

FORMATS = ("svg", "png", "pdf")
WIDTH, HEIGHT = 620, 320
"""The size of the chart without its labels, in pixels."""
CELL = 5
"""The side of a cell in pixels."""
AXIS = 34
"""The height of the numbers and the name of the lower axis."""
ROWS = 18
"""The lines of a chart on a terminal."""
DENSITIES = "·•●"
"""One point in a cell, a few, and at least ``MANY``."""
MANY = 5

Cells = Mapping[tuple[int, int], list[Point]]
"""The points of each cell, by its column and its row; rows count upwards."""


class _Axis(Scale):
    """A quantity along one side of a chart, which is divided into ``cells``."""

    def __init__(self, found: Sweep, name: str, points: Sequence[Point], cells: int) -> None:
        super().__init__(found, name, points)
        self.cells = cells

    def place(self, point: Point) -> int:
        """The cell of a point."""
        above, range = self.number(point) - self.least, self.most - self.least
        return above * (self.cells - 1) // max(range, 1)

    def label(self, part: int, parts: int = 1) -> str:
        """The number at a fraction of the axis."""
        return self.text(self.least + (self.most - self.least) * part // parts)


def text(found: Sweep, names: Sequence[str], width: int) -> str:
    """A chart for a terminal of this width. Raises UsageError as ``_points`` does."""
    points = _points(found, names)
    up = _Axis(found, names[1], points, ROWS)
    left = max(len(up.label(0)), len(up.label(1)))
    across = _Axis(found, names[0], points, max(width - left - 2, 10))
    cells = _cells(points, across, up)
    lines = [f"{up.heading:>{left}}"]
    for row in reversed(range(ROWS)):
        label = up.label(1) if row == ROWS - 1 else up.label(0) if row == 0 else ""
        marks = (_mark(len(cells.get((column, row), ()))) for column in range(across.cells))
        lines.append(f"{label:>{left}} │{''.join(marks)}".rstrip())
    least, most = across.label(0), across.label(1)
    middle = f"{across.heading:^{max(across.cells - len(least) - len(most), 0)}}"
    lines += [f"{'':{left}} └{'─' * across.cells}", f"{'':{left}}  {least}{middle}{most}"]
    return "".join(f"{line}\n" for line in lines)


def chart(found: Sweep, names: Sequence[str], title: str, measure: Measure) -> Scene:
    """A chart as a picture. Raises UsageError as ``_points`` does."""
    points = _points(found, names)
    across = _Axis(found, names[0], points, WIDTH // CELL)
    up = _Axis(found, names[1], points, HEIGHT // CELL)
    number = units.counted(found.total, "combination")
    note = f"{units.exact(len(points))} of {number}"
    texts = headings.heading(title, [note], measure)
    wide, head = headings.size(texts, measure)
    numbers = [up.label(part, 4) for part in range(5)]
    left = measure.margin + max(measure.width(one, "small") for one in numbers) + 6
    top = measure.margin + head + 14
    grid = [*_ticks(across, numbers, left, top)]
    return Scene(
        title=f"{title}: {across.heading} and {up.heading}",
        width=max(left + WIDTH, measure.margin + wide) + 2 * measure.margin,
        height=top + HEIGHT + AXIS + measure.margin,
        lines=tuple(line for line, _ in grid),
        shapes=tuple(_squares(found, _cells(points, across, up), left, top)),
        texts=(
            *texts,
            *(text for _, text in grid),
            Text(left, top - 6, up.heading, "small"),
            Text(left + WIDTH / 2, top + HEIGHT + 30, across.heading, "small", "middle"),
        ),
    )


def _points(found: Sweep, names: Sequence[str]) -> list[Point]:
    """The points whose two quantities are known. Raises UsageError if there are none, or fewer than
    two quantities."""
    if len(names) < 2:
        raise UsageError("a chart needs two quantities", "give two to --show or to --pareto")
    return drawable(found, names[:2])


def _cells(points: Sequence[Point], across: _Axis, up: _Axis) -> Cells:
    cells: dict[tuple[int, int], list[Point]] = {}
    for point in points:
        cells.setdefault((across.place(point), up.place(point)), []).append(point)
    return cells


def _mark(number: int) -> str:
    return " " if not number else DENSITIES[(number > 1) + (number >= MANY)]


def _squares(found: Sweep, cells: Cells, left: float, top: float) -> Iterator[Shape]:
    """A square for every cell, whose title has its first configuration."""
    for (column, row), points in sorted(cells.items()):
        x, y = left + column * CELL, top + HEIGHT - (row + 1) * CELL
        first = points[0]
        values = [f"{name}={value}" for name, value in first.values.items()]
        values += [
            f"{name} {found.quantity(name).exact(n)}" for name, n in first.quantities.items()
        ]
        more = len(points) - 1
        others = f" and {units.exact(more)} other{units.plural(more)}" if more else ""
        corners: tuple[Place, ...] = ((x, y), (x + CELL, y), (x + CELL, y + CELL), (x, y + CELL))
        yield Shape(corners, "tap", f"{', '.join(values)}{others}")


def _ticks(
    across: _Axis, numbers: Sequence[str], left: float, top: float
) -> Iterator[tuple[Line, Text]]:
    """Lines at every quarter of both axes, with their numbers."""
    for part, number in enumerate(numbers):
        y = top + HEIGHT - HEIGHT * part / 4
        line = Line(((left, y), (left + WIDTH, y)), arrow=False, tone="grid")
        yield line, Text(left - 6, y + 3.5, number, "small", "end")
        x = left + WIDTH * part / 4
        line = Line(((x, top), (x, top + HEIGHT)), arrow=False, tone="grid")
        yield line, Text(x, top + HEIGHT + 14, across.label(part, 4), "small", "middle")
