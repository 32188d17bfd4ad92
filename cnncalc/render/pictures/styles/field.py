"""The receptive field of a layer, traced back to the input along one axis.

Each row shows a layer's outputs as cells, each as wide as the step in pixels from one output to the
next, so that all rows line up with the input. Layers that do not change the field are left out. The
cone shows what the middle output reads.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cnncalc.analysis.receptive import Field
from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import UsageError
from cnncalc.core.reach import Reach
from cnncalc.core.shape import Map
from cnncalc.core.units import counted
from cnncalc.render.pictures import headings
from cnncalc.render.pictures.metrics import Measure, shortened
from cnncalc.render.pictures.options import Options
from cnncalc.render.pictures.scene import Scene, Shape, Text

CHOICES = ("layer",)
"""The options that the style takes."""

WIDTH, HEIGHT, BETWEEN = 560, 16, 12
"""The width of all cells together, padding included, the height of a row, and the room between
rows, in pixels."""
NAMES, NUMBERS = 120, 120
"""The room for the names on the left and the numbers on the right."""
FINEST = 4
"""Cells that are narrower are not drawn one by one."""
MOST = 30
"""The most rows; if there are more, some layers are left out."""


class Level(NamedTuple):
    """One row: a layer, its outputs that the cone covers, and the pixels that they see."""

    row: Row
    first: int
    last: int
    field: Field

    @property
    def outputs(self) -> int:
        """The number of outputs along the axis."""
        assert isinstance(self.row.output, Map)
        return self.row.output.spatial[-1]

    def middle(self, index: int) -> float:
        """The middle of what an output sees, in pixels of the input."""
        first, last = self.field.pixels(index)
        return (first + last + 1) / 2

    def edges(self) -> Iterator[float]:
        """Where its cells begin and end, in pixels of the input."""
        half = float(self.field.jump) / 2
        yield self.middle(min(self.first, 0)) - half
        yield self.middle(max(self.last, self.outputs - 1)) + half


def draw(report: Report, options: Options, measure: Measure) -> Scene:
    """The receptive field of a layer, by default of the last one with several outputs along the
    axis."""
    if measure.compact:
        raise UsageError("the field style needs a picture file", "add -o field.svg")
    levels = _levels(report, _target(report, options.layer))
    thinned = _thinned(levels)
    if options.layer:  # it is drawn even if the field is that of the layer before it
        thinned[0] = levels[0]
    return _scene(report, thinned, measure)


def _target(report: Report, name: str | None) -> int:
    """The position of the layer, or of the last layer of the block, with this name; without a name,
    of the last layer with a field to draw and several outputs."""
    drawn = [index for index, row in enumerate(report.rows) if _drawable(row)]
    several = [index for index in drawn if report.rows[index].output[-1] > 1]
    if not several:
        raise UsageError(f"{report.name} has no layer with a receptive field to draw")
    if name is None:
        return several[-1]
    inside = [at for at, row in enumerate(report.rows) if row.name.startswith(f"{name}.")]
    index = inside[-1] if inside else report.rows.index(report[name])
    if index not in drawn:
        why = "its outputs do not lie along an axis of the input"
        fact = f"the receptive field of {name!r} cannot be drawn: {why}"
        raise UsageError(fact, f"choose another layer, such as {report.rows[several[-1]].name!r}")
    return index


def _drawable(row: Row) -> bool:
    """Whether outputs are in the order of the input's pixels along the last axis."""
    return bool(row.fields) and isinstance(row.output, Map) and row.along is None


def _levels(report: Report, target: int) -> list[Level]:
    """The layers from the target back to the input, along the path with the largest fields."""
    found: list[Level] = []
    index = target
    first = last = report.rows[target].output[-1] // 2
    while True:
        row = report.rows[index]
        assert row.fields is not None
        found.append(Level(row, first, last, row.fields[-1]))
        sources = [source for source in row.sources if _drawable(report.rows[source])]
        if not sources:
            return found
        index = max(sources, key=lambda source: _size(report.rows[source]))
        reach = row.layer.reach(*row.inputs)
        if reach:
            first, last = _reads(reach[-1], first)[0], _reads(reach[-1], last)[1]


def _size(row: Row) -> int:
    return row.fields[-1].size if row.fields else 0


