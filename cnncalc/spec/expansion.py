"""Expands the layers of a spec into nodes: blocks, branches, repeats, names, shared weights."""

import re
from collections import ChainMap
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from typing import Any

from cnncalc.core.errors import MAX_MISTAKES, SpecError, Where, some
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Layout
from cnncalc.spec import values
from cnncalc.spec.entry import Block, Entry, Spec
from cnncalc.spec.expression import UNDECLARED
from cnncalc.spec.kinds import Kinds
from cnncalc.spec.names import Names, written_in
from cnncalc.spec.node import Node
from cnncalc.spec.scope import Scope
from cnncalc.spec.sharing import Sharing, shared
from cnncalc.spec.text import Item, Key
from cnncalc.spec.work import LimitReached, Work

MAX_LAYERS = 5_000
MAX_NESTED = 40
USUAL_VALUES = 30
"""The number of values that a block may take at no cost; each further one counts as a step."""

COUNTING = re.compile(r"(.*\.)?(0|[1-9][0-9]*)")
"""A name whose last part is a number, from which the copies of a layer count up."""

Ends = tuple[int, ...]
"""The nodes whose outputs the next layer reads."""


class Expansion:
    """A spec on its way to a graph."""

    def __init__(self, spec: Spec, layout: Layout | None, work: Work | None = None) -> None:
        self.spec = spec
        self.work = work or Work()
        self.parameters: dict[str, Any] = {}
        self.nodes: list[Node] = []
        self.groups: dict[str, str] = {}
        """What each dotted prefix was expanded from, such as a block, a kind or a branch."""
        self.used: dict[str, Block] = {}
        self.mistakes = list(spec.mistakes)
        everything = [spec.layers, *(block.layers for block in spec.blocks.values())]
        everything += [other.group or (other,) for other in spec.replace.values()]
        self.names = Names({name for part in everything for name in written_in(part)}, self.work)
        self.kinds = Kinds(spec, layout, self.work, self.wrong)
        self.sharing = Sharing(everything)
        self.frozen = False
        self.open: list[str] = []
        self.nested = 0
        self.most_nodes = MAX_LAYERS + len(spec.inputs)
        self.replaced: set[str] = set()
        self.replacements: list[Entry] = []
        """The replacements made so far, kept alive so that no other entry gets one of their ids."""
        self.arguments: dict[str, tuple[str, MutableMapping[str, Any]]] = {}
        """The last arguments of each block as text, and the values visible in it."""

    def wrong(self, sentence: str, where: Where) -> None:
        """Report a mistake. Raises LimitReached once there are too many."""
        self.mistakes.append(SpecError(sentence, where))
        if len(self.mistakes) >= MAX_MISTAKES:
            raise LimitReached

    def expand(self, entries: Sequence[Entry], scope: Scope, current: Ends) -> Ends:
        """Add all entries in order. Returns the output of the last one."""
        self.nested += 1
        for entry in entries:
            self.work.add(1, entry.where)
            current = self.entry(entry, scope, current)
        self.nested -= 1
        return current

    def entry(self, entry: Entry, scope: Scope, current: Ends) -> Ends:
        """Add an entry, once for each repetition, or report what is wrong with it. Returns its
        output."""
        name = entry.name or ""
        if entry.broken:
            return self.placeholder(entry, name, scope)
        try:
            if self.nested > MAX_NESTED + 1:  # the top-level list does not count
                sentence = f"blocks and branches nest deeper than {MAX_NESTED} levels"
                raise SpecError(sentence, entry.where)
            times = values.times(entry.repeat, scope.values, self.work)
            if not times or not values.holds(entry.when, scope.values, self.work):
                self.names.left_out.update([name] if name else ())
                return current
            if entry.sources is not None:
                current = self.names.sources(entry.sources, scope)
            name = name or self.automatic(entry, scope)
            counts = name[-1:].isdigit() and COUNTING.fullmatch(name) is not None
            plain = counts or not entry.repeat
            all = entry if plain else self.in_place_of(entry, scope.prefix + name)
            if all.repeat is None:
                return self.single(entry, name, scope, current)
            return self.repeated(all, times, name, counts, scope, current)
        except SpecError as error:
            sentence = error.sentence
            if self.open and error.help == UNDECLARED:
                taken = f"add it to 'takes' of block {self.open[-1]!r}"
                sentence = f"{error.fact}; {taken}, or {UNDECLARED}"
            self.wrong(sentence, error.where)
        return self.placeholder(entry, name, scope)

    def placeholder(self, entry: Entry, name: str, scope: Scope) -> Ends:
        """Add a node for a wrong entry. The shapes of layers that depend on it are not checked."""
        with suppress(SpecError):  # the kind may be what is wrong
            name = name or self.automatic(entry, scope)
        self.nodes.append(Node(name, None, (), entry.where))
        node = (len(self.nodes) - 1,)
        if name:
            scope.names.setdefault(name, node)
            self.names.ends.setdefault(scope.prefix + name, node)
        return node

    def single(self, entry: Entry, name: str, scope: Scope, current: Ends) -> Ends:
        """Expand an entry once, and let later entries read it by name."""
        self.names.check_free(name, entry, scope)
        current = self.once(self.in_place_of(entry, scope.prefix + name), name, scope, current)
        if name:
            self.names.define(name, entry, scope, current)
        return current

    def in_place_of(self, entry: Entry, path: str) -> Entry:
        """The entry, or its replacement, which inherits ``trainable`` unless it states its own.
        A single layer is repeated and shares weights as the old one did; a list of layers occurs
        once."""
        other = self.spec.replace.get(Key(path)) if self.spec.replace else None
        if other is None:
            return entry
        self.replaced.add(path)
        if other.broken:  # already reported
            return entry
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
        current: Ends,
    ) -> Ends:
        """Expand an entry several times in a row. A name that ends in a number of its own (``0``,
        ``layer1.0``) counts up."""
        path = scope.prefix + name
        if not counts:
            self.names.check_free(name, entry, scope)
            often = f" ×{times}" if times > 1 else ""
            self.label(path, f"{entry.kind}{often}", entry.where)
        before = len(self.nodes)
        copies: list[int] = []
        for index in range(times):
            self.work.add(1, entry.where)
            part = _counted(name, index) if counts else f"{name}.{index}"
            current = self.single(entry, part, scope.turn(index), current)
            copies += current
        self.names.copies[path] = tuple(copies)
        if not counts:
            self.sharing.note(path, range(before, len(self.nodes)))
            self.names.define(name, entry, scope, current)
        return current

    def once(self, entry: Entry, name: str, scope: Scope, current: Ends) -> Ends:
        """Expand an entry once, under this name, and freeze or share its weights."""
        begin, frozen = len(self.nodes), self.frozen
        trainable = values.holds(entry.trainable, scope.values, self.work, "trainable")
        self.frozen = frozen or not trainable
        try:
            current = self.alone(entry, name, scope, current)
        finally:
            self.frozen = frozen
        span = range(begin, len(self.nodes))
        try:
            if entry.weights is not None:
                self.share(entry, span, scope)
        finally:  # the name exists even if its weights are wrong
            if name:
                self.sharing.note(scope.prefix + name, span)
        return current

    def share(self, entry: Entry, span: range, scope: Scope) -> None:
        """Give the nodes of an entry the weights that it names."""
        owner = self.sharing.owner(entry, span, scope)
        if owner is not None:
            self.work.add(len(span), entry.where)
            self.nodes[span.start :] = shared(entry, self.nodes, span, owner)

    def alone(self, entry: Entry, name: str, scope: Scope, current: Ends) -> Ends:
        """Expand the composite, the group, the block or the kind of an entry."""
        if entry.composite is not None:
            return entry.composite.expand(self, entry, name, scope, current)
        if entry.group is not None:
            self.label(scope.prefix + name, str(entry.kind), entry.where)
            inner = Scope(f"{scope.prefix}{name}.", scope.values)
            inner.names["input"] = current
            return self.expand(entry.group, inner, current)
        if entry.kind in self.spec.blocks:
            return self.block(self.spec.blocks[entry.kind], entry, name, scope, current)
        found = self.kinds.find(entry.kind, entry.value)
        layer = self.kinds.layer(found, entry, scope)
        if not current:
            inputs = some(self.spec.inputs)
            raise SpecError(
                f"the network has several inputs; choose one with 'from': {inputs}",
                entry.where,
            )
        self.work.add(len(current) - 1, entry.where)
        full, help = scope.prefix + name, entry.help
        if len(current) > 1 and entry.sources is None and found.kind.arity[1] == 1:
            help = self.choice(scope, current)
        like = None if layer is None else self.like(layer, entry, scope)
        axes, learns = found.axes, not self.frozen
        node = Node(full, layer, current, entry.where, axes, help, None, like, learns, entry.kind)
        if layer is not None and layer.outputs:
            return self.outputs_of(layer, node)
        place = self.add(node)
        after = self.kinds.activation(found, entry, scope)
        if after is not None:
            name = f"{full}_{after.kind}"
            place = self.add(Node(name, after, (place,), entry.where, trainable=learns))
        return (place,)

    def choice(self, scope: Scope, current: Ends) -> str:
        """How to choose one of several inputs."""
        names = [self.nodes[place].name for place in current]
        if self.open and scope.find("input") == current:
            block = self.spec.blocks[self.open[-1]]
            if not block.reads:
                inputs = f"the inputs of block {block.name!r}"
                return f"name {inputs} with 'reads', then choose one with 'from'"
            names = [*block.reads]
        return f"choose with 'from': {some(names)}"

    def outputs_of(self, layer: Layer, node: Node) -> Ends:
        """Add a node for each output of a layer, named ``NAME.0`` and so on."""
        self.label(node.name, layer.kind, node.where)
        part = node._replace(part_of=node.name)
        places = [
            self.add(part._replace(name=f"{node.name}.{number}", layer=output))
            for number, output in enumerate(layer.outputs)
        ]
        self.names.copies[node.name] = tuple(places)
        return tuple(places)

    def like(self, layer: Layer, entry: Entry, scope: Scope) -> int | None:
        """The node whose shape determines some fields of a layer, if any."""
        if layer.refers_to is None:
            return None
        where = values.place_of(entry, "like")
        found = self.names.sources([Item(layer.refers_to, where)], scope, "like")
        if len(found) != 1:
            raise SpecError(f"'like: {layer.refers_to}' names {len(found)} layers, not one", where)
        return found[0]

    def add(self, node: Node) -> int:
        """Add a node. Returns its place."""
        self.names.note(node, len(self.nodes), self.nodes)
        self.work.letters(node.name, node.where)
        if len(self.nodes) >= self.most_nodes:
            self.wrong(f"the spec expands to more than {MAX_LAYERS:,} layers", node.where)
            raise LimitReached
        self.nodes.append(node)
        return len(self.nodes) - 1

    def label(self, path: str, text: str, where: Where) -> None:
        """Remember what a dotted prefix was expanded from."""
        self.work.letters(path, where)
        self.groups[path] = text

    def automatic(self, entry: Entry, scope: Scope) -> str:
        """A name for an entry without one. Branches and residuals get none unless they are
        repeated; their layers belong to the surrounding list."""
        if entry.composite is not None and entry.composite.unnamed and entry.repeat is None:
            return ""
        word = str(entry.kind)
        if entry.composite is None and word not in self.spec.blocks:
            word = self.kinds.find(entry.kind, entry.value).kind.kind
        return self.names.automatic(word, scope.prefix)

    def block(self, block: Block, entry: Entry, name: str, scope: Scope, current: Ends) -> Ends:
        """Add the layers of a block."""
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
        inner = Scope(f"{path}.", self.values_in(block, given))
        inner.names["input"] = current
        if block.reads and len(block.reads) != len(current):
            inputs = f"{len(current)} input{'s' * (len(current) != 1)}"
            but = f"'from' names {inputs}"
            if entry.sources is None:
                but = f"it gets {inputs}; name a layer for each with 'from'"
            fact = f"block {block.name!r} reads {some(block.reads)}, but {but}"
            raise SpecError(fact, entry.where)
        for word, node in zip(block.reads, current):
            inner.names[word] = (node,)
            inner.places[word] = block.where
            inner.inputs.add(word)
        self.open.append(block.name)
        self.kinds.uses.append(entry)
        try:
            end = self.expand(block.layers, inner, current)
            return self.given(block.gives, inner) if block.gives else end
        finally:
            self.open.pop()
            self.kinds.uses.pop()

    def values_in(self, block: Block, given: dict[str, Any]) -> MutableMapping[str, Any]:
        """The values in a block with these arguments: the same object as last time if they are
        equal, so that its layers need not be evaluated again."""
        text = repr(given)
        if self.arguments.get(block.name, ("",))[0] != text:
            self.arguments[block.name] = text, ChainMap(given, self.parameters)
        return self.arguments[block.name][1]

    def given(self, items: Sequence[Item], scope: Scope) -> Ends:
        """The outputs of a block, which other layers can read as ``BLOCK.OUTPUT``."""
        for item in items:
            self.names.ends[scope.prefix + item.value] = self.names.sources([item], scope, "gives")
        return self.names.sources(items, scope, "gives")


def _counted(name: str, index: int) -> str:
    """The name in an iteration: ``layer1.2`` for ``layer1.0`` in the third."""
    before, dot, number = name.rpartition(".")
    return f"{before}{dot}{int(number) + index}"
