"""A sweep over two values as a heat map, which shows a quantity of every combination."""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from cnncalc.analysis.explore.outcome import Point, Sweep
from cnncalc.core.errors import UsageError
from cnncalc.render.pictures import headings
from cnncalc.render.pictures.metrics import Measure
from cnncalc.render.pictures.scale import Scale, drawable
from cnncalc.render.pictures.scene import Scene, Shape, Text

SHADES = "·░▒▓█"
"""The characters for small to large numbers on a terminal."""
HEATS = 7
"""The number of tones in a picture, ``heat0`` to ``heat6``."""
WIDTH, HEIGHT = 620, 400
"""The largest size of a picture without its labels, in pixels."""
LARGEST, SMALLEST = 36, 3
"""The largest and the smallest side of a cell in pixels."""


class _Heat:
    """The cells of a heat map. Raises UsageError unless exactly two names vary and there is
    something to draw."""

    def __init__(self, found: Sweep, name: str) -> None:
        self.scale = Scale(found, name, found.points)
        if len(found.names) != 2:
            raise UsageError(
                "a heat map needs exactly two --over options, as in --over a=1:9 --over b=1:9"
            )
        self.cells: Mapping[tuple[str, str], Point] = {
            (str(one), str(other)): point
            for point in drawable(found, [name])
            for one, other in [point.values.values()]
        }
        self.down, self.across = (_in_order(found, name) for name in found.names)

    def level(self, point: Point, levels: int) -> int:
        """The index of the part in which a point's number lies, if the range is divided into this
        many equal parts."""
        least, most = self.scale.least, self.scale.most
        return (self.scale.number(point) - least) * levels // (most - least + 1)

    def legend(self, levels: int) -> list[str]:
        """The smallest number of each part."""
        least, most = self.scale.least, self.scale.most
        starts = (least - -(most - least + 1) * part // levels for part in range(levels))
        return [*map(self.scale.text, starts)]


def _in_order(found: Sweep, name: str) -> list[str]:
    """The values along an axis: numbers in ascending order, others in the order of the points."""
    values: list[Any] = [point.values[name] for point in found.points]
    if all(isinstance(one, int | float) for one in values):
        values.sort()
    return [*dict.fromkeys(map(str, values))]


def text(found: Sweep, name: str, width: int) -> str:
    """A heat map for a terminal of this width. Raises UsageError as ``_Heat`` does, and if the map
    does not fit."""
    heat = _Heat(found, name)
    down, across = found.names
    left = max(map(len, [down, *heat.down]))
    each = max(map(len, heat.across)) + 1
    if left + 1 + each * len(heat.across) > width:
        raise UsageError(
            f"{len(heat.across)} values of {across} are wider than the terminal",
            "use larger steps, or -o FILE.svg for a picture",
        )
    lines = [f"{'':{left}}  {across}", f"{down:>{left}} " + "".join(
        f"{one:>{each}}" for one in heat.across)]  # fmt: skip
    for row in heat.down:
        points = (heat.cells.get((row, column)) for column in heat.across)
        marks = ("" if one is None else SHADES[heat.level(one, len(SHADES))] for one in points)
        lines.append(
            f"{row:>{left}} " + "".join(f" {mark * (each - 1):{each - 1}}" for mark in marks)
        )
    starts = zip(SHADES, heat.legend(len(SHADES)))
    legend = "  ".join(f"{mark} from {start}" for mark, start in starts)
    lines += ["", f"{heat.scale.heading}: {legend}"]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def chart(found: Sweep, name: str, title: str, measure: Measure) -> Scene:
    """A heat map as a picture. Raises UsageError as ``_Heat`` does, and for too many cells."""
    heat = _Heat(found, name)
    side = min(WIDTH // len(heat.across), HEIGHT // len(heat.down), LARGEST)
    if side < SMALLEST:
        raise UsageError(
            f"a heat map of {len(heat.across)}×{len(heat.down)} cells is too large",
            f"use larger steps, for at most {WIDTH // SMALLEST}×{HEIGHT // SMALLEST} cells",
        )
    down, across = found.names
    heading = heat.scale.heading
    texts = headings.heading(title, [heading], measure)
    wide, head = headings.size(texts, measure)
    labels = max(measure.width(one, "small") for one in [down, *heat.down])
    left, top = measure.margin + labels + 6, measure.margin + head + 32
    bottom = top + side * len(heat.down)
    keys = [*_keys(heat, measure, bottom + 14)]
    right = max(
        left + side * len(heat.across), keys[-1][1].x + measure.width(keys[-1][1].content, "small")
    )
    return Scene(
        title=f"{title}: {heading}",
        width=max(right, measure.margin + wide) + measure.margin,
        height=bottom + 30 + measure.margin,
        shapes=(*_squares(heat, side, left, top), *(shape for shape, _ in keys)),
        texts=(
            *texts,
            Text(left, top - 18, across, "small"),
            Text(left - 6, top - 5, down, "small", "end"),
            *(
                Text(left + (place + 0.5) * side, top - 5, label, "small", "middle")
                for place, label in _spaced(heat.across, side, measure.width("0" * 5, "small"))
            ),
            *(
                Text(left - 6, top + (place + 0.5) * side + 3.5, label, "small", "end")
                for place, label in _spaced(heat.down, side, 12)
            ),
            *(text for _, text in keys),
        ),
    )


def _square(x: float, y: float, side: float, tone: int, title: str = "") -> Shape:
    corners = ((x, y), (x + side, y), (x + side, y + side), (x, y + side))
    return Shape(corners, f"heat{tone}", title)


def _squares(heat: _Heat, side: int, left: float, top: float) -> Iterator[Shape]:
    """A square for every combination, whose title has its values and its exact number."""
    for row, one in enumerate(heat.down):
        for column, other in enumerate(heat.across):
            if point := heat.cells.get((one, other)):
                values = [f"{name}={value}" for name, value in point.values.items()]
                number = heat.scale.quantity.exact(point.quantities[heat.scale.name])
                title = f"{', '.join(values)}: {number}"
                x, y = left + column * side, top + row * side
                yield _square(x, y, side, heat.level(point, HEATS), title)


def _keys(heat: _Heat, measure: Measure, y: float) -> Iterator[tuple[Shape, Text]]:
    """The legend: a square and the smallest number of every tone."""
    x: float = measure.margin
    for tone, start in enumerate(heat.legend(HEATS)):
        label = f"from {start}"
        yield _square(x, y, 12, tone), Text(x + 17, y + 10, label, "small")
        x += 17 + measure.width(label, "small") + 14


def _spaced(labels: list[str], side: int, room: float) -> Iterator[tuple[int, str]]:
    """The labels for which there is room."""
    each = max(ceil(max(room, 1) / side), 1)
    return ((place, label) for place, label in enumerate(labels) if place % each == 0)
