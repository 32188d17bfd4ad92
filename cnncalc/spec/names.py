"""The names of layers, blocks and branches, and the nodes that each of them means."""

import re
from collections.abc import Iterator, Sequence

from cnncalc.core.errors import SpecError, Where, did_you_mean, some
from cnncalc.spec.entry import Entry
from cnncalc.spec.node import Node
from cnncalc.spec.scope import Scope
from cnncalc.spec.text import Item, twice
from cnncalc.spec.work import Work

Ends = tuple[int, ...]
ENDS = ("outputs", "gives")
"""Keys that are read after all layers, and may name any of them."""


class Names:
    """The nodes that each name of an expanded network means; ``written`` holds the names in the
    text."""

    def __init__(self, written: set[str], work: Work) -> None:
        self.written = written
        self.work = work
        self.index: dict[str, int] = {}
        self.ends: dict[str, Ends] = {}
        """The outputs of layers and blocks, by their full names."""
        self.trees: dict[str, Where] = {}
        """The groups that dotted names imply: ``a`` and ``a.b`` for ``a.b.conv``."""
        self.copies: dict[str, Ends] = {}
        """The outputs of all copies of a repeated layer, or of a layer with several outputs."""
        self.left_out: set[str] = set()
        self.ways: set[str] = set()
        self.counters: dict[str, int] = {}

    def note(self, node: Node, place: int, nodes: Sequence[Node]) -> None:
        """Remember the place of a node. Raises SpecError if its name is taken."""
        if node.name in self.index:
            raise _twice(node.name, nodes[self.index[node.name]].where, node.where)
        if node.name in self.ways:
            fact = f"a layer and a branch above it are both named {node.name!r}"
            raise SpecError(fact, node.where)
        self.index[node.name] = place

    def check_free(self, name: str, entry: Entry, scope: Scope) -> None:
        """Refuse a layer with the name of another layer or of an input."""
        if name in scope.inputs:
            line = scope.places[name].line
            at = f" (line {line})" if line else ""
            fact = f"{name!r} is the name of an input{at}"
            raise SpecError(fact, entry.where, "choose another name for the layer")
        if name in scope.places:
            raise _twice(name, scope.places[name], entry.where)

    def define(self, name: str, entry: Entry, scope: Scope, nodes: Ends) -> None:
        """Let later entries read these nodes by name."""
        scope.names[name] = nodes
        scope.places[name] = entry.where
        self.ends[scope.prefix + name] = nodes
        if not entry.name or "." not in entry.name:
            return
        for dot in re.finditer(r"\.", entry.name):
            self.trees.setdefault(scope.prefix + name[: dot.start()], entry.where)

    def automatic(self, word: str, prefix: str) -> str:
        """A name for an entry without one: its kind or block, and a number."""
        word += "_" * word[-1].isdigit()  # relu6_1, not relu61
        while True:
            number = self.counters.get(prefix + word, 0) + 1
            self.counters[prefix + word] = number
            if f"{word}{number}" not in self.written:
                return f"{word}{number}"

    def way(self, prefix: str, way: str) -> str:
        """The path of a branch, with a number if a branch or layer before it has the same path."""
        path = first = f"{prefix}{way}"
        while way and (path in self.ways or path in self.index):
            number = self.counters.get(f"{first}_", 1) + 1
            self.counters[f"{first}_"] = number
            path = f"{first}_{number}"
        self.ways.add(path)
        return path

    def sources(self, items: Sequence[Item], scope: Scope, key: str = "from") -> Ends:
        """The nodes that these names mean, as seen from a scope."""
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
            left_out = items[0].value.removesuffix(".*")
            fact = f"{items[0].value!r} matches no layer, because {left_out!r} is left out"
            raise SpecError(fact, items[0].where)
        return tuple(found)

    def gathered(self, name: str, scope: Scope) -> Ends | None:
        """The outputs of all copies of a repeated layer, or of a layer with several outputs; empty
        if it is left out, None if there is no such layer."""
        for prefix in scope.prefixes():
            if f"{prefix}{name}" in self.copies:
                return self.copies[f"{prefix}{name}"]
        return () if name in self.left_out else None

    def path(self, name: str, scope: Scope) -> Ends | None:
        """The nodes that a dotted name means, relative to a scope or in full; None if there are
        none."""
        for prefix in scope.prefixes():
            full = f"{prefix}{name}"
            if full in self.ends:
                return self.ends[full]
            if full in self.index:
                return (self.index[full],)
        return None

    def inside(self, group: str, scope: Scope) -> Iterator[str]:
        """The names, as seen from a scope, of the layers in a block or of the parts of a split."""
        for prefix in scope.prefixes() if group else ():
            for full in self.index:
                if full.startswith(f"{prefix}{group}."):
                    yield full.removeprefix(prefix)

    def dangling(self, name: str, scope: Scope, key: str) -> str:
        """The error for a name that does not refer to anything here."""
        if name in self.left_out:
            why = "its 'when' is false, or it is repeated 0 times"
            return f"'{key}: {name}' names a layer that is left out: {why}"
        if name.endswith(".*"):
            layer = name.removesuffix(".*")
            why = f"no layer {layer!r} here is repeated or has several outputs"
            return f"'{key}: {name}' matches no layer: {why}"
        inside = [full for full in self.index if full.endswith(f".{name}")]
        if inside:
            return f"'{key}: {name}' does not name a layer here; did you mean {inside[0]!r}?"
        if name in self.written and key not in ENDS:
            fact = f"'{key}: {name}' names a layer that is not above this one"
            return f"{fact}; a layer can only read earlier ones"
        if "," in name:
            listed = ", ".join(word.strip() for word in name.split(","))
            return f"'{key}: {name[:60]}' does not name a layer; write a list: [{listed[:60]}]"
        parts = [*self.inside(name.rpartition(".")[0], scope)]
        visible = [one for one in scope.visible() if key != "outputs" or one not in scope.inputs]
        hint = did_you_mean(name, parts or visible) or f"; available: {some(parts or visible)}"
        return f"'{key}: {name[:60]}' does not name a layer{hint}"


def _twice(name: str, first: Where, where: Where) -> SpecError:
    return twice(f"two layers are named {name!r}", first, where)


def written_in(entries: Sequence[Entry]) -> Iterator[str]:
    """All names that the text gives to layers, including those inside composites."""
    for entry in entries:
        if entry.name:
            yield entry.name
        for inner in entry.composite.lists() if entry.composite else ():
            yield from written_in(inner)
