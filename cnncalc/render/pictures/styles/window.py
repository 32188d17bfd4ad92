"""One window on a small grid: its stride, padding and dilation, and the pixels that it never reads.

A large map is replaced by a small one with the same remainder, so that the same number of
pixels is left over at its end.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnncalc.analysis.report import Line as TableLine
from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import UsageError
from cnncalc.core.shape import Map
from cnncalc.derivations import stride
from cnncalc.layers._window import Axis
from cnncalc.render.columns import COLUMNS
from cnncalc.render.pictures import headings
from cnncalc.render.pictures.metrics import Measure
from cnncalc.render.pictures.options import Options
from cnncalc.render.pictures.scene import Line, Scene, Shape, Text

CHOICES = ("layer", "animate")
"""The options that the style takes."""

LARGE, CELLS = 16, 10
"""A map of more than ``LARGE`` pixels along an axis is drawn with about ``CELLS``, or more if its
window is large."""
ROOM = 260
"""The side of the larger grid in pixels of the picture."""
BETWEEN = 70
"""The space between the grids, in pixels."""
SECONDS = 0.8
"""The seconds that the window rests at each position."""
MOST = 200
"""The most places that an animation shows."""
KEY = 96
"""The width of an entry of the legend."""
LEGEND = {"tap": "read now", "padding": "padding", "unread": "never read"}


class Grid(NamedTuple):
    """A grid of cells with its corner; ``before`` counts the rows and columns of padding."""

    x: float
    y: float
    cell: float
    before: tuple[int, int]

    def square(self, row: int, column: int, tone: str, move: str = "") -> Shape:
        """The cell of a pixel; padding before the input has negative numbers."""
        x = self.x + (column + self.before[1]) * self.cell
        y = self.y + (row + self.before[0]) * self.cell
        points = ((x, y), (x + self.cell, y), (x + self.cell, y + self.cell), (x, y + self.cell))
        return Shape(points, tone, move=move)


def draw(report: Report, options: Options, measure: Measure) -> Scene:
    """The window of a layer, by default of the first whose window has more than one pixel."""
    if measure.compact:
        raise UsageError("the window style needs a picture file", "add -o window.svg")
    row = _row(report, options.layer)
    full = _axes(row) or ()
    axes = [_small(axis) for axis in full]
    if len(axes) == 1:
        axes.insert(0, Axis(1, 1, 1, 0, 0, 1))
    return _scene(report, row, axes, options.animate, measure)


def _row(report: Report, name: str | None) -> Row:
    """The layer with this name, or the first whose window has more than one pixel."""
    if name is not None:
        row = report[name]
        if not _axes(row):
            raise UsageError(
                f"layer {name!r} ({row.kind}) has no sliding window; choose a convolution or pool"
            )
        return row
    for row in report.layers:
        if any(axis.F > 1 for axis in _axes(row) or ()):
            return row
    raise UsageError(f"{report.name} has no layer with a sliding window of more than one pixel")


def _axes(row: Row) -> tuple[Axis, ...] | None:
    """The window along the last two axes of the input; None if the layer has none."""
    axes = getattr(row.layer, "axes", None)
    if axes is None or not row.inputs or not isinstance(row.inputs[0], Map):
        return None
    found = axes(row.inputs[0])[-2:]
    return found if all(isinstance(axis, Axis) for axis in found) else None


def _small(axis: Axis) -> Axis:
    """The window on a map of a few pixels, with the same remainder."""
    if axis.N <= LARGE:
        return axis
    room = max(CELLS, axis.extent + 2 * axis.S) - axis.before - axis.after
    steps = max(axis.N - max(room, 1), 0) // axis.S
    return axis._replace(N=axis.N - steps * axis.S)


def _scene(
    report: Report, row: Row, axes: Sequence[Axis], animate: bool, measure: Measure
) -> Scene:
    sizes = [axis.before + axis.N + max(axis.after, axis.overhang()) for axis in axes]
    cell = min(ROOM / max(sizes), 34) // 1
    texts, margin = _heading(report, row, axes, measure), measure.margin
    head = headings.size(texts, measure)
    top = margin + head[1] + 4
    before = (axes[0].before, axes[1].before)
    grid = Grid(margin, top, cell, before)
    places = [axis.places() for axis in axes]
    right = margin + sizes[1] * cell + BETWEEN
    height, made = sizes[0] * cell, places[0] * cell
    result = Grid(right, top + (height - made) // 2, cell, (0, 0))
    arrow = ((right - BETWEEN + 12, top + height // 2), (right - 12, top + height // 2))
    below = top + max(height, made) + 18
    labels = _labels(axes, places, margin, right, below)
    used = [tone for tone in LEGEND if any(shape.tone == tone for shape in [*_cells(axes, grid)])]
    legend = [*_legend(["tap", *used], margin, below + 14)]
    following = [] if animate else [*_next(axes, places, grid, result)]
    if following:
        x = margin + KEY * len(legend)
        following.append(_outline(x, below + 14, x + 12, below + 26))
        labels.append(Text(x + 18, below + 24, "read next"))
    wide = max(right + places[1] * cell, right + measure.width(labels[1].content, "note"))
    return Scene(
        title=f"{row.name} of {report.name}",
        width=max(head[0] + margin, wide, margin + KEY * (len(legend) + 1)) + margin,
        height=below + 30 + margin,
        lines=(Line(arrow), *following),
        shapes=(
            *_cells(axes, grid),
            *(result.square(at, to, "cell") for at in range(places[0]) for to in range(places[1])),
            *(shape._replace(move="tap" * animate) for shape in _taps(axes, grid)),
            result.square(0, 0, "made", "made" * animate),
            *(shape for shape, _ in legend),
        ),
        texts=(*texts, *labels, *(text for _, text in legend)),
        css=_css(axes, places, cell) if animate else "",
    )


def _heading(report: Report, row: Row, axes: Sequence[Axis], measure: Measure) -> tuple[Text, ...]:
    window = COLUMNS["kernel"].value(TableLine(row.name, row.kind, (row,), 1), report)
    x = row.inputs[0]
    assert isinstance(x, Map)
    notes = [f"{row.kind.replace('_', ' ')} {window}"]
    notes += _equation(axes[-1])
    shown, real = [axis.N for axis in axes], [*x.spatial[-2:]]
    if shown[-len(real) :] != real:
        sizes = ("×".join(map(str, size)) for size in (shown[-len(real) :], real))
        notes.append("drawn on {} pixels instead of {}".format(*sizes))
    return headings.heading(f"{report.name}: {row.name}", notes, measure)


def _equation(axis: Axis) -> list[str]:
    """The equation for the number of outputs, if the plain formula applies."""
    if axis.before != axis.after or axis.same or axis.ceil:
        return []
    plain = stride.Axis(axis.N, axis.F, axis.S, axis.before, axis.D)
    rounded = "" if plain.fits else f", rounded down to {plain.floor}"
    return [stride.equation(plain) + rounded]


def _labels(
    axes: Sequence[Axis], places: Sequence[int], left: float, right: float, y: float
) -> list[Text]:
    sizes = "×".join(str(axis.N) for axis in axes)
    return [
        Text(left, y, f"input {sizes}"),
        Text(right, y, f"output {'×'.join(map(str, places))}"),
    ]


def _legend(tones: Sequence[str], x: float, y: float) -> Iterator[tuple[Shape, Text]]:
    for at, tone in enumerate(dict.fromkeys(tones)):
        grid = Grid(x + KEY * at, y, 12, (0, 0))
        yield grid.square(0, 0, tone), Text(x + KEY * at + 18, y + 10, LEGEND[tone])


def _cells(axes: Sequence[Axis], grid: Grid) -> Iterator[Shape]:
    """The pixels and the padding of the input."""
    read = [_read(axis) for axis in axes]
    ranges = [range(-axis.before, axis.N + max(axis.after, axis.overhang())) for axis in axes]
    for row in ranges[0]:
        for column in ranges[1]:
            inside = 0 <= row < axes[0].N and 0 <= column < axes[1].N
            seen = row in read[0] and column in read[1]
            yield grid.square(row, column, ("cell" if seen else "unread") if inside else "padding")


def _read(axis: Axis) -> set[int]:
    """The pixels that some window reads."""
    return {
        place * axis.S - axis.before + tap * axis.D
        for place in range(axis.places())
        for tap in range(axis.F)
    }


def _taps(axes: Sequence[Axis], grid: Grid) -> Iterator[Shape]:
    """The pixels that the first window reads."""
    for row in range(axes[0].F):
        for column in range(axes[1].F):
            yield grid.square(
                row * axes[0].D - axes[0].before, column * axes[1].D - axes[1].before, "tap"
            )


def _next(axes: Sequence[Axis], places: Sequence[int], grid: Grid, result: Grid) -> Iterator[Line]:
    """The outline of the window at its second position, and of the output there."""
    if places[1] > 1:
        taps = [*_taps(axes, grid)]
        (left, top), (right, bottom) = taps[0].points[0], taps[-1].points[2]
        shift = axes[1].S * grid.cell
        yield _outline(left + shift, top, right + shift, bottom)
        (left, top), _, (right, bottom), _ = result.square(0, 1, "").points
        yield _outline(left, top, right, bottom)


def _outline(left: float, top: float, right: float, bottom: float) -> Line:
    corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    return Line(corners, arrow=False, tone="next")


def _css(axes: Sequence[Axis], places: Sequence[int], cell: float) -> str:
    """The animation: the window moves from position to position. Readers who prefer reduced motion
    see only the first one."""
    count = min(places[0] * places[1], MOST)
    steps = [divmod(place, places[1]) for place in range(count)]
    rules = [
        ".cnncalc .moving{animation:"
        f"{round(SECONDS * count, 1):g}s step-end infinite}}"
        "@media(prefers-reduced-motion:reduce){.cnncalc .moving{animation:none}}"
    ]
    for name, down, right in (("tap", axes[0].S, axes[1].S), ("made", 1, 1)):
        frames = "".join(
            f"{round(100 * at / count, 2):g}%"
            f"{{transform:translate({column * right * cell:g}px,{row * down * cell:g}px)}}"
            for at, (row, column) in enumerate(steps)
        )
        rules.append(f"@keyframes {name}{{{frames}}}")
    return "".join(rules)
