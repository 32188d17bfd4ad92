"""The parts of a graph: blocks from dotted names, which of them are alike, and which repeat.

Writing a graph as a spec starts here. A part is a layer, a block, or copies of one in a row. Blocks
with the same layers share a ``Form``, even if their numbers differ or one of them leaves out a few
layers.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Input, Layer
from cnncalc.core.parsing import fields_of, required_of
from cnncalc.spec.entry import NODE, Composite
from cnncalc.spec.graph import Graph
from cnncalc.spec.node import Node

UNNAMED = ("", "group", "branch", "layers", *NODE, *Composite.words)
"""What labels blocks that have no name."""
MOST_FORMS = 200
"""How many kinds of blocks on a level are compared with each other."""
MOST_CHANGES = 3
"""How many values may differ between the first copy of a layer and the others."""


@dataclass(eq=False)
class Part:
    """A layer, or the layers of a block, with its name in the surrounding block."""

    name: str
    span: range
    parts: "list[Part]" = field(default_factory=list)
    label: str = ""
    copies: bool = False
    """Whether its parts are copies of each other in a row."""
    counted: bool = False
    """Whether the copies have no common name, but numbers that count on."""
    form: "Form | None" = None
    path: str = ""
    """The full name of a block."""
    weights: str | None = None
    """The block whose weights all of its layers use; empty inside such a block."""

    @property
    def end(self) -> int:
        """The node that makes its output."""
        return self.span[-1]


class Line(NamedTuple):
    """A part as the surrounding block sees it. A source is the name of another part, or the number
    of one of the block's inputs."""

    name: str
    key: Any
    sources: tuple[str | int, ...]
    chained: bool
    """Whether it reads what the line before outputs."""
    like: str | int | None = None
    weights: str | None = None
    trainable: bool = True


@dataclass(eq=False)
class Form:
    """What alike blocks have in common; some of them may leave out ``optional`` lines.

    A line that others read by name is left out by a block that outputs its input.
    """

    label: str
    reads: int
    lines: list[Line]
    blocks: list[Part] = field(default_factory=list)
    optional: dict[str, bool] = field(default_factory=dict)
    """Whether the line is read by name, for each optional line."""
    hollow: bool = False
    """Whether some block of this form is empty, because it is an optional line read by name."""

    @property
    def once(self) -> bool:
        """Whether its lines may as well be a part of the surrounding block."""
        return len(self.blocks) == 1 and self.label in UNNAMED


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
        """The parts of some nodes, by the words of their names from a depth on."""
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

    # What a block reads.

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
        """How a line of a block refers to a node."""
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
        """What two parts have in common if they differ in numbers alone."""
        if part.copies:
            return "copies", part.counted, self.key(part.parts[0])
        if part.parts:
            return part.form
        layer = self.layers[part.span.start]
        return type(layer), tuple(name for name in layer.given if not _optional(type(layer), name))

    # Which blocks are alike.

    def _compare(self, level: list[Part]) -> None:
        """Find the form of every block of a level; those inside them have theirs."""
        fresh: list[Form] = []
        for part in (part for part in level if not part.copies):
            part.parts = self._folded(part)
            alone = part.parts[0] if len(part.parts) == 1 else part
            if alone.parts[0].name == "0" and alone.counted and _is_plain(part.label):
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
                if larger.blocks and smaller.blocks and _fits(larger, smaller):
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
            while end < len(lines) and _continues(lines[end - 1], lines[end]):
                end += 1
            whole = end - place == len(lines) and lines[0].name == "0" and _is_plain(block.label)
            for few in self._segments(block.parts[place:end], whole and block is not self.root):
                span = range(few[0].span.start, few[-1].span.stop)
                several = len(few) > 1
                part = Part(few[0].name, span, [*few], copies=True, counted=True)
                found.append(part if several else few[0])
            place = end
        return found

    def _segments(self, parts: Sequence[Part], whole: bool) -> Iterator[Sequence[Part]]:
        """Parts in a row, cut into copies of which at most the first differs from the others."""
        values = [self.values(part) for part in parts]
        place = 0
        while place < len(parts):
            end, rest = place + 1, dict[Any, Any]()
            while end < len(parts) and not _changes(rest, values[end]):
                rest |= values[end]
                end += 1
            changes = _changes(values[place], rest)
            short = end - place == 2 and not (whole and len(parts) == 2)
            if changes > (0 if short else MOST_CHANGES):
                end = place + 1
            yield parts[place:end]
            place = end

    def values(self, part: Part) -> dict[Any, Any]:
        """All values in a part that copies of it might change."""
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
        """The parts, with those of blocks that occur once in place of the blocks."""
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
    """The values of a layer's fields, required ones first; a layer that it follows is not one of
    them."""
    names = dict.fromkeys((*required_of(type(layer)), *fields_of(type(layer))))
    return {name: getattr(layer, name) for name in names if name != "like"}


