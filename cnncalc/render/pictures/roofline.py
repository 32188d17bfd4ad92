"""The layers of a network on the roofs of devices: FLOPs per second against FLOPs per byte.

Both axes are logarithmic. A layer's dot lies on the roof, at the speed that its shortest time
implies, and its area compares that time with those of the other layers. Layers without MACs have no
place on the axes.
"""

import math
from collections.abc import Iterator, Sequence

from cnncalc.analysis.hardware.roofline import LayerTime, Roofline
from cnncalc.core import units
from cnncalc.core.errors import UsageError
from cnncalc.render.pictures import headings
from cnncalc.render.pictures.metrics import Measure, extent
from cnncalc.render.pictures.scene import Line, Point, Scene, Shape, Text

FORMATS = ("svg", "png", "pdf")
WIDTH, HEIGHT = 620, 320
"""The size of the chart without its labels, in pixels."""
AXIS = 34
"""The height of the numbers and the name of the lower axis."""
LARGEST, SMALLEST = 7.0, 2.0
"""The radii of the dot of the layer that takes longest, and of the smallest dots."""
CORNERS = 20
NAMED = 8
"""On a single device, at most this many layers are named: those that take longest."""
TONES = {"compute": "tap", "memory": "transient"}
LEGEND = {"compute": "limited by compute", "memory": "limited by memory"}


class _Axes:
    """Maps FLOPs per byte and FLOPs per second to points. Both axes cover whole decades."""

    def __init__(self, bounds: Sequence[Roofline], left: float, top: float) -> None:
        ratios = [float(x) for one in bounds for x in (one.ridge or 0, *map(_ratio, _dots(one)))]
        self.low, self.high = _decades(min(ratios), max(ratios))
        roofs = [_roof(one, x) for one in bounds for x in (10**self.low, float(one.ridge or 0))]
        self.bottom, self.top = _decades(min(roofs), 2 * max(roofs))  # room for a name
        self.corner = left, top

    def at(self, ratio: float, rate: float) -> Point:
        """The point in the picture."""
        left, top = self.corner
        across = (math.log10(ratio) - self.low) / (self.high - self.low)
        up = (math.log10(rate) - self.bottom) / (self.top - self.bottom)
        return round(left + WIDTH * across, 1), round(top + HEIGHT * (1 - up), 1)


def chart(bounds: Sequence[Roofline], measure: Measure) -> Scene:
    """The roofline of a network on devices. Raises UsageError for a device whose bandwidth is not
    known, and for a network without MACs."""
    for one in bounds:
        if one.device.bandwidth is None:
            raise UsageError(f"{one.device.name} has no known bandwidth, so it has no roofline")
    report = bounds[0].report
    if not _dots(bounds[0]):
        raise UsageError(f"{report.name} has no layer with MACs to draw")
    note = [bounds[0].dtype, f"batch {units.exact(report.batch)}", *map(_least, bounds)]
    texts = headings.heading(f"{report.name}: roofline", note, measure)
    wide, head = headings.size(texts, measure)
    left, top = measure.margin + measure.width("100 TFLOP/s", "small") + 6, measure.margin + head
    axes = _Axes(bounds, left, top)
    named = _layer_names(bounds[0], axes) if len(bounds) == 1 else ()
    grid = [*_ticks(axes)]
    return Scene(
        title=f"{report.name}: roofline on {', '.join(one.device.name for one in bounds)}",
        width=max(left + WIDTH, measure.margin + wide) + measure.margin,
        height=top + HEIGHT + AXIS + measure.margin,
        lines=(*(line for line, _ in grid), *(_line(one, axes) for one in bounds)),
        shapes=(*(dot for one in bounds for dot in _discs(one, axes)), *_squares(left, top)),
        texts=(
            *texts,
            *(text for _, text in grid),
            *_legend(left, top),
            *_apart([*(_name_of(one, axes) for one in bounds), *named], measure),
            Text(left + WIDTH / 2, top + HEIGHT + 30, "FLOPs per byte moved", "small", "middle"),
        ),
    )


def _dots(one: Roofline) -> list[LayerTime]:
    """The layers that have a place on logarithmic axes."""
    return [layer for layer in one.layers if layer.flops_per_byte and layer.limit]


def _ratio(layer: LayerTime) -> float:
    return float(layer.flops_per_byte)


def _roof(one: Roofline, ratio: float) -> float:
    """The most FLOPs per second at this many FLOPs per byte."""
    return min(float(one.peak), float(one.device.bandwidth or 0) * ratio)


