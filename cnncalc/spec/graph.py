"""Spec to graph: expand blocks, evaluate expressions, resolve names, fix the order.

A graph is a list of nodes in the order of the text. Each node reads only earlier ones, so there are
no cycles. The analysis infers the shapes.
"""

import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc import layers
from cnncalc.core.errors import (
    MAX_MISTAKES,
    LayerError,
    Mistakes,
    SpecError,
    UsageError,
    Where,
    did_you_mean,
    printable,
    some,
)
from cnncalc.core.fields import shown
from cnncalc.core.layer import FieldErrors, Input, Layer
from cnncalc.core.shape import Layout, Shape
from cnncalc.spec import Block, Entry, Spec, advice, values
from cnncalc.spec.document import ACTIVATION, NODE, Backbone
from cnncalc.spec.inputs import Given, Shapes, layout_in
from cnncalc.spec.inputs import inputs as read_inputs
from cnncalc.spec.node import Node
from cnncalc.spec.scope import Scope
from cnncalc.spec.sharing import Sharing, shared
from cnncalc.spec.text import Item, Key
from cnncalc.spec.work import LimitReached, Work

MAX_LAYERS = 5_000
MAX_NESTED = 40
USUAL_VALUES = 30
"""A block may be given this many values without extra work; each one beyond counts as a step."""


class Graph(NamedTuple):
    """An expanded network. ``groups`` maps each dotted prefix to what it was expanded from.

    The analysis reports ``mistakes`` together with those that it finds itself.
    """

    name: str
    nodes: tuple[Node, ...]
    groups: Mapping[str, str]
    settings: Mapping[str, Any]
    spec: Spec
    mistakes: tuple[SpecError, ...] = ()
    used: tuple[Block, ...] = ()
    """The blocks that its layers come from."""
    replaced: Mapping[str, Shape] = MappingProxyType({})
    """The spec's own shapes of the inputs that have another one."""
    layout: Layout = "chw"
    """How shapes are written where they are given, and in tables."""
    outputs: tuple[int, ...] = ()
    """The nodes that the spec says are its outputs, if it does."""


def build(
    spec: Spec,
    settings: Mapping[str, Any] | None = None,
    inputs: Shapes | Mapping[str, Shapes] | None = None,
    layout: Layout | None = None,
) -> Graph:
    """Expand a spec, optionally with other parameters and input shapes.

    ``layout`` is how shapes are written, in ``inputs`` and in files that do not say so themselves.
    Raises Mistakes for invalid parameters or inputs, and UsageError for a setting or an input that
    the spec does not have, and for an input that looks like something else.
    """
    try:
        return _Builder(spec, layout).graph(settings or {}, inputs)
    except SpecError as error:
        raise Mistakes([*spec.mistakes, error]) from None