def _reads(reach: Reach, index: int) -> tuple[int, int]:
    """The first and the last input that an output reads, which may lie in the padding."""
    if reach.cut is not None:
        step, per, begin, end, _ = reach.cut
        return (begin + index * step) // per, (end + index * step) // per
    first = index * reach.stride - reach.before
    return first, first + reach.extent - 1


def _thinned(levels: Sequence[Level]) -> list[Level]:
    """The layers at which the field changes, or some of them if there are many."""
    kept = [
        level
        for level, below in zip(levels, [*levels[1:], None], strict=True)
        if below is None or level[1:] != below[1:]
    ]
    if len(kept) <= MOST:
        return kept
    return [kept[round(at * (len(kept) - 1) / (MOST - 1))] for at in range(MOST)]


def _scene(report: Report, levels: Sequence[Level], measure: Measure) -> Scene:
    target, pixels, margin = levels[0], levels[-1].outputs, measure.margin
    name, notes = target.row.name, _notes(target, pixels)
    texts = headings.heading(f"{report.name}: receptive field of {name}", notes, measure)
    head = headings.size(texts, measure)
    edges = [edge for level in levels for edge in level.edges()]
    start, end = min(edges), max(edges)
    scale = WIDTH / float(end - start)
    left, top = margin + NAMES - float(start) * scale, margin + head[1] + 4
    shapes: list[Shape] = []
    spans: list[tuple[float, float, float]] = []
    for at, level in enumerate(levels):
        y = top + at * (HEIGHT + BETWEEN)
        drawn = [*_cells(level, left, y, scale)]
        shapes += drawn
        seen = [x for shape in drawn if shape.tone != "cell" for x, _ in shape.points]
        spans.append((min(seen), max(seen), y))
        texts += _labels(level, margin, y, measure)
    return Scene(
        title=f"receptive field of {name} in {report.name}",
        width=max(NAMES + WIDTH + NUMBERS, head[0]) + 2 * margin,
        height=top + len(levels) * (HEIGHT + BETWEEN) - BETWEEN + margin,
        shapes=(*(_cone(one, other) for one, other in pairwise(spans)), *shapes),
        texts=texts,
    )


def _notes(target: Level, pixels: int) -> list[str]:
    jump = target.field.jump
    size = "at most " * target.field.bound + counted(target.field.size, "pixel")
    notes = [f"{size} wide; the input is {counted(pixels, 'pixel')} wide"]
    if target.row.output[-1] > 1:
        average = " on average" if jump.denominator > 1 else ""
        notes.append(f"outputs are {jump} pixel{'s' * (jump > 1)} apart{average}")
    return notes


def _labels(level: Level, left: float, y: float, measure: Measure) -> tuple[Text, ...]:
    """The name of a layer on the left, its number of outputs and its field on the right."""
    name = shortened(level.row.name, NAMES - 12, "note", measure)
    baseline = y + HEIGHT - 4
    right = left + NAMES + WIDTH + 10
    size = f"RF {level.field.size}" if level.row.inputs else "pixels"
    return (
        Text(left, baseline, name),
        Text(right, baseline, f"{level.outputs} · {size}", "small"),
    )


def _cells(level: Level, left: float, y: float, scale: float) -> Iterator[Shape]:
    """The cells of a row; the cone's, and those in the padding, stand out."""
    half, end = level.field.jump * scale / 2, level.outputs - 1
    ranges = [
        ("cell", 0, end),
        ("tap", max(level.first, 0), min(level.last, end)),
        ("padding", level.first, -1),
        ("padding", level.outputs, level.last),
    ]
    for tone, first, last in ranges:
        if last < first:
            continue
        fine = 2 * half < FINEST
        for begin, stop in [(first, last)] if fine else zip(*[range(first, last + 1)] * 2):
            x0 = left + level.middle(begin) * scale - half
            x1 = left + level.middle(stop) * scale + half
            yield Shape(((x0, y), (x1, y), (x1, y + HEIGHT), (x0, y + HEIGHT)), tone)


def _cone(above: tuple[float, float, float], below: tuple[float, float, float]) -> Shape:
    """The piece of the cone between two rows."""
    (left, right, top), (left_below, right_below, bottom) = above, below
    corners = (
        (left, top + HEIGHT),
        (right, top + HEIGHT),
        (right_below, bottom),
        (left_below, bottom),
    )
    return Shape(corners, "cone")
