"""Feature maps as volumes, to scale, as in lectures and papers.

Heights and depths scale with the square root of the length of a map's sides, widths with that of
its number of channels.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.core.errors import UsageError
from cnncalc.core.layer import per_axis, positions_of
from cnncalc.core.shape import Map
from cnncalc.render.pictures import headings, labels
from cnncalc.render.pictures.folding import Folding, Part
from cnncalc.render.pictures.layout import Frame, Leaf, Routes
from cnncalc.render.pictures.metrics import Measure
from cnncalc.render.pictures.options import Options
from cnncalc.render.pictures.parallel import Arrangement
from cnncalc.render.pictures.scene import Box, Line, Point, Scene, Shape, Text
from cnncalc.render.pictures.solids import Solid, scale_for, solid, tip, window

CHOICES = ("depth", "only", "label")
"""The options that the style takes."""

BOXES = 28
"""Blocks are opened, by default, as long as there are at most this many volumes."""
GAP = 12
"""The space between volumes in pixels."""
LABEL = 14
"""The height of a line below a volume."""
CORNER, TIP = (0.35, 0.4), (0.45, 0.5)
"""Where windows are on a map, and where their rays arrive."""
SMALLEST = 7.0
"""The smallest window in pixels."""


class Slot(NamedTuple):
    """A volume with the texts below it; ``left`` is the room on either side of the volume."""

    solid: Solid
    texts: tuple[tuple[str, str], ...]
    width: float
    left: float


def draw(report: Report, options: Options, measure: Measure) -> Scene:
    """The volumes of a report, its blocks folded and opened as the options say."""
    if measure.compact:
        raise UsageError("volumes need a picture file", "add -o net.svg, or use the graph style")
    return Volumes(report, options, measure).scene()


class Volumes:
    """One picture, from its volumes to the scene."""

    def __init__(self, report: Report, options: Options, measure: Measure) -> None:
        self.report, self.options, self.measure = report, options, measure
        self.folding = Folding(report, options.depth, options.only, False, BOXES)
        leaves = [leaf for part in self.folding.parts for leaf in part.leaves]
        self.scale = scale_for(self.folding.line(leaf).output for leaf in leaves)
        self.slots = {id(leaf): self._slot(leaf) for leaf in leaves}

    def scene(self) -> Scene:
        """The volumes, their labels, and the lines that do not just lead to the next one."""
        texts = self._heading()
        head, margin = headings.size(texts, self.measure), self.measure.margin
        item = Arrangement(
            self.folding, self._leaf, lambda part: self.measure.width(labels.span(part), "note"),
            False, self.measure._replace(gap=GAP, beside=20, spread=8, bus=12, meet=10),
            frames=False,
        ).whole()  # fmt: skip
        item.place(margin + head[1], margin)
        routes = Routes()
        item.route([], routes)
        boxes = {id(leaf): self._box(leaf, f"n{at}") for at, leaf in enumerate(routes.leaves)}
        below = [text for leaf in routes.leaves for text in self._below(leaf)]
        windows, rays = self._rays(routes, boxes)
        return Scene(
            title=headings.title(self.report, self.options.only),
            width=max(item.along, head[0]) + 2 * margin,
            height=margin + head[1] + item.across + margin,
            boxes=tuple(boxes.values()),
            frames=tuple(map(self._frame, routes.frames)),
            lines=(*self._lines(routes, boxes), *rays),
            shapes=tuple(windows),
            texts=(*texts, *below),
        )

    def _heading(self) -> tuple[Text, ...]:
        note = "to scale: heights and depths as √pixels, widths as √channels"
        if self.scale.planes:
            note = "to scale: sides as √pixels, one plane for each channel"
        notes = [*headings.facts(self.report), note]
        return headings.heading(headings.title(self.report, self.options.only), notes, self.measure)

    def _slot(self, part: Part) -> Slot:
        label = labels.label(part, self.folding, self.options.label or "none", "")
        found = solid(self.folding.line(part).output, self.scale)
        texts = [(label.name, "small"), (label.shape, "small"), (label.figure, "small")]
        shown = tuple((text, role) for text, role in texts if text)
        widest = max(self.measure.width(text, role) for text, role in shown)
        width = max(found.width, widest) // 1 + 1
        return Slot(found, shown, width, (width - found.width) / 2)

    def _leaf(self, part: Part) -> Leaf:
        slot = self.slots[id(part)]
        height = slot.solid.height + len(slot.texts) * LABEL + 4
        return Leaf(part, height, slot.width, 0, slot.solid.height / 2)

    def _box(self, leaf: Leaf, key: str) -> Box:
        part, slot = leaf.part, self.slots[id(leaf.part)]
        x, y, volume = leaf.y + slot.left, leaf.x, slot.solid
        tone = self._tone(part)
        rows = tuple(self.report.rows[index].name for index in part.rows)
        return Box(
            x, y, volume.width, volume.height, tone, key, part.name,
            labels.title(part, self.folding), (), 1, rows, volume.shapes(x, y, tone),
        )  # fmt: skip

    def _tone(self, part: Part) -> str:
        """The colours of a box; a block has those of its layer with the most MACs."""
        tone = labels.tone(part, self.folding)
        if tone != "block":
            return tone
        rows = (self.report.rows[index] for index in part.rows)
        return max(rows, key=lambda row: row.macs).layer.family

    def _below(self, leaf: Leaf) -> list[Text]:
        """The texts below a volume."""
        slot = self.slots[id(leaf.part)]
        x, y = leaf.y + slot.width / 2, leaf.x + slot.solid.height + 2
        return [
            Text(x, y + LABEL * at - 3, text, role, "middle")
            for at, (text, role) in enumerate(slot.texts, 1)
        ]

    def _frame(self, frame: Frame) -> Box:
        part = frame.part
        text = Text(frame.y + self.measure.pad, frame.x + 14.5, labels.span(part))
        return Box(
            frame.y, frame.x, frame.along, frame.across, "frame", "", part.name,
            labels.title(part, self.folding), (text,), part.copies,
        )  # fmt: skip

    def _lines(self, routes: Routes, boxes: dict[int, Box]) -> list[Line]:
        """The lines from one volume to another that bend or are long."""
        found = []
        for source, target, points in routes.lines:
            turned = [(y, x) for x, y in points]
            one, other = boxes[id(source)], boxes[id(target)]
            turned[0], turned[-1] = (one.right, turned[0][1]), (other.x, turned[-1][1])
            straight = len({round(y, 1) for _, y in turned}) == 1
            if not straight or _is_long(source, target):
                found.append(Line(_corners(turned), one.key, other.key))
        return found

    def _rays(self, routes: Routes, boxes: dict[int, Box]) -> tuple[list[Shape], list[Line]]:
        """A window on each map that a layer slides over, with rays to the layer's output."""
        windows, rays = [], []
        for source, target, points in routes.lines:
            share = self._share(source.part, target.part)
            before, after = (self.slots[id(leaf.part)].solid for leaf in (source, target))
            one, other = boxes[id(source)], boxes[id(target)]
            level = abs(points[0][0] - points[-1][0]) < 1
            if share is None or before.plane is None or not level:
                continue
            corners = window(before, one.x, one.y, share, CORNER)
            end = tip(after, other.x, other.y, TIP)
            windows.append(Shape(corners, "window"))
            rays += [Line((corner, end), arrow=False, tone="ray") for corner in corners]
        return windows, rays

    def _share(self, before: Part, after: Part) -> tuple[float, float] | None:
        """The share of a map that a window covers along both of its sides."""
        row = self.folding.main(after)
        size, x = getattr(row.layer, "kernel_size", None), row.inputs[0] if row.inputs else None
        if after.block or size is None or not isinstance(x, Map) or len(x.spatial) != 2:
            return None
        if positions_of(row.output) > positions_of(x):  # a transposed window lies on the output
            return None
        shares = [
            max(min(kernel / pixels, 1.0), SMALLEST / self.scale.side(pixels))
            for kernel, pixels in zip(per_axis(size, x, "kernel_size"), x.spatial, strict=True)
        ]
        return (min(shares[1], 1.0), min(shares[0], 1.0)) if max(x.spatial) > 1 else None


def _is_long(source: Leaf, target: Leaf) -> bool:
    """Whether a straight line between two volumes is long enough to need drawing."""
    return target.y - (source.y + source.along) > 2 * GAP


def _corners(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points, without those that repeat the one before."""
    return tuple(point for at, point in enumerate(points) if not at or point != points[at - 1])