class _Builder:
    def __init__(self, spec: Spec, layout: Layout | None, work: Work | None = None) -> None:
        self.spec = spec
        self.layout = layout
        self.parameters: dict[str, Any] = {}
        self.nodes: list[Node] = []
        self.groups: dict[str, str] = {}
        self.index: dict[str, int] = {}
        self.counters: dict[str, int] = {}
        everything = [spec.layers, *(block.layers for block in spec.blocks.values())]
        everything += [other.group or (other,) for other in spec.replace.values()]
        self.written = {name for part in everything for name in _written_names(part)}
        self.sharing = Sharing(everything)
        self.frozen = False
        self.kinds: dict[str, layers.Found] = {}
        self.parsed: dict[tuple[str, str, Layout | None], Layer] = {}
        self.refused: set[tuple[int, str]] = set()
        self.fixed: dict[int, Layer | None] = {}
        self.left_out: set[str] = set()
        self.copies: dict[str, tuple[int, ...]] = {}
        self.outputs: tuple[int, ...] = ()
        self.ways: set[str] = set()
        self.open: list[str] = []
        self.used: dict[str, Block] = {}
        self.nested = 0
        self.work = work or Work()
        self.trees: dict[str, Where] = {}
        """What dotted names put their layers into: ``a`` and ``a.b`` for ``a.b.conv``."""
        self.ends: dict[str, tuple[int, ...]] = {}
        """The output of every layer and block, by its full name."""
        self.replaced: set[str] = set()
        self.replacements: list[Entry] = []
        """Kept so that no other entry gets the id of one of them."""
        self.backbones: dict[tuple[int, str], _Builder] = {}
        self.most_nodes = MAX_LAYERS + len(spec.inputs)
        self.mistakes = list(spec.mistakes)

    def wrong(self, sentence: str, where: Where) -> None:
        self.mistakes.append(SpecError(sentence, where))
        if len(self.mistakes) >= MAX_MISTAKES:
            raise LimitReached

    def graph(
        self,
        settings: Mapping[str, Any],
        inputs: Shapes | Mapping[str, Shapes] | None,
    ) -> Graph:
        given: Mapping[Key, Given | SpecError] = {}
        try:
            self.parameters = values.parameters(self.spec, settings, self.work)
            given = read_inputs(self.spec, self.parameters, inputs, self.layout, self.work)
            scope, current = self.inputs(given)
            self.expand(self.spec.layers, scope, current)
            self.label_trees()
            self.check_replacements()
            self.check_batches(given)
            if self.spec.outputs and self.nodes:
                self.outputs = self.sources(self.spec.outputs, scope, "outputs")
                if any(isinstance(self.nodes[place].layer, Input) for place in self.outputs):
                    fact = "'outputs' names an input; it must name layers"
                    raise SpecError(fact, self.spec.outputs[0].where)
            for error in self.sharing.unshared_names(self.written):
                self.wrong(error.sentence, error.where)
        except LimitReached as reason:
            self.mistakes += [reason.error] if reason.error else []
            self.nodes.clear()  # nothing is left to analyse
        if not self.mistakes and len(self.nodes) == len(self.spec.inputs):
            sentence = "the network has no layers: each is left out or repeated 0 times"
            self.wrong(sentence, self.spec.where)
        return Graph(
            name=self.spec.name or _stem(self.spec.where.source),
            nodes=tuple(self.nodes),
            groups=self.groups,
            settings=self.parameters,
            spec=self.spec,
            mistakes=tuple(self.mistakes),
            used=tuple(self.used.values()),
            replaced={
                str(name): one.own
                for name, one in given.items()
                if isinstance(one, Given) and one.own is not None
            },
            layout=self.layout or self.spec.layouts.get(self.spec.where.source, "chw"),
            outputs=self.outputs,
        )

    def label_trees(self) -> None:
        """Label what dotted names put their layers into, which nothing else may be called."""
        for path, where in self.trees.items():
            if path in self.index or path in self.ways or path in self.groups:
                fact = f"a name that starts with '{path}.' is only for layers inside {path!r}"
                self.wrong(f"{fact}, which is a layer or block of its own; choose another", where)
            else:
                self.label(path, "group", where)

    def check_replacements(self) -> None:
        """Refuse replacements of layers that do not exist."""
        for name in self.spec.replace:
            if name not in self.replaced:
                hint = did_you_mean(name, self.ends) or f"; there are {some(self.ends)}"
                self.wrong(f"'replace': there is no layer {name[:60]!r}{hint}", name.where)

    def check_batches(self, given: Mapping[Key, Given | SpecError]) -> None:
        """Refuse inputs that look like a batch of images, unless the layers are for volumes."""
        if any(node.axes == 3 for node in self.nodes):
            return
        for one in given.values():
            batched = one.batched if isinstance(one, Given) else None
            if isinstance(batched, SpecError):
                self.mistakes.append(batched)
                self.nodes.clear()  # everything else follows from it
            elif batched is not None:
                raise batched

    def inputs(self, given: Mapping[Key, Given | SpecError]) -> tuple[Scope, tuple[int, ...]]:
        """Add the inputs. Returns the network's scope and the inputs of its first layer."""
        scope = Scope("", self.parameters)
        current: tuple[int, ...] = ()
        for name, one in given.items():
            layer = None
            if isinstance(one, SpecError):
                self.wrong(one.sentence, one.where)
            else:
                layer = Input(shape=one.shape)
            current = (self.add(name, layer, (), name.where),)
            scope.names[name] = current
            scope.places[name] = name.where
        if not scope.names:  # already reported; the inputs of the layers are unknown
            self.nodes.append(Node("", None, (), self.spec.where))
            current = (0,)
        return scope, current if len(scope.names) <= 1 else ()

    def expand(
        self, entries: Sequence[Entry], scope: Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Add all entries in order. Returns the output of the last one."""
        self.nested += 1
        for entry in entries:
            self.work.add(1, entry.where)
            try:
                if self.nested > MAX_NESTED + 1:  # the top-level list does not count
                    sentence = f"blocks and branches nest deeper than {MAX_NESTED} levels"
                    raise SpecError(sentence, entry.where)
                current = self.entry(entry, scope, current)
            except SpecError as error:
                current = self.broken(entry, scope)
                self.wrong(error.sentence, error.where)
        self.nested -= 1
        return current

    def broken(self, entry: Entry, scope: Scope) -> tuple[int, ...]:
        """A placeholder node for a wrong entry, so that layers reading it are not checked."""
        self.nodes.append(Node(entry.name or "", None, (), entry.where))
        node = (len(self.nodes) - 1,)
        if entry.name:
            scope.names.setdefault(entry.name, node)
        return node

    def entry(self, entry: Entry, scope: Scope, current: tuple[int, ...]) -> tuple[int, ...]:
        if entry.broken:
            return self.broken(entry, scope)
        times = values.times(entry.repeat, scope.values, self.work)
        if not times or not values.holds(entry.when, scope.values, self.work):
            self.left_out.update([entry.name] if entry.name else ())
            return current
        if entry.sources is not None:
            current = self.sources(entry.sources, scope)
        name = entry.name or self.automatic(entry, scope)
        counts = re.fullmatch(r"(.*\.)?(0|[1-9][0-9]*)", name) is not None
        all = entry if counts or not entry.repeat else self.in_place_of(entry, scope.prefix + name)
        if all.repeat is None:
            return self.single(entry, name, scope, current)
        return self.repeated(all, times, name, counts, scope, current)

    def single(
        self, entry: Entry, name: str, scope: Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Expand an entry once, so that later ones can read it by name."""
        self.check_free(name, entry, scope)
        current = self.once(self.in_place_of(entry, scope.prefix + name), name, scope, current)
        if name:
            self.define(name, entry, scope, current)
        return current

    def check_free(self, name: str, entry: Entry, scope: Scope) -> None:
        if name in scope.places:
            line = scope.places[name].line
            raise SpecError(f"two layers are named {name!r}; first on line {line}", entry.where)

    def define(self, name: str, entry: Entry, scope: Scope, nodes: tuple[int, ...]) -> None:
        """Let later entries read these nodes by name."""
        scope.names[name] = nodes
        scope.places[name] = entry.where
        self.ends[scope.prefix + name] = nodes
        for dot in re.finditer(r"\.", entry.name or ""):
            self.trees.setdefault(scope.prefix + name[: dot.start()], entry.where)

    def in_place_of(self, entry: Entry, path: str) -> Entry:
        """The entry, or what takes its place: frozen as before unless it says otherwise. One layer
        is repeated as often and shares weights as before; a list of layers comes once."""
        other = self.spec.replace.get(Key(path))
        if other is None:
            return entry
        self.replaced.add(path)
        group, trainable = other.group, other.trainable or entry.trainable
        if group is not None:
            group = tuple(one._replace(trainable=one.trainable or trainable) for one in group)
        other = other._replace(
            name=entry.name,
            sources=entry.sources,
            repeat=entry.repeat if group is None else None,
            when=entry.when,
            weights=other.weights or (entry.weights if group is None else None),
            trainable=trainable if group is None else None,
            group=group,
        )
        self.replacements.append(other)
        return other

    def repeated(
        self,
        entry: Entry,
        times: int,
        name: str,
        counts: bool,
        scope: Scope,
        current: tuple[int, ...],
    ) -> tuple[int, ...]:
        """Expand an entry several times in a row; a name that is a number counts on."""
        path = scope.prefix + name
        if not counts:
            self.check_free(name, entry, scope)
            often = f" ×{times}" if times > 1 else ""
            self.label(path, f"{entry.kind}{often}", entry.where)
        before = len(self.nodes)
        copies: list[int] = []
        for index in range(times):
            self.work.add(1, entry.where)
            part = _counted(name, index) if counts else f"{name}.{index}"
            current = self.single(entry, part, scope.turn(index), current)
            copies += current
            if index == 0 and before + (len(self.nodes) - before) * times > self.most_nodes:
                self.too_many(entry, times)
        self.copies[path] = tuple(copies)
        if not counts:
            self.sharing.note(path, range(before, len(self.nodes)))
            self.define(name, entry, scope, current)
        return current

    def too_many(self, entry: Entry, times: int) -> None:
        self.wrong(
            f"repeating this {times:,} times creates more than {MAX_LAYERS:,} layers", entry.where
        )
        raise LimitReached

    def once(
        self, entry: Entry, name: str, scope: Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Expand an entry once, under this name, and freeze or share its weights."""
        begin, frozen = len(self.nodes), self.frozen
        trainable = values.holds(entry.trainable, scope.values, self.work, "trainable")
        self.frozen = frozen or not trainable
        try:
            current = self.alone(entry, name, scope, current)
        finally:
            self.frozen = frozen
        span = range(begin, len(self.nodes))
        if entry.weights is not None:
            owner = self.sharing.owner(entry, span, scope)
            if owner is not None:
                self.work.add(len(span), entry.where)
                self.nodes[begin:] = shared(entry, self.nodes, span, owner)
        if name:
            self.sharing.note(scope.prefix + name, span)
        return current

    def alone(
        self, entry: Entry, name: str, scope: Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Expand the branches, the block or the kind of an entry."""
        if entry.branches is not None:
            return self.branches(entry, name, scope, current)
        if entry.backbone is not None:
            return self.backbone(entry.backbone, entry, scope.prefix + name, scope, current)
        if entry.group is not None:
            self.label(scope.prefix + name, str(entry.kind), entry.where)
            inner = Scope(f"{scope.prefix}{name}.", scope.values)
            inner.names["input"] = current
            return self.expand(entry.group, inner, current)
        if entry.kind in self.spec.blocks:
            return self.block(self.spec.blocks[entry.kind], entry, name, scope, current)
        found = self.kind(entry.kind)
        layer = self.layer(found, entry, scope)
        if not current:
            inputs = some(self.spec.inputs)
            raise SpecError(
                f"the network has several inputs; choose one with 'from': {inputs}",
                entry.where,
            )
        self.work.add(len(current) - 1, entry.where)
        full, help = scope.prefix + name, entry.help
        if len(current) > 1 and entry.sources is None and found.kind.arity[1] == 1:
            help = f"choose with 'from': {some(self.nodes[place].name for place in current)}"
        like = None if layer is None else self.like(layer, entry, scope)
        node = self.add(full, layer, current, entry.where, found.axes, help, entry.kind)
        if like is not None:
            self.nodes[node] = self.nodes[node]._replace(like=like)
        after = self.activation(found, entry, scope)
        if after is not None:
            node = self.add(f"{full}_{after.kind}", after, (node,), entry.where)
        return (node,)

    def activation(self, found: layers.Found, entry: Entry, scope: Scope) -> Layer | None:
        """The activation that a layer names among its fields, which becomes a layer of its own."""
        fields = entry.value.value if entry.value and found.kind.activated else None
        item = fields.get(Key(ACTIVATION)) if isinstance(fields, dict) else None
        if item is None:
            return None
        word = values.value_of(item, scope.values, self.work)
        if word in (None, "linear"):
            return None
        try:
            layer = layers.find(str(word)).parse(None)
        except LayerError as why:
            raise SpecError(f"{ACTIVATION}: {why}", item.where) from None
        if layer.stored or not layer.moves:
            raise SpecError(f"{str(word)!r} is not an activation, such as relu", item.where)
        return layer

    def like(self, layer: Layer, entry: Entry, scope: Scope) -> int | None:
        """The node from whose shape some fields of a layer follow."""
        if layer.refers_to is None:
            return None
        where = values.place_of(entry, "like")
        found = self.sources([Item(layer.refers_to, where)], scope, "like")
        if len(found) != 1:
            raise SpecError(f"'like: {layer.refers_to}' names {len(found)} layers, not one", where)
        return found[0]

    def add(
        self,
        name: str,
        layer: Layer | None,
        inputs: tuple[int, ...],
        where: Where,
        axes: int | None = None,
        help: str = "",
        word: str = "",
    ) -> int:
        if name in self.index:
            line = self.nodes[self.index[name]].where.line
            raise SpecError(f"two layers are named {name!r}; first on line {line}", where)
        if name in self.ways:
            raise SpecError(f"a layer and a branch above it are both named {name!r}", where)
        self.work.letters(name, where)
        if len(self.nodes) >= self.most_nodes:
            self.wrong(f"expands to more than {MAX_LAYERS:,} layers", where)
            raise LimitReached
        self.index[name] = len(self.nodes)
        trainable = not self.frozen
        node = Node(name, layer, inputs, where, axes, help, trainable=trainable, word=word)
        self.nodes.append(node)
        return len(self.nodes) - 1

    def label(self, path: str, text: str, where: Where) -> None:
        self.work.letters(path, where)
        self.groups[path] = text

    def automatic(self, entry: Entry, scope: Scope) -> str:
        """A name for an entry without one: its kind and a number. Unnamed branches have no name;
        their layers belong to the surrounding list."""
        if entry.branches is not None and entry.repeat is None:
            return ""
        word = str(entry.kind)
        special = entry.branches or entry.backbone or entry.kind in self.spec.blocks
        if not special:
            word = self.kind(entry.kind).kind.kind
        word += "_" * word[-1].isdigit()  # relu6_1, not relu61
        while True:
            number = self.counters.get(scope.prefix + word, 0) + 1
            self.counters[scope.prefix + word] = number
            if f"{word}{number}" not in self.written:
                return f"{word}{number}"

    def branches(
        self, entry: Entry, name: str, scope: Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        assert entry.branches is not None
        prefix = f"{scope.prefix}{name}." if name else scope.prefix
        if name:
            self.label(scope.prefix + name, str(entry.kind), entry.where)
        ends: list[int] = []
        for way, entries in entry.branches.ways:
            path = self.way(prefix, way)
            inner = Scope(f"{path}." if way else prefix, scope.values, scope)
            inner.names["input"] = current
            if way and len(entries) > 1:
                self.label(path, "branch", entry.where)
            found = self.expand(entries, inner, current)
            self.work.add(len(found), entry.where)
            ends += found
        joined = Scope(prefix, scope.values, scope)
        join = entry.branches.join
        return self.once(join, self.automatic(join, joined), joined, tuple(ends))

    def way(self, prefix: str, way: str) -> str:
        """The path of a branch; branches with the same name in several unnamed forks are
        numbered."""
        path = first = f"{prefix}{way}"
        while way and (path in self.ways or path in self.index):
            number = self.counters.get(f"{first}_", 1) + 1
            self.counters[f"{first}_"] = number
            path = f"{first}_{number}"
        self.ways.add(path)
        return path

    def block(
        self, block: Block, entry: Entry, name: str, scope: Scope, current: tuple[int, ...]
    ) -> tuple[int, ...]:
        if block.name in self.open:
            chain = " → ".join([*self.open[self.open.index(block.name) :], block.name])
            raise SpecError(f"block {block.name!r} uses itself ({chain})", entry.where)
        self.used[block.name] = block
        path = scope.prefix + name
        self.label(path, block.name, entry.where)
        given = values.arguments(block, entry, scope.values, self.parameters, self.work)
        if given:
            weight = sum(map(values.weight, given.values()))
            self.work.add(max(weight - USUAL_VALUES, 0), entry.where)
        inner = Scope(f"{path}.", ChainMap(given, self.parameters))
        inner.names["input"] = current
        if block.reads and len(block.reads) != len(current):
            n, of = len(current), f"block {block.name!r} reads {some(block.reads)}"
            raise SpecError(f"{of}, but 'from' names {n} input{'s' * (n != 1)}", entry.where)
        for word, node in zip(block.reads, current):
            inner.names[word] = (node,)
            inner.places[word] = block.where
        self.open.append(block.name)
        try:
            end = self.expand(block.layers, inner, current)
            return self.given(block.gives, inner) if block.gives else end
        finally:
            self.open.pop()

    def given(self, items: Sequence[Item], scope: Scope) -> tuple[int, ...]:
        """The outputs of a block, which can be read by the block's name and theirs."""
        for item in items:
            self.ends[scope.prefix + item.value] = self.sources([item], scope, "gives")
        return self.sources(items, scope, "gives")

    def backbone(
        self,
        base: Backbone,
        entry: Entry,
        path: str,
        scope: Scope,
        current: tuple[int, ...],
    ) -> tuple[int, ...]:
        """Add the layers of another network that its last kept layer depends on."""
        built = self.built(base, entry, scope)
        ends = built.outputs or (len(built.nodes) - 1,)
        if base.up_to is not None:
            if base.up_to not in built.ends:
                known = some(built.ends)
                hint = did_you_mean(base.up_to, built.ends) or f"; it has {known}"
                fact = f"{base.title} has no layer {base.up_to[:60]!r}{hint}"
                raise SpecError(fact, base.where)
            ends = built.ends[base.up_to]
        self.label(path, base.title, entry.where)
        kept = {*ends}
        for index in range(len(built.nodes) - 1, -1, -1):
            if index in kept:
                node = built.nodes[index]
                kept.update(node.inputs if node.like is None else (*node.inputs, node.like))
        places: dict[int, tuple[int, ...]] = {}
        holders: dict[int, int] = {}  # where the weights are that several layers share
        for index in sorted(kept):
            node = built.nodes[index]
            if isinstance(node.layer, Input):
                places[index] = current
                continue
            self.work.add(1 + len(node.inputs), entry.where)
            inputs = tuple(place for source in node.inputs for place in places[source])
            name = f"{path}.{node.name}"
            place = self.add(name, node.layer, inputs, entry.where, node.axes, node.help, node.word)
            places[index] = (place,)
            own = index if node.shares is None else node.shares
            shares = holders.setdefault(own, place)
            self.nodes[place] = self.nodes[place]._replace(
                shares=None if shares == place else shares,
                like=None if node.like is None else places[node.like][0],
                trainable=node.trainable and not self.frozen,
            )
            for end, letter in enumerate(node.name):
                group = node.name[:end] if letter == "." else ""
                if group in built.groups and f"{path}.{group}" not in self.groups:
                    self.label(f"{path}.{group}", built.groups[group], entry.where)
        return tuple(place for end in ends for place in places[end])

    def built(self, base: Backbone, entry: Entry, scope: Scope) -> "_Builder":
        """The whole network of a backbone, with these values of its parameters."""
        given: Any = {}
        if base.values is not None:
            given = values.value_of(base.values, scope.values, self.work)
        if not isinstance(given, dict):
            fact = f"'set' must map the parameters of {base.title} to values, not {shown(given)}"
            raise SpecError(fact, base.where)
        key = id(base.spec), repr(given)
        if key not in self.backbones:
            builder = _Builder(base.spec, self.layout, self.work)
            try:
                graph = builder.graph(given, None)
            except UsageError as why:
                raise SpecError(str(why), entry.where) from None
            self.work.add(1, entry.where)  # stops here if the backbone used up all steps
            if graph.mistakes:
                fact = f"backbone {base.title!r} is not a valid spec"
                raise SpecError(fact, entry.where, f"run cnncalc summarize {base.title} to see why")
            if len(base.spec.inputs) != 1:
                fact = f"backbone {base.title!r} has several inputs; a backbone must have one"
                raise SpecError(fact, entry.where)
            self.backbones[key] = builder
        return self.backbones[key]

    def kind(self, word: Key) -> layers.Found:
        if word not in self.kinds:
            try:
                self.kinds[word] = layers.find(word)
            except LayerError as why:
                hint = advice.word(word) or did_you_mean(word, self.spec.blocks)
                text = f"{why.fact}{hint}" if hint else why.sentence
                raise SpecError(text, word.where) from None
        return self.kinds[word]

    def layer(self, found: layers.Found, entry: Entry, scope: Scope) -> Layer | None:
        """The layer of an entry, or None if it is wrong. Equal values return the same object."""
        # Entries live as long as the spec, or as this builder, so ids are unique.
        if id(entry) not in self.fixed:
            layer = self.evaluated(found, entry, scope)
            if entry.value is not None and values.depends(entry.value):
                return layer
            self.fixed[id(entry)] = layer
        return self.fixed[id(entry)]

    def evaluated(self, found: layers.Found, entry: Entry, scope: Scope) -> Layer | None:
        """The same, after evaluating its expressions."""
        value = values.given_to(entry, scope.values, self.work)
        if found.kind.activated and isinstance(value, dict):
            value.pop(ACTIVATION, None)
        text = repr(value)
        self.work.letters(text, entry.where)
        layout = layout_in(self.spec, entry.where.source, self.layout)
        wrong, key = (id(entry), text), (str(entry.kind), text, layout)
        if key in self.parsed:
            return self.parsed[key]
        if wrong not in self.refused:
            self.refused.add(wrong)
            try:
                layer = found.parse(value)
                if layout == "hwc":
                    layer = layer.channels_first()
                return self.parsed.setdefault(key, layer)
            except FieldErrors as errors:
                for written, text in errors.wrong:
                    beside = f"; write it beside {str(entry.kind)!r}, not among its fields"
                    fact = f"has no field {written!r}{beside}" if written in NODE else text
                    self.wrong(f"{found.kind.kind} {fact}", values.place_of(entry, written))
            except LayerError as why:
                self.wrong(f"{found.kind.kind} {why}", entry.where)
        return None

    def sources(self, items: Sequence[Item], scope: Scope, key: str = "from") -> tuple[int, ...]:
        found: list[int] = []
        for item in items:
            if item.value.endswith(".*"):
                nodes = self.gathered(item.value.removesuffix(".*"), scope)
            else:
                nodes = scope.find(item.value) or self.path(item.value, scope)
            if nodes is None:
                raise SpecError(self.dangling(item.value, scope, key), item.where)
            self.work.add(len(nodes), item.where)
            found += nodes
        if not found and items:
            raise SpecError(
                f"{items[0].value!r} matches no layer, because it is left out", items[0].where
            )
        return tuple(found)

    def gathered(self, name: str, scope: Scope) -> tuple[int, ...] | None:
        """The outputs of all copies of a repeated layer; none if it is left out."""
        for prefix in (*(one.prefix for one in scope.outwards()), ""):
            if f"{prefix}{name}" in self.copies:
                return self.copies[f"{prefix}{name}"]
        return () if name in self.left_out else None

    def path(self, name: str, scope: Scope) -> tuple[int, ...] | None:
        """The nodes inside a block, by a dotted name: from here, or in full."""
        for prefix in (*(one.prefix for one in scope.outwards()), ""):
            full = f"{prefix}{name}"
            if full in self.ends:
                return self.ends[full]
            if full in self.index:
                return (self.index[full],)
        return None

    def dangling(self, name: str, scope: Scope, key: str) -> str:
        if name in self.left_out:
            why = "its 'when' is false, or it is repeated 0 times"
            return f"'{key}: {name}' names a layer that is left out: {why}"
        if name.endswith(".*"):
            return (
                f"'{key}: {name}' refers to copies of a repeated layer that is not above this one"
            )
        inside = [full for full in self.index if full.endswith(f".{name}")]
        if inside:
            return f"'{key}: {name}' does not name a layer here; did you mean {inside[0]!r}?"
        if name in self.written:
            fact = f"'{key}: {name}' names a layer that is not above this one"
            return f"{fact}; a layer can only read earlier ones"
        hint = did_you_mean(name, scope.visible()) or f"; available: {some(scope.visible())}"
        return f"'{key}: {name[:60]}' does not name a layer{hint}"


def _written_names(entries: Sequence[Entry]) -> list[str]:
    """All names that the text gives to layers, including those inside branches."""
    names = [entry.name for entry in entries if entry.name]
    for entry in entries:
        for _, way in entry.branches.ways if entry.branches else ():
            names += _written_names(way)
    return names


def _counted(name: str, index: int) -> str:
    """``layer1.2`` for ``layer1.0`` in the third iteration."""
    before, dot, number = name.rpartition(".")
    return f"{before}{dot}{int(number) + index}"


def _stem(source: str) -> str:
    """``vgg16`` for ``a/vgg16.yaml``."""
    stem = source.replace("\\", "/").rpartition("/")[2]
    return printable(stem.removesuffix(".yaml").removesuffix(".yml"))
