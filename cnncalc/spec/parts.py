"""The parts of a graph: the blocks that dotted names imply, which of them are alike, and which
repeat.

Writing a graph as a spec starts here. A part is a layer, a block, or several copies of either in a
row. Similar blocks share a ``Form``, even if their numbers differ or some of them leave out a few
layers.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Input, Layer
from cnncalc.core.parsing import fields_of, required_of
from cnncalc.spec.forms import (
    MOST_CHANGES,
    Form,
    Line,
    Part,
    changes_between,
    continues,
    extended,
    is_plain,
)
from cnncalc.spec.graph import Graph
from cnncalc.spec.node import Node

MOST_FORMS = 200
"""The most block structures at one level that are compared with each other."""


class Parts:
    """The parts of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.nodes = graph.nodes
        self.layers = [_as_written(node, graph.layout) for node in graph.nodes]
        self.forms: dict[Any, Form] = {}
        self.read: dict[range, list[int]] = {}
        self.names = [node.name.split(".") for node in graph.nodes]
        inputs = sum(isinstance(node.layer, Input) for node in graph.nodes)
        self.root = Part("", range(inputs, len(graph.nodes)))
        self.root.parts = [*self._parts(self.root.span, 0, graph.groups)]
        levels = [[self.root]]
        while levels[-1]:
            levels.append([one for part in levels[-1] for one in part.parts if one.parts])
        self.owners: set[str] = set()
        self._share(levels[1:])
        for level in reversed(levels[1:]):
            self._compare(level)
        self.root.parts = self._folded(self.root)
        self.root.parts = [*self._opened(self.root.parts)]

    def _parts(self, span: range, depth: int, groups: Any) -> Iterator[Part]:
        """The parts of these nodes, grouped by the word in their names at this depth."""
        runs = [[*run] for _, run in groupby(span, lambda place: self.names[place][depth])]
        often = Counter(self.names[run[0]][depth] for run in runs)
        for run in runs:
            words = self.names[run[0]][: depth + 1]
            if often[words[-1]] > 1 or any(len(self.names[i]) == depth + 1 for i in run):
                for place in run:
                    name = ".".join(self.names[place][depth:])
                    yield Part(name, range(place, place + 1))
                continue
            inner = [*self._parts(range(run[0], run[-1] + 1), depth + 1, groups)]
            if len(inner) == 1 and inner[0].name == "0" and inner[0].parts:
                yield Part(words[-1], inner[0].span, inner, copies=True, path=".".join(words))
            elif len(inner) == 1:
                inner[0].name = f"{words[-1]}.{inner[0].name}"
                yield inner[0]
            else:
                path = ".".join(words)
                label = groups.get(path, "")
                yield Part(words[-1], range(run[0], run[-1] + 1), inner, label, path=path)

    def _share(self, levels: list[list[Part]]) -> None:
        """Note blocks whose layers all use the weights of another block."""
        blocks = {part.span.start: part for level in reversed(levels) for part in level}
        for part in (part for level in levels for part in level):
            first = self.nodes[part.span.start].shares
            owner = blocks.get(-1 if first is None else first)
            while owner and len(owner.span) != len(part.span):
                owner = next((p for p in owner.parts if p.span.start == first and p.parts), None)
            if part.weights is not None or owner is None:
                continue
            if [self.nodes[place].shares for place in part.span] == [*owner.span]:
                part.weights = owner.path
                self.owners.add(owner.path)
                for inner in _inside(part):
                    inner.weights = ""

    # The inputs of a block.

    def reads(self, part: Part) -> list[int]:
        """The nodes outside a part that it reads, in the order of their first use."""
        if part is self.root:
            return [*range(part.span.start)]
        if part.span not in self.read:
            sources = (source for place in part.span for source in self.sources(place))
            outside = (source for source in sources if source < part.span.start)
            self.read[part.span] = [*dict.fromkeys(outside)]
        return self.read[part.span]

    def sources(self, place: int) -> tuple[int, ...]:
        """The nodes that a node reads, and the one whose shape it follows."""
        node = self.nodes[place]
        return node.inputs if node.like is None else (*node.inputs, node.like)

    def reference(self, block: Part, node: int) -> str | int:
        """How a line of a block refers to a node: by name, or by the number of a block input."""
        if node < block.span.start:
            return self.reads(block).index(node)
        path: list[str] = []
        part = block
        while node != part.end or part is block or part.counted:
            counted = part.counted
            after = bisect_right(part.parts, node, key=lambda one: one.span.start)
            part = part.parts[after - 1]
            path = [*path[: len(path) - counted], part.name]
        return ".".join(path)

    def line(self, block: Part, place: int) -> Line:
        """One part as a line of its block."""
        part = block.parts[place]
        node = self.nodes[part.span.start]
        read = [*node.inputs] if not part.parts else self.reads(part)
        current = [part.span.start - 1] if place else self.reads(block)
        chained = read == current and (len(current) == 1 or block is not self.root)
        like = None if part.parts or node.like is None else self.reference(block, node.like)
        weights = part.weights or None
        if not part.parts and node.shares is not None and block.weights is None:
            inside = node.shares >= block.span.start
            found = self.reference(block, node.shares) if inside else self.nodes[node.shares].name
            weights = str(found)
        while part.copies:
            part = part.parts[0]
        trainable = bool(part.parts) or node.trainable or node.shares is not None
        sources = tuple(self.reference(block, source) for source in read)
        part = block.parts[place]
        return Line(part.name, self.key(part), sources, chained, like, weights, trainable)

    def key(self, part: Part) -> Any:
        """A key: equal for parts that differ only in values an argument can replace."""
        if part.copies:
            return "copies", part.counted, self.key(part.parts[0])
        if part.parts:
            return part.form
        layer = self.layers[part.span.start]
        kind = type(layer)
        return kind, tuple(name for name in layer.given if not _replaceable(kind, name))

    # Which blocks are alike.

    def _compare(self, level: list[Part]) -> None:
        """Find the form of every block at a level; the blocks inside these already have theirs."""
        fresh: list[Form] = []
        for part in (part for part in level if not part.copies):
            part.parts = self._folded(part)
            alone = part.parts[0] if len(part.parts) == 1 else part
            if alone.parts[0].name == "0" and alone.counted and is_plain(part.label):
                part.parts, part.copies = alone.parts, True
                continue
            lines = [self.line(part, place) for place in range(len(part.parts))]
            key = part.label, len(self.reads(part)), *lines
            if key not in self.forms:
                self.forms[key] = Form(part.label, len(self.reads(part)), lines)
                fresh.append(self.forms[key])
            part.form = self.forms[key]
            part.form.blocks.append(part)
        fresh = sorted(fresh, key=lambda form: -len(form.lines))[:MOST_FORMS]
        for place, larger in enumerate(fresh):
            for smaller in fresh[place + 1 :]:
                if larger.blocks and smaller.blocks and extended(larger, smaller):
                    larger.blocks += smaller.blocks
                    for block in smaller.blocks:
                        block.form = larger
                    smaller.blocks = []

    def _folded(self, block: Part) -> list[Part]:
        """The parts of a block, with copies in a row as one part."""
        lines = [self.line(block, place) for place in range(len(block.parts))]
        found: list[Part] = []
        place = 0
        while place < len(lines):
            end = place + 1
            while end < len(lines) and continues(lines[end - 1], lines[end]):
                end += 1
            whole = end - place == len(lines) and lines[0].name == "0" and is_plain(block.label)
            for few in self._segments(block.parts[place:end], whole and block is not self.root):
                span = range(few[0].span.start, few[-1].span.stop)
                several = len(few) > 1
                part = Part(few[0].name, span, [*few], copies=True, counted=True)
                found.append(part if several else few[0])
            place = end
        return found

    def _segments(self, parts: Sequence[Part], whole: bool) -> Iterator[Sequence[Part]]:
        """Parts in a row, cut into runs of copies; in each, at most the first copy differs."""
        values = [self.values(part) for part in parts]
        place = 0
        while place < len(parts):
            end, rest = place + 1, dict[Any, Any]()
            while end < len(parts) and not changes_between(rest, values[end]):
                rest |= values[end]
                end += 1
            changes = changes_between(values[place], rest)
            short = end - place == 2 and not (whole and len(parts) == 2)
            if changes > (0 if short else MOST_CHANGES):
                end = place + 1
            yield parts[place:end]
            place = end

    def values(self, part: Part) -> dict[Any, Any]:
        """All values in a part that may differ between its copies."""
        if not part.parts:
            return fields(self.layers[part.span.start])
        found: dict[Any, Any] = {"copies": len(part.parts)} if part.copies else {}
        if part.form:
            names = {one.name for one in part.parts}
            found = {(line, ""): line in names for line in part.form.optional}
        for place, one in enumerate(part.parts):
            name = place if part.copies else one.name
            found |= {(name, word): value for word, value in self.values(one).items()}
        return found

    def _opened(self, parts: list[Part], prefix: str = "") -> Iterator[Part]:
        """The parts, with unnamed blocks that occur only once replaced by their own parts."""
        for part in parts:
            own = f"{prefix}{part.name}"
            kept = part.weights is not None or own in self.owners
            if part.form and part.form.once and not kept:
                part.form.blocks = []
                yield from self._opened(part.parts, f"{own}.")
                continue
            if part.copies and len(part.parts) == 1 and not kept:
                part.parts[0].name = f"{part.name}.0"
                yield from self._opened(part.parts, prefix)
                continue
            part.name = own
            for one in part.parts if part.counted else ():
                one.name = f"{prefix}{one.name}"
            yield part


def fields(layer: Layer) -> dict[str, Any]:
    """The values of a layer's fields except ``like``, required ones first."""
    names = dict.fromkeys((*required_of(type(layer)), *fields_of(type(layer))))
    return {name: getattr(layer, name) for name in names if name != "like"}


def _as_written(node: Node, layout: str) -> Layer:
    """The layer of a node, as a spec with this layout writes it."""
    assert node.layer is not None
    layer = node.layer
    if layout == "hwc":  # rotating the dimensions often enough gives the original order
        while (turned := layer.channels_first()) != node.layer:
            layer = turned
    return layer


def _replaceable(kind: type[Layer], name: str) -> bool:
    """Whether an argument can replace a field: it has no default, or one that a spec can state."""
    if name in required_of(kind) or name == "like":
        return True
    try:
        fields_of(kind)[name].check(getattr(kind, name))
    except LayerError:
        return False
    return True


def _inside(part: Part) -> Iterator[Part]:
    for one in part.parts:
        yield one
        yield from _inside(one)
