"""Shared weights: ``weights: NAME`` next to a kind or block.

NAME is an earlier layer or block. If none has this name, NAME stands for the weights: the first
layer or block that mentions it owns them, and the others use them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cnncalc.core.errors import SpecError, did_you_mean
from cnncalc.spec.entry import Entry
from cnncalc.spec.node import Node
from cnncalc.spec.scope import Scope
from cnncalc.spec.text import Item

OWN = "for weights of its own, leave out 'weights'"
APART = f"{OWN}, or write a replacement as a list: [linear: 10]"


class Sharing:
    """Which nodes each name stands for, and whose weights each node uses."""

    def __init__(self, lists: Iterable[Sequence[Entry]]) -> None:
        self.written = Counter(word for entries in lists for word in _words(entries))
        self.spans: dict[str, range] = {}
        self.names: dict[tuple[str, str], tuple[range, Entry]] = {}

    def note(self, path: str, span: range) -> None:
        """Remember the nodes of a layer or block, if any layer shares weights at all."""
        if self.written:
            self.spans[path] = span

    def owner(self, entry: Entry, span: range, scope: Scope) -> range | None:
        """The nodes whose weights these nodes use; None if they use their own, which others may
        then share."""
        word = _word(entry)
        *_, outermost = scopes = [*scope.outwards()]
        found = self.names.get((outermost.prefix, word))
        if found is not None:
            return found[0]
        turn = scope.values.get("index") if entry.repeat else None
        for name in (f"{word}.{turn}", word):
            for prefix in (*(one.prefix for one in scopes), ""):
                if f"{prefix}{name}" in self.spans:
                    return self.spans[f"{prefix}{name}"]
        self.names[outermost.prefix, word] = span, entry
        return None

    def unshared_names(self, later: set[str]) -> Iterator[SpecError]:
        """An error for every name that only one layer uses: it is probably misspelt. ``later``
        has all names that the spec gives to layers."""
        for (_, word), (_, entry) in self.names.items():
            if self.written[word] > 1 or entry.repeat is not None or entry.weights is None:
                continue
            fact = f"'weights: {word}' does not name a layer above, and no other layer uses it"
            fact += did_you_mean(word, self.spans) or f"; {OWN}"
            if word in later:
                fact = f"'weights: {word}' names a layer that is not above this one"
            yield SpecError(fact, entry.weights.where)


def shared(entry: Entry, nodes: Sequence[Node], span: range, owner: range) -> list[Node]:
    """The nodes of a span with the weights of another. Raises SpecError if the spans differ in
    length or in the kind of a layer, or if the entry states a different ``trainable``."""
    where = entry.weights.where if entry.weights else entry.where
    label = f"'weights: {_word(entry)}'"
    help = APART if where.source != entry.where.source else ""
    if len(span) != len(owner):
        raise SpecError(
            f"{label} needs the same layers, but it has {len(owner)} and this one has {len(span)}",
            where,
            help,
        )
    found = []
    for place, node in zip(owner, (nodes[place] for place in span)):
        owning = nodes[place]
        kinds = [part.layer.kind for part in (owning, node) if part.layer is not None]
        if len(set(kinds)) > 1:
            one, other = f"{owning.name!r} is {kinds[0]}", f"{node.name!r} is {kinds[1]}"
            raise SpecError(f"{label} needs the same layers, but {one} and {other}", where, help)
        root = place if owning.shares is None else owning.shares
        if entry.trainable is not None and node.trainable != owning.trainable:
            fact = f"write it beside {nodes[root].name!r}, which holds the weights"
            raise SpecError(f"'trainable' differs from that of the shared weights; {fact}", where)
        found.append(node._replace(shares=root, trainable=owning.trainable))
    return found


def _word(entry: Entry) -> str:
    return "" if entry.weights is None else str(entry.weights.value)


def _words(entries: Sequence[Entry]) -> Iterator[Any]:
    """The names after ``weights`` in a list, including those inside composites."""
    for entry in entries:
        if isinstance(entry.weights, Item):
            yield entry.weights.value
        for inner in entry.composite.lists() if entry.composite else ():
            yield from _words(inner)