def _decades(low: float, high: float) -> tuple[int, int]:
    """The powers of ten around two numbers."""
    return math.floor(math.log10(low)), math.floor(math.log10(high)) + 1


def _least(one: Roofline) -> str:
    return f"{one.device.key} ≥ {units.duration(one.seconds)}"


def _line(one: Roofline, axes: _Axes) -> Line:
    """The roof: the bandwidth up to the ridge, then the peak."""
    corners = (10.0**axes.low, float(one.ridge or 0), 10.0**axes.high)
    return Line(tuple(axes.at(x, _roof(one, x)) for x in corners), arrow=False)


def _discs(one: Roofline, axes: _Axes) -> Iterator[Shape]:
    """A disc for each layer, whose area shows its time; the largest are drawn first."""
    layers = sorted(_dots(one), key=lambda layer: -layer.seconds)
    for layer in layers:
        radius = max(LARGEST * math.sqrt(layer.seconds / layers[0].seconds), SMALLEST)
        x, y = axes.at(_ratio(layer), _roof(one, _ratio(layer)))
        turns = (2 * math.pi * corner / CORNERS for corner in range(CORNERS))
        corners = tuple(
            (round(x + radius * math.cos(turn), 1), round(y + radius * math.sin(turn), 1))
            for turn in turns
        )
        yield Shape(corners, TONES[layer.limit or ""], _title(one, layer))


def _title(one: Roofline, layer: LayerTime) -> str:
    cost = layer.row.cost
    return (
        f"{layer.row.name} on {one.device.name}: {units.exact(cost.flops)} FLOPs, "
        f"{units.exact(cost.bytes_moved)} bytes, at least {units.duration(layer.seconds)}"
    )


def _ticks(axes: _Axes) -> Iterator[tuple[Line, Text]]:
    """A line and a number for each power of ten."""
    for power in range(axes.low, axes.high + 1):
        (x, y), end = axes.at(10**power, 10**axes.bottom), axes.at(10**power, 10**axes.top)
        number = units.exact(10**power) if power >= 0 else f"{10**power:.{-power}f}"
        yield (
            Line(((x, y), end), arrow=False, tone="grid"),
            Text(x, y + 14, number, "small", "middle"),
        )
    for power in range(axes.bottom, axes.top + 1):
        (x, y), end = axes.at(10**axes.low, 10**power), axes.at(10**axes.high, 10**power)
        rate = f"{_short(power)}FLOP/s"
        yield (
            Line(((x, y), end), arrow=False, tone="grid"),
            Text(x - 6, y + 3.5, rate, "small", "end"),
        )


def _short(power: int) -> str:
    """A power of ten as ``100 G``."""
    step = max(min(power // 3, len(units.COUNTS) - 1), 0)
    return f"{10 ** (power - 3 * step):g}{units.COUNTS[step] or ' '}"


def _name_of(one: Roofline, axes: _Axes) -> Text:
    """The name of a device above the flat part of its roof."""
    x, y = axes.at(10.0**axes.high, float(one.peak))
    return Text(x - 4, y - LARGEST - 3, one.device.name, "note", "end")


def _layer_names(one: Roofline, axes: _Axes) -> Iterator[Text]:
    for layer in sorted(_dots(one), key=lambda layer: -layer.seconds)[:NAMED]:
        x, y = axes.at(_ratio(layer), _roof(one, _ratio(layer)))
        yield Text(x + LARGEST + 2, y + LARGEST + 4, layer.row.name, "small")


def _apart(texts: Sequence[Text], measure: Measure) -> Iterator[Text]:
    """The texts that do not overlap one before them."""
    taken: list[tuple[float, float, float, float]] = []
    for text in texts:
        left, top, right, bottom = extent(text, measure)
        if all(right < a or c < left or bottom < b or d < top for a, b, c, d in taken):
            taken.append((left, top, right, bottom))
            yield text


def _squares(left: float, top: float) -> Iterator[Shape]:
    for place, tone in enumerate(TONES.values()):
        x, y = left + 10, top + 8 + 17 * place
        yield Shape(((x, y), (x + 10, y), (x + 10, y + 10), (x, y + 10)), tone)


def _legend(left: float, top: float) -> Iterator[Text]:
    for place, text in enumerate(LEGEND.values()):
        yield Text(left + 26, top + 17 + 17 * place, text)
