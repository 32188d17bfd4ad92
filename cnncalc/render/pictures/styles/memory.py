"""The live memory over a training step, stacked by purpose.

Operations are in order, but the time that each takes is not known.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from cnncalc.analysis.report import Report
from cnncalc.core import units
from cnncalc.core.errors import UsageError
from cnncalc.footprint import Memory
from cnncalc.footprint import measure as measured
from cnncalc.footprint.walk import Moment
from cnncalc.render import timeline
from cnncalc.render.pictures import headings
from cnncalc.render.pictures.metrics import Measure
from cnncalc.render.pictures.options import Options
from cnncalc.render.pictures.scene import Line, Point, Scene, Shape, Text

CHOICES = ()
"""The options that the style takes."""

WIDTH, HEIGHT = 600, 200
"""The size of the chart without its labels, in pixels."""
STEPS = 150
"""The most steps of an outline; with more moments, each step is the highest of several."""
TICKS = 4
"""The lines across the chart above its base; the highest is the peak."""
TONES = ("resident", "gradients", "saved", "transient")
"""The colours of ``timeline.PARTS``."""
PHASES, LEGEND = 16, 17
"""The heights of the line of phases and of each line of the legend, in pixels."""


def draw(report: Report, options: Options, measure: Measure) -> Scene:
    """A training step of the report's network, with SGD."""
    if measure.compact:
        raise UsageError(
            "the memory style needs a picture file",
            "add -o memory.svg, or use 'cnncalc memory NETWORK --plot'",
        )
    return chart(measured(report), measure)


def chart(memory: Memory, measure: Measure) -> Scene:
    """The training step of a network."""
    peak = memory.training_peak
    note = f"peak {units.in_bytes(peak.bytes)} at {peak.layer}, {peak.phase}"
    setting = f"{memory.dtype}, batch {units.exact(memory.batch)}, {memory.optimizer}"
    texts = headings.heading(f"{memory.name}: a training step", [setting, note], measure)
    ticks = [units.in_bytes(peak.bytes * tick // TICKS) for tick in range(TICKS + 1)]
    left = measure.margin + max(measure.width(tick, "small") for tick in ticks) + measure.pad
    wide, head = headings.size(texts, measure)
    top = measure.margin + head
    moments = timeline.fitted(memory.moments, min(len(memory.moments), STEPS))
    below = top + HEIGHT + PHASES
    return Scene(
        title=f"{memory.name}: memory in a training step",
        width=max(left + WIDTH, measure.margin + wide) + measure.margin,
        height=below + LEGEND * len(TONES) + measure.margin,
        lines=tuple(_grid(left, top, moments)),
        shapes=(*_areas(memory, moments, left, top), *_squares(left, below)),
        texts=(
            *texts,
            *_ticks(ticks, left - measure.pad, top),
            *_phases(moments, left, top, measure),
            *_legend(left, below),
        ),
    )


def _areas(memory: Memory, moments: Sequence[Moment], left: float, top: float) -> Iterator[Shape]:
    """The area of each part between its outline and the one below."""
    scale = HEIGHT / memory.training_peak.bytes
    tops = list(zip(*(timeline.stacked(memory, moment) for moment in moments), strict=True))
    below: list[Point] = [(left, top + HEIGHT), (left + WIDTH, top + HEIGHT)]
    for tone, part, sizes in zip(TONES, timeline.PARTS.values(), tops, strict=True):
        above = _outline([top + HEIGHT - size * scale for size in sizes], left)
        yield Shape((*above, *reversed(below)), tone, part)
        below = above


def _outline(heights: Sequence[float], left: float) -> list[Point]:
    """The corners of stairs, one step for each run of equal heights."""
    width, points, at = WIDTH / len(heights), list[Point](), left
    for height, run in groupby(map(round, heights)):
        end = at + width * len(list(run))
        points += [(round(at), height), (round(end), height)]
        at = end
    return points


def _grid(left: float, top: float, moments: Sequence[Moment]) -> Iterator[Line]:
    """A line for each tick, and one between successive phases."""
    for tick in range(TICKS + 1):
        y = top + HEIGHT * tick / TICKS
        yield Line(((left, y), (left + WIDTH, y)), arrow=False, tone="grid")
    at = 0
    for _, number in _runs(moments):
        at += number
        if at < len(moments):
            x = left + WIDTH * at / len(moments)
            yield Line(((x, top), (x, top + HEIGHT)), arrow=False, tone="grid")


def _runs(moments: Sequence[Moment]) -> list[tuple[str, int]]:
    """Each phase and the number of its moments."""
    return [(name, len(list(run))) for name, run in groupby(moments, key=lambda one: one.phase)]


def _ticks(ticks: Sequence[str], right: float, top: float) -> Iterator[Text]:
    for tick, text in enumerate(ticks):
        yield Text(right, top + HEIGHT * (1 - tick / TICKS) + 3.5, text, "small", "end")


def _phases(moments: Sequence[Moment], left: float, top: float, measure: Measure) -> Iterator[Text]:
    """The name of each phase below its moments, if there is room."""
    at = 0
    for name, number in _runs(moments):
        middle = left + WIDTH * (at + number / 2) / len(moments)
        at += number
        if measure.width(name, "small") < WIDTH * number / len(moments):
            yield Text(middle, top + HEIGHT + PHASES - 3, name, "small", "middle")


def _squares(left: float, top: float) -> Iterator[Shape]:
    for place, tone in enumerate(TONES):
        y = top + LEGEND * place + 4
        yield Shape(((left, y), (left + 10, y), (left + 10, y + 10), (left, y + 10)), tone)


def _legend(left: float, top: float) -> Iterator[Text]:
    for place, part in enumerate(timeline.PARTS.values()):
        yield Text(left + 16, top + LEGEND * place + 13, part)