def _as_written(node: Node, layout: str) -> Layer:
    """The layer of a node, as a spec with this layout writes it."""
    assert node.layer is not None
    layer = node.layer
    if layout == "hwc":  # turning the channels over and over comes back to where it started
        while (turned := layer.channels_first()) != node.layer:
            layer = turned
    return layer


def _optional(kind: type[Layer], name: str) -> bool:
    """Whether a spec can state the default of a field, so that other values may replace it."""
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


def _continues(line: Line, after: Line) -> bool:
    """Whether a line is a copy of the one before, with the next number for a name."""
    single = len(line.sources) == len(after.sources) == 1
    if after.key != line.key or not after.chained or not single:
        return False
    (_, _, one), (_, _, other) = line.name.rpartition("."), after.name.rpartition(".")
    if line.name[: -len(one)] != after.name[: -len(other)] or not (one + other).isdecimal():
        return False
    plain = all(
        x.weights is None and x.like is None and x.trainable == line.trainable
        for x in (line, after)
    )
    return plain and other == str(int(one) + 1) and one == str(int(one))


def _is_plain(label: str) -> bool:
    """Whether a label says nothing about a block but that its layers are repeated."""
    return label in UNNAMED or "×" in label


def _changes(values: dict[Any, Any], other: dict[Any, Any]) -> int:
    """The number of values that differ, leaving out those that only one has. Values that cannot be
    a part of an expression count as many."""
    pairs = [(value, other[name]) for name, value in values.items() if name in other]
    return sum(
        1 if isinstance(one, int) and isinstance(two, int) else MOST_CHANGES + 1
        for one, two in pairs
        if one != two
    )


def _fits(form: Form, other: Form) -> bool:
    """Whether the blocks of another form are like those of a form, with some lines left out; they
    then become optional."""
    left = {line.name: line for line in other.lines}
    kept = [line for line in form.lines if line.name in left]
    extra = {line.name: line for line in form.lines if line.name not in left}
    if (form.label, form.reads) != (other.label, other.reads) or len(kept) < len(extra):
        return False
    if [*left] != [line.name for line in kept]:
        return False
    named = dict.fromkeys(extra, False)
    explicit: dict[str, Line] = {}
    for line in kept:
        short = left[line.name]
        if line._replace(sources=(), chained=True) != short._replace(sources=(), chained=True):
            return False
        if line.chained and short.chained:
            continue
        sources: list[str | int] = []
        for source in line.sources:
            other_line = extra.get(str(source)) if isinstance(source, str) else None
            if other_line and isinstance(other_line.key, Form) and other_line.key.reads == 1:
                named[str(source)] = True
                sources += other_line.sources
            else:
                sources.append(source)
        if tuple(sources) != short.sources:
            return False
        explicit[line.name] = line._replace(chained=False)
    return _made_optional(form, named, explicit)


def _made_optional(form: Form, named: dict[str, bool], explicit: dict[str, Line]) -> bool:
    """Make lines of a form optional, unless one that others read by name is read without it."""
    for line, last in zip(form.lines[1:], form.lines):
        if named.get(last.name) and line.chained and line.name not in explicit:
            return False
    form.lines = [explicit.get(line.name, line) for line in form.lines]
    form.optional |= {name: named[name] or form.optional.get(name, False) for name in named}
    for line in form.lines:
        if form.optional.get(line.name):
            line.key.hollow = True
    return True
