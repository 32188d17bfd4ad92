"""Boxes and arrows: how data flows from layer to layer."""

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.render.columns import COLUMNS
from cnncalc.render.pictures import headings, labels
from cnncalc.render.pictures.folding import Folding, Part
from cnncalc.render.pictures.labels import Label
from cnncalc.render.pictures.layout import Frame, Item, Leaf, Routes
from cnncalc.render.pictures.metrics import Measure, shortened
from cnncalc.render.pictures.options import Options
from cnncalc.render.pictures.parallel import Arrangement, widest_fork
from cnncalc.render.pictures.scene import Box, Line, Point, Scene, Text

CHOICES = ("depth", "only", "every_layer", "direction", "label", "colour")
"""The options that the style takes."""

NARROWEST = 24
"""The least width that the text of a box is shortened to."""
NARROW_LANE = 2
"""The width of a lane where a terminal has little room, in characters."""
HEATS = 6
"""The shade of the largest number; that of zero is 0."""


class Sizes(NamedTuple):
    """The size of every box, and how its texts are set: in two columns, or one below another."""

    width: float
    height: float
    columns: bool


def draw(report: Report, options: Options, measure: Measure) -> Scene:
    """The graph of a report, its blocks folded and opened as the options say."""
    folding = Folding(report, options.depth, options.only, options.every_layer, measure.boxes)
    scene = Graph(folding, options, measure).scene()
    if scene.down and scene.width > measure.room:
        scene = Graph(folding, options, measure, single=True).scene()
        if scene.width > measure.room:  # lines that pass boxes need a lot of room
            measure = measure._replace(lane=NARROW_LANE)
            scene = Graph(folding, options, measure, single=True).scene()
        if scene.width > measure.room:
            left = measure.widest - (scene.width - measure.room)
            measure = measure._replace(widest=max(NARROWEST, left))
            scene = Graph(folding, options, measure, single=True).scene()
    return scene


