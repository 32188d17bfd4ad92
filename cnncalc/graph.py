"""Spec to graph: blocks expanded, expressions worked out, names resolved, order fixed.

A graph is a list of nodes in the order of the text; each reads only nodes before it, so that there
can be no cycle. No shapes yet: those are the analysis's.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from cnncalc import layers
from cnncalc.errors import (
    LayerError,
    Mistakes,
    SpecError,
    UsageError,
    Where,
    did_you_mean,
    some,
)
from cnncalc.fields import LARGEST
from cnncalc.layer import FieldErrors, Input, Layer
from cnncalc.shape import Layout, Shape, read_shape, shape_of
from cnncalc.spec import Block, Entry, Spec
from cnncalc.spec.expression import evaluate, is_expression
from cnncalc.spec.text import Item, Key, located

MOST_LAYERS = 100_000
MOST_STEPS = 300_000
MOST_NESTED = 40
MOST_MISTAKES = 100


Shapes = str | int | Sequence[int]
"""A shape as people write it: ``"3x224x224"``, ``[3, 224, 224]``, ``784``."""


class Node(NamedTuple):
    """One layer of the expanded network; ``inputs`` are positions in the graph's nodes.

    ``layer`` is None where the text says something wrong, so that the rest can still be checked.
    """

    name: str
    layer: Layer | None
    inputs: tuple[int, ...]
    where: Where
    axes: int | None = None
    """How many spatial axes its name insists on (``Conv2d``), if any."""


class Graph(NamedTuple):
    """A network, expanded. ``groups`` names what each dotted path prefix was made from.

    ``mistakes`` are told by the analysis, together with those that it finds itself.
    """

    name: str
    nodes: tuple[Node, ...]
    groups: Mapping[str, str]
    settings: Mapping[str, Any]
    spec: Spec
    mistakes: tuple[SpecError, ...] = ()


def build(
    spec: Spec,
    settings: Mapping[str, Any] | None = None,
    inputs: Shapes | Mapping[str, Shapes] | None = None,
    layout: Layout = "chw",
) -> Graph:
    """Expand a spec, with some of its parameters set and perhaps other input shapes.

    Raises Mistakes where parameters or inputs make no sense, UsageError for a setting or an input
    that the spec does not have.
    """
    try:
        return _Builder(spec).graph(settings or {}, inputs, layout)
    except SpecError as error:
        raise Mistakes([*spec.mistakes, error]) from None


class _Scope:
    """Where names are looked up: what a block was given, and its layers so far."""

    def __init__(
        self, prefix: str, values: Mapping[str, Any], outer: "_Scope | None" = None
    ) -> None:
        self.prefix = prefix
        self.values = values
        self.outer = outer
        self.names: dict[str, tuple[int, ...]] = {}
        self.places: dict[str, Where] = {}
        """Where the names were given."""

    def turn(self, index: int) -> "_Scope":
        """The same scope, for one turn of a repeat."""
        scope = _Scope(self.prefix, {**self.values, "index": index}, self.outer)
        scope.names, scope.places = self.names, self.places
        return scope

    def find(self, name: str) -> tuple[int, ...] | None:
        """The nodes that a name stands for, here or further out."""
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def visible(self) -> list[str]:
        """All names that can be read from here."""
        outer = self.outer.visible() if self.outer else []
        return [*self.names, *outer]


class _TooMuch(Exception):
    """Enough has gone wrong, or has been expanded, to stop."""


class _Builder:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.nodes: list[Node] = []
        self.groups: dict[str, str] = {}
        self.index: dict[str, int] = {}
        self.counters: dict[str, int] = {}
        self.written = set(_written_names(spec.layers))
        for block in spec.blocks.values():
            self.written.update(_written_names(block.layers))
        self.kinds: dict[str, tuple[type[Layer], int | None]] = {}
        self.parsed: dict[tuple[int, str], Layer | None] = {}
        self.left_out: set[str] = set()
        self.ways: set[str] = set()
        self.open: list[str] = []
        self.nested = 0
        self.steps = 0
        self.most_nodes = MOST_LAYERS + len(spec.inputs)
        self.mistakes = list(spec.mistakes)

    def wrong(self, sentence: str, where: Where) -> None:
        self.mistakes.append(SpecError(sentence, where))
        if len(self.mistakes) >= MOST_MISTAKES:
            raise _TooMuch

    def step(self, where: Where) -> None:
        """Count the work, so that a text that asks for ever more comes to an end."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            self.wrong(f"expands to more than {MOST_STEPS:,} steps", where)
            raise _TooMuch

    def graph(
        self,
        settings: Mapping[str, Any],
        inputs: Shapes | Mapping[str, Shapes] | None,
        layout: Layout,
    ) -> Graph:
        values = self.parameters(settings)
        scope = _Scope("", values)
        current: tuple[int, ...] = ()
        for name, shape in self.inputs(scope, inputs, layout).items():
            layer = None if shape is None else Input(shape=shape)
            current = (self.add(name, layer, (), name.where),)
            scope.names[name] = current
            scope.places[name] = name.where
        if not scope.names:  # told already; what the layers read is not known
            self.nodes.append(Node("", None, (), self.spec.where))
            current = (0,)
        if len(scope.names) > 1:
            current = ()
        with suppress(_TooMuch):
            self.expand(self.spec.layers, scope, current)
        if not self.mistakes and len(self.nodes) == len(self.spec.inputs):
            sentence = "no layer is left: every one is repeated 0 times or left out"
            self.wrong(sentence, self.spec.where)
        return Graph(
            name=self.spec.name or _stem(self.spec.where.source),
            nodes=tuple(self.nodes),
            groups=self.groups,
            settings=values,
            spec=self.spec,
            mistakes=tuple(self.mistakes),
        )

    # Parameters and inputs.

    def parameters(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The value of every parameter; later ones may use earlier ones."""
        for name in settings:
            if name not in self.spec.parameters:
                known = list(self.spec.parameters)
                hint = did_you_mean(str(name), known) or (
                    f"; it has {some(known)}" if known else "; it has none"
                )
                raise UsageError(f"{self.spec.name or 'the spec'} has no parameter {name!r}{hint}")
        values: dict[str, Any] = {}
        for name, item in self.spec.parameters.items():
            given = located(settings[name], Where("")) if name in settings else item
            values[str(name)] = self.value(given, values)
        return values

    def inputs(
        self,
        scope: _Scope,
        given: Shapes | Mapping[str, Shapes] | None,
        layout: Layout,
    ) -> dict[Key, Shape | None]:
        """The shape of every input; None where what the spec says is wrong."""
        if given is None or isinstance(given, Mapping):
            named: Mapping[str, Shapes] = given or {}
        elif len(self.spec.inputs) == 1:
            named = {str(next(iter(self.spec.inputs))): given}
        else:
            raise UsageError(f"the spec has several inputs; say which: {some(self.spec.inputs)}")
        for name in named:
            if name not in self.spec.inputs:
                hint = did_you_mean(str(name), self.spec.inputs)
                raise UsageError(f"the spec has no input {name!r}{hint}")
        shapes: dict[Key, Shape | None] = {}
        for key, item in self.spec.inputs.items():
            if key in named:
                shapes[key] = self.shape(located(named[key], Where("")), scope.values, layout)
                continue
            shapes[key] = None
            try:
                shapes[key] = self.shape(item, scope.values)
            except (UsageError, LayerError) as why:
                self.wrong(f"input: {why}", item.where)
        return shapes

    def shape(self, item: Item, values: Mapping[str, Any], layout: Layout = "chw") -> Shape:
        value = self.value(item, values)
        if isinstance(value, str):
            return read_shape(value, layout)
        sizes = value if isinstance(value, list) else [value]
        if not sizes or not all(type(size) is int and size < LARGEST for size in sizes):
            raise UsageError(f"a shape is whole numbers, as in 3x224x224, not {str(value)[:60]!r}")
        return shape_of(tuple(sizes), layout)

    # Values.

    def value(self, item: Item, values: Mapping[str, Any]) -> Any:
        """The plain value of an item, expressions worked out; what is wrong becomes None."""
        if isinstance(item.value, dict):
            return {str(key): self.value(inner, values) for key, inner in item.value.items()}
        if isinstance(item.value, list):
            return [self.value(inner, values) for inner in item.value]
        if not is_expression(item.value):
            return item.value
        try:
            return evaluate(item.value, values)
        except LayerError as why:
            raise SpecError(str(why), item.where) from None

    # Layers.

    def expand(
        self, entries: Sequence[Entry], scope: _Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Add all entries in order; what the last one puts out."""
        self.nested += 1
        for entry in entries:
            self.step(entry.where)
            try:
                if self.nested > MOST_NESTED + 1:  # the text's own list is no nesting
                    sentence = f"blocks and branches nest deeper than {MOST_NESTED} levels"
                    raise SpecError(sentence, entry.where)
                current = self.entry(entry, scope, current)
            except SpecError as error:
                current = self.broken(entry, scope)
                self.wrong(error.sentence, error.where)
        self.nested -= 1
        return current

    def broken(self, entry: Entry, scope: _Scope) -> tuple[int, ...]:
        """A node without a layer, for an entry that is wrong: what reads it is not checked."""
        self.nodes.append(Node(entry.name or "", None, (), entry.where))
        node = (len(self.nodes) - 1,)
        if entry.name:
            scope.names.setdefault(entry.name, node)
        return node

    def entry(self, entry: Entry, scope: _Scope, current: tuple[int, ...]) -> tuple[int, ...]:
        if entry.broken:
            return self.broken(entry, scope)
        times = 1 if entry.repeat is None else self.times(entry.repeat, scope)
        if not times or (entry.when is not None and not self.truth(entry.when, scope)):
            self.left_out.update([entry.name] if entry.name else ())
            return current
        if entry.sources is not None:
            current = self.sources(entry.sources, scope)
        name = entry.name or self.automatic(entry, scope)
        if name in scope.places:
            line = scope.places[name].line
            raise SpecError(f"two layers are named {name!r}; first in line {line}", entry.where)
        if entry.repeat is None:
            current = self.once(entry, name, scope, current)
        else:
            current = self.repeated(entry, times, name, scope, current)
        if name:
            scope.names[name] = current
            scope.places[name] = entry.where
        return current

    def repeated(
        self, entry: Entry, times: int, name: str, scope: _Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Add what an entry stands for, several times in a row."""
        often = f" ×{times}" if times > 1 else ""
        self.label(scope.prefix + name, f"{entry.kind}{often}")
        before = len(self.nodes)
        for index in range(times):
            self.step(entry.where)
            current = self.once(entry, f"{name}.{index}", scope.turn(index), current)
            if index == 0 and before + (len(self.nodes) - before) * times > self.most_nodes:
                self.too_many(entry, times)
        return current

    def too_many(self, entry: Entry, times: int) -> None:
        self.wrong(
            f"repeating this {times:,} times makes more than {MOST_LAYERS:,} layers", entry.where
        )
        raise _TooMuch

    def once(
        self, entry: Entry, name: str, scope: _Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Add what an entry stands for, once, under this name."""
        if entry.branches is not None:
            return self.branches(entry, name, scope, current)
        if entry.kind in self.spec.blocks:
            return self.block(self.spec.blocks[entry.kind], entry, name, scope, current)
        kind, axes = self.kind(entry.kind)
        layer = self.layer(kind, entry, scope)
        if not current:
            inputs = some(self.spec.inputs)
            raise SpecError(
                f"this layer reads nothing; with several inputs it says which: from: {inputs}",
                entry.where,
            )
        return (self.add(scope.prefix + name, layer, current, entry.where, axes),)

    def add(
        self,
        name: str,
        layer: Layer | None,
        inputs: tuple[int, ...],
        where: Where,
        axes: int | None = None,
    ) -> int:
        if name in self.index:
            line = self.nodes[self.index[name]].where.line
            raise SpecError(f"two layers are named {name!r}; first in line {line}", where)
        if name in self.ways:
            raise SpecError(f"a layer and a branch above it are both named {name!r}", where)
        if len(self.nodes) >= self.most_nodes:
            self.wrong(f"makes more than {MOST_LAYERS:,} layers", where)
            raise _TooMuch
        self.index[name] = len(self.nodes)
        self.nodes.append(Node(name, layer, inputs, where, axes))
        return len(self.nodes) - 1

    def label(self, path: str, text: str) -> None:
        self.groups[path] = text

    def automatic(self, entry: Entry, scope: _Scope) -> str:
        """A name for an entry without one: its kind and a number. Unnamed branches have none, and
        what is in them belongs to the list that they stand in."""
        if entry.branches is not None and entry.repeat is None:
            return ""
        word = str(entry.kind)
        if entry.branches is None and entry.kind not in self.spec.blocks:
            word = self.kind(entry.kind)[0].kind
        while True:
            number = self.counters.get(scope.prefix + word, 0) + 1
            self.counters[scope.prefix + word] = number
            if f"{word}{number}" not in self.written:
                return f"{word}{number}"

    def branches(
        self, entry: Entry, name: str, scope: _Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        assert entry.branches is not None
        prefix = f"{scope.prefix}{name}." if name else scope.prefix
        if name:
            self.label(scope.prefix + name, str(entry.kind))
        ends: tuple[int, ...] = ()
        for way, entries in entry.branches.ways:
            path = self.way(prefix, way)
            inner = _Scope(f"{path}." if way else prefix, scope.values, scope)
            inner.names["input"] = current
            if way and len(entries) > 1:
                self.label(path, "branch")
            ends += self.expand(entries, inner, current)
        joined = _Scope(prefix, scope.values, scope)
        join = entry.branches.join
        return self.once(join, self.automatic(join, joined), joined, ends)

    def way(self, prefix: str, way: str) -> str:
        """The path of a branch; ways of one name in several unnamed forks are numbered."""
        path, number = f"{prefix}{way}", 1
        while way and (path in self.ways or path in self.index):
            number += 1
            path = f"{prefix}{way}_{number}"
        self.ways.add(path)
        return path

    def block(
        self, block: Block, entry: Entry, name: str, scope: _Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        if block.name in self.open:
            chain = " → ".join([*self.open[self.open.index(block.name) :], block.name])
            raise SpecError(f"block {block.name!r} uses itself ({chain})", entry.where)
        path = scope.prefix + name
        self.label(path, block.name)
        inner = _Scope(f"{path}.", {**scope.values, **self.arguments(block, entry, scope)})
        inner.names["input"] = current
        self.open.append(block.name)
        try:
            return self.expand(block.layers, inner, current)
        finally:
            self.open.pop()

    def arguments(self, block: Block, entry: Entry, scope: _Scope) -> dict[str, Any]:
        """What a block's names stand for in this use: by position, by name, or the default."""
        names = [name for name, _ in block.takes]
        takes = f"block {block.name!r} takes {some(names) or 'nothing'}"
        value = None if entry.value is None else self.value(entry.value, scope.values)
        if isinstance(value, dict):
            unknown = [name for name in value if name not in names]
            if unknown:
                hint = did_you_mean(unknown[0], names)
                raise SpecError(f"{takes}, not {unknown[0]!r}{hint}", _key_where(entry, unknown[0]))
            given = value
        else:
            listed = [] if value is None else value if isinstance(value, list) else [value]
            if len(listed) > len(names):
                raise SpecError(f"{takes}, and was given {len(listed)} values", entry.where)
            given = dict(zip(names, listed, strict=False))
        missing = [name for name, item in block.takes if name not in given and item is None]
        if missing:
            raise SpecError(f"{takes}; this use lacks {some(missing)}", entry.where)
        values = dict(given)
        for name, item in block.takes:  # a default may use what was given and earlier defaults
            if name not in values and item is not None:
                values[name] = self.value(item, {**self.parameters_of(scope), **values})
        return values

    def parameters_of(self, scope: _Scope) -> Mapping[str, Any]:
        return {name: scope.values[name] for name in self.spec.parameters}

    def kind(self, word: Key) -> tuple[type[Layer], int | None]:
        if word not in self.kinds:
            try:
                self.kinds[word] = layers.find(word)
            except LayerError as why:
                hint = did_you_mean(word, self.spec.blocks)
                text = f"{str(why).split(';')[0]}{hint}" if hint else str(why)
                raise SpecError(text, word.where) from None
        return self.kinds[word]

    def layer(self, kind: type[Layer], entry: Entry, scope: _Scope) -> Layer | None:
        """The layer of an entry; the same values give the same object. None where it is wrong."""
        value = None if entry.value is None else self.value(entry.value, scope.values)
        key = (id(entry), repr(value))  # entries live as long as the spec, so ids are unique
        if key not in self.parsed:
            self.parsed[key] = None
            try:
                self.parsed[key] = kind.parse(value)
            except FieldErrors as errors:
                for written, text in errors.wrong:
                    self.wrong(f"{kind.kind} {text}", _key_where(entry, written))
            except LayerError as why:
                self.wrong(f"{kind.kind} {why}", entry.where)
        return self.parsed[key]

    def sources(self, items: Sequence[Item], scope: _Scope) -> tuple[int, ...]:
        found: tuple[int, ...] = ()
        for item in items:
            nodes = scope.find(item.value) or self.path(item.value)
            if nodes is None:
                raise SpecError(self.dangling(item.value, scope), item.where)
            found += nodes
        return found

    def path(self, name: str) -> tuple[int, ...] | None:
        """The node of a full dotted name."""
        return (self.index[name],) if name in self.index else None

    def dangling(self, name: str, scope: _Scope) -> str:
        if name in self.left_out:
            why = "its 'when' does not hold, or it is repeated 0 times"
            return f"'from: {name}' names a layer that is left out: {why}"
        inside = [full for full in self.index if full.endswith(f".{name}")]
        if inside:
            return f"'from: {name}' names no layer here; did you mean {inside[0]!r}?"
        if name in self.written:
            fact = f"'from: {name}' names a layer that is not above this one"
            return f"{fact}; a layer reads only earlier ones"
        return f"'from: {name[:60]}' names no layer{did_you_mean(name, scope.visible())}"

    def truth(self, item: Item, scope: _Scope) -> bool:
        value = self.value(item, scope.values)
        if not isinstance(value, bool):
            raise SpecError(f"'when' must be true or false, not {str(value)[:60]!r}", item.where)
        return value

    def times(self, item: Item, scope: _Scope) -> int:
        value = self.value(item, scope.values)
        if type(value) is not int or value < 0:
            raise SpecError(
                f"'repeat' must be a whole number of at least 0, not {str(value)[:60]!r}",
                item.where,
            )
        return value


def _written_names(entries: Sequence[Entry]) -> list[str]:
    """All names that the text gives to layers, inside branches too."""
    names = [entry.name for entry in entries if entry.name]
    for entry in entries:
        for _, way in entry.branches.ways if entry.branches else ():
            names += _written_names(way)
    return names


def _key_where(entry: Entry, written: str | None) -> Where:
    """The place of a field as it was written; the layer's where the field is missing."""
    if entry.value is None or written is None:
        return entry.where
    if not isinstance(entry.value.value, dict):
        return entry.value.where
    return next((key.where for key in entry.value.value if key == written), entry.where)


def _stem(source: str) -> str:
    """``vgg16`` for ``a/vgg16.yaml``."""
    return source.replace("\\", "/").rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