class Graph:
    """One picture, from its boxes to the scene; ``single`` puts all boxes in one column."""

    def __init__(
        self, folding: Folding, options: Options, measure: Measure, single: bool = False
    ) -> None:
        self.folding, self.options, self.measure = folding, options, measure
        self.single = single
        # Without frames, a box needs its full name.
        self.within = {} if single else _within(folding.parts, options.only or "")
        self.leaves = [leaf for part in folding.parts for leaf in part.leaves]
        self.labels = {id(leaf): self._label(leaf) for leaf in self.leaves}
        self.heat = self._heat()
        self.down = options.direction == "down"

    def scene(self) -> Scene:
        """The boxes, frames, lines and headings with their coordinates."""
        item = self._arranged()
        texts = self._heading()
        head = headings.size(texts, self.measure)
        left, top = self.measure.margin, self.measure.margin + head[1]
        item.place(*((left, top) if self.down else (top, left)))
        routes = Routes()
        item.route([], routes)
        size = self._turned((item.across, item.along))
        width = max(size[0], head[0]) + 2 * left
        keys = {id(leaf): f"n{at}" for at, leaf in enumerate(routes.leaves)}
        return Scene(
            title=headings.title(self.folding.report, self.options.only),
            width=width,
            height=top + size[1] + left,
            boxes=tuple(self._box(leaf, keys[id(leaf)]) for leaf in routes.leaves),
            frames=tuple(map(self._frame, routes.frames)),
            lines=tuple(
                Line(self._straight(points), keys[id(source)], keys[id(target)])
                for source, target, points in routes.lines
            ),
            texts=texts,
            down=self.down,
        )

    def _arranged(self) -> Item:
        """The layout; three branches beside one another, or a flow to the right, need narrow
        boxes."""
        columns = self.single or (self.down and widest_fork(self.folding) < 3)
        self.sizes = self._sizes(columns)
        across, along = self._turned((self.sizes.width, self.sizes.height))
        return Arrangement(
            self.folding,
            lambda part: Leaf(part, across, along, self._behind(part)),
            lambda part: self.measure.width(labels.span(part), "note"),
            self.down,
            self.measure,
            frames=not self.single,
            single=self.single,
        ).whole()

    def _behind(self, part: Part) -> float:
        """The room for the copies behind a box."""
        return self.measure.copy * min(part.copies - 1, 2)

    def _turned(self, point: Point) -> Point:
        """Across and along as right and down, or the other way round."""
        return point if self.down else (point[1], point[0])

    def _label(self, part: Part) -> Label:
        label = labels.label(
            part, self.folding, self.options.label or "macs", self.within.get(id(part), "")
        )
        if not self.measure.compact:
            return label
        return Label(
            f"{label.name}  {label.kind}", "", f"{label.shape}  {label.figure}".strip(), ""
        )

    def _sizes(self, columns: bool) -> Sizes:
        """Boxes that are just large enough for all labels, within reason."""
        measure, found = self.measure, self.labels.values()
        texts = [_rows(label, columns) for label in found]
        space = 2 * measure.pad
        width = max(
            sum(measure.width(text, role) for text, role in row) + space * (len(row) - 1)
            for rows in texts
            for row in rows
        )
        width = min(width, measure.widest if columns else measure.widest * 0.6)
        # Shapes and figures are never shortened.
        numbers = max(
            measure.width(text, "note")
            for label in found
            for text in (label.shape, "" if columns else label.figure)
        )
        lines = max(sum(any(text for text, _ in row) for row in rows) for rows in texts)
        width = max(width, numbers + (4 * space if columns else 0)) + space
        return Sizes(width // 1 + 1, lines * measure.line + 2 * measure.edge, columns)

    def _heat(self) -> dict[int, int]:
        """The shade of every box, if colours mean a quantity."""
        if self.options.colour == "kind":
            return {}
        column, lines = COLUMNS[self.options.colour], map(self.folding.line, self.leaves)
        values = [column.value(line, self.folding.report) for line in lines]
        numbers = [value if isinstance(value, int) else 0 for value in values]
        largest = max([*numbers, 1])
        return {
            id(leaf): -(-number * HEATS // largest)
            for leaf, number in zip(self.leaves, numbers, strict=True)
        }

    def _tone(self, part: Part) -> str:
        if self.heat and not part.outside:
            return f"heat{self.heat[id(part)]}"
        return labels.tone(part, self.folding)

    def _box(self, leaf: Leaf, key: str) -> Box:
        part = leaf.part
        x, y = self._turned((leaf.x, leaf.y))
        rows = tuple(self.folding.report.rows[index].name for index in part.rows)
        return Box(
            x, y, self.sizes.width, self.sizes.height, self._tone(part), key, part.name,
            labels.title(part, self.folding), tuple(self._written(part, x, y)), part.copies, rows,
        )  # fmt: skip

    def _written(self, part: Part, x: float, y: float) -> list[Text]:
        """The texts of a box; names and kinds are shortened if they do not fit."""
        measure, room = self.measure, self.sizes.width - 2 * self.measure.pad
        found: list[Text] = []
        rows = [
            row
            for row in _rows(self.labels[id(part)], self.sizes.columns)
            if any(text for text, _ in row)
        ]
        y += (self.sizes.height - len(rows) * measure.line) // 2 + measure.rise
        for (left, role), *others in rows:
            right = others[0] if others else ("", "note")
            taken = measure.width(*right) + measure.pad if right[0] else 0
            text = shortened(left, room - taken, role, measure)
            if not self.sizes.columns:
                found.append(Text(x + self.sizes.width / 2, y, text, role, "middle"))
            elif text:
                found.append(Text(x + measure.pad, y, text, role))
            if right[0]:
                found.append(Text(x + self.sizes.width - measure.pad, y, *right, "end"))
            y += measure.line
        return found

    def _frame(self, frame: Frame) -> Box:
        part, behind, measure = frame.part, frame.behind, self.measure
        x, y = self._turned((frame.x, frame.y))
        width, height = self._turned((frame.across - behind, frame.along - behind))
        baseline = y + measure.edge // 2 + measure.rise
        if frame.over:
            baseline = y + height - measure.line + measure.rise - measure.edge // 2
        text = Text(x + measure.pad, baseline, labels.span(part))
        return Box(
            x, y, width, height, "frame", "", part.name, labels.title(part, self.folding), (text,),
            part.copies, tuple(self.folding.report.rows[index].name for index in part.rows),
        )  # fmt: skip

    def _straight(self, points: Sequence[Point]) -> tuple[Point, ...]:
        """The corners of a line."""
        found: list[Point] = []
        for point in points:
            if found and point == found[-1]:
                continue
            if len(found) > 1 and _between(found[-2], found[-1], point):
                found.pop()
            found.append(point)
        return tuple(map(self._turned, found))

    def _heading(self) -> tuple[Text, ...]:
        """The name of the network, its totals, and what the shades mean."""
        report, notes = self.folding.report, headings.facts(self.folding.report)
        if self.heat:
            notes.append(f"strongest colour: {labels.FIGURES[self.options.colour].most}")
        return headings.heading(headings.title(report, self.options.only), notes, self.measure)


def _within(parts: Sequence[Part], name: str) -> dict[int, str]:
    """The name of the block that each box stands in."""
    found = {id(part): name for part in parts}
    for part in parts:
        found |= _within(part.parts, part.name)
    return found


def _rows(label: Label, columns: bool) -> list[list[tuple[str, str]]]:
    """The texts of a box line by line, each with its role."""
    name, kind, shape, figure = label
    if columns:
        return [[(name, "name"), (shape, "note")], [(kind, "note"), (figure, "note")]]
    return [[(name, "name")], [(kind, "note")], [(shape, "note")], [(figure, "note")]]


def _between(one: Point, middle: Point, other: Point) -> bool:
    """Whether three points lie on a straight line."""
    across = (middle[0] - one[0]) * (other[1] - one[1])
    return across == (middle[1] - one[1]) * (other[0] - one[0])
