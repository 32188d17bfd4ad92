"""The arrangement of boxes in chains and branches side by side, derived from the graph.

Between two boxes through which all data flows, the other boxes fall into separate branches, and
every branch is again such a chain. Boxes that do not separate are drawn in layers (``layered.py``).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnncalc.core.layer import positions_of
from cnncalc.render.pictures.bend import bent
from cnncalc.render.pictures.column import Column
from cnncalc.render.pictures.folding import Folding, Part
from cnncalc.render.pictures.layered import Layered
from cnncalc.render.pictures.layout import Chain, Fork, Frame, Item, Lane
from cnncalc.render.pictures.metrics import Measure

DEEPEST = 60
"""Branches that are nested more deeply are drawn in layers."""


class Region(NamedTuple):
    """Some items and the edges between them.

    Items are numbered in the order of the report; ``after`` lists the readers of each. ``heads``
    read the entry, and ``ends`` lead to the exit. Nothing reads the ends in ``unread``, which are
    outputs.
    """

    after: Sequence[Sequence[int]]
    heads: set[int]
    ends: set[int]
    unread: set[int]


class Arrangement:
    """Turns parts into items. ``leaf`` makes the item of a box, and ``label`` measures the name of
    a frame. Without ``frames``, only repeated blocks get a frame. ``single`` puts all boxes in one
    column."""

    def __init__(
        self,
        folding: Folding,
        leaf: Callable[[Part], Item],
        label: Callable[[Part], float],
        down: bool,
        measure: Measure,
        frames: bool = True,
        single: bool = False,
    ) -> None:
        self.frames, self.single = frames, single
        self.folding, self.leaf, self.label = folding, leaf, label
        self.down, self.measure = down, measure

    def whole(self) -> Item:
        """The item of the whole picture."""
        item = self._arranged(self.folding.parts, set())
        if self.single:
            return item
        return bent(item, self._positions, self.down, self.measure)

    def _positions(self, item: Item) -> int | None:
        """The number of positions of the map that an item outputs; None for a group of items."""
        part = getattr(item, "part", None)
        return None if part is None else positions_of(self.folding.line(part).output)

    def _arranged(self, parts: Sequence[Part], exits: set[int]) -> Item:
        """The parts of one block, or of the picture, as one item; ``exits`` are the rows that are
        read outside."""
        parts = self._opened(parts)
        region = self._region(parts, exits)
        items = [self._item(part) for part in parts]
        if self.single:
            return Column(*region[:3], items, self.measure)
        nodes = list(range(len(parts)))
        return self._chain(nodes, region, items, 0)

    def _item(self, part: Part) -> Item:
        if not part.parts:
            return self.leaf(part)
        _, exits = self._ports(part)
        inner = self._arranged(part.parts, exits)
        return Frame(part, inner, exits, self.label(part), self.down, self.measure)

    def _opened(self, parts: Sequence[Part]) -> list[Part]:
        """The parts. A block that gets no frame is replaced by its own parts: one that several
        lines enter or leave and, without ``frames``, one that is not repeated."""
        found: list[Part] = []
        for part in parts:
            entries, exits = self._ports(part) if part.parts else (set(), set())
            several = len(entries) > 1 or len(exits) > 1
            bare = bool(part.parts) and part.copies == 1 and not self.frames
            found += self._opened(part.parts) if several or bare else [part]
        return found

    def _ports(self, part: Part) -> tuple[set[int], set[int]]:
        """The rows outside of a block that it reads, and the rows in it that are read outside."""
        rows = {index for one in part.parts for index in one.rows}
        all_rows, readers = self.folding.report.rows, self.folding.readers
        entries = {source for index in rows for source in all_rows[index].sources} - rows
        exits = {index for index in rows if not rows.issuperset(readers[index])}
        return entries, set(map(self.folding.drawn, exits))

    def _region(self, parts: Sequence[Part], exits: set[int]) -> Region:
        """The graph of some parts."""
        place = {index: at for at, part in enumerate(parts) for index in part.rows}
        after: list[dict[int, None]] = [{} for _ in parts]
        heads, ends = set(), set()
        for index, at in place.items():
            sources = self.folding.report.rows[index].sources
            inside = [place[source] for source in sources if source in place]
            for source in inside:
                if source != at:
                    after[source][at] = None
            if len(inside) < len(sources):
                heads.add(at)
            if index in exits:
                ends.add(at)
        read = {reader for readers in after for reader in readers}
        heads |= set(range(len(parts))) - read
        unread = {at for at, readers in enumerate(after) if not readers} - ends
        return Region([sorted(readers) for readers in after], heads, ends | unread, unread)

    def _chain(self, nodes: list[int], region: Region, items: list[Item], depth: int) -> Item:
        """The items of nodes through which all data flows, with the branches between them."""
        count, place = len(nodes), {node: at for at, node in enumerate(nodes)}
        entering = {place[node] for node in region.heads}
        targets = [entering] + [
            {place[reader] for reader in region.after[node] if reader in place}
            | ({count} if node in region.ends else set())
            for node in nodes
        ]
        found: list[Item] = []
        before, furthest = -1, 0
        for at in range(count + 1):
            furthest = max(furthest, max(targets[at], default=0))
            if furthest > at and at < count:
                continue
            between = nodes[before + 1 : at]
            if between:
                heads = {nodes[target] for target in targets[before + 1] if target < at}
                ends = {node for node in between if at in targets[place[node] + 1]}
                inner = region._replace(heads=heads, ends=ends)
                found.append(
                    self._branches(between, inner, items, at in targets[before + 1], depth)
                )
            if at < count:
                found.append(items[nodes[at]])
            before = at
        return found[0] if len(found) == 1 else Chain(found, self.measure)

    def _branches(
        self, nodes: list[int], region: Region, items: list[Item], passed: bool, depth: int
    ) -> Item:
        """Nodes between two others as branches, with a lane if a line passes them all."""
        members = _components(nodes, region.after)
        if (len(members) == 1 and not passed) or depth >= DEEPEST:
            ends = region.ends - region.unread
            return Layered(nodes, region.after, region.heads, ends, passed, items, self.measure)
        branches = [
            self._chain(
                one,
                region._replace(
                    heads=region.heads.intersection(one), ends=region.ends.intersection(one)
                ),
                items,
                depth + 1,
            )
            for one in members
        ]
        return Fork([*branches, Lane(self.measure)] if passed else branches, self.measure)


def _components(nodes: list[int], after: Sequence[Sequence[int]]) -> list[list[int]]:
    """The nodes in groups without edges between them, ordered by their first nodes."""
    inside, root = set(nodes), {node: node for node in nodes}

    def top(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for node in nodes:
        for reader in after[node]:
            if reader in inside:
                one, other = sorted((top(node), top(reader)))
                root[other] = one
    found: dict[int, list[int]] = {}
    for node in nodes:
        found.setdefault(top(node), []).append(node)
    return list(found.values())


def widest_fork(folding: Folding) -> int:
    """The greatest number of boxes that read the same box."""
    place = {
        index: at
        for at, leaf in enumerate(leaf for part in folding.parts for leaf in part.leaves)
        for index in leaf.rows
    }
    rows = folding.report.rows
    edges = {
        (place[source], at)
        for index, at in place.items()
        for source in rows[index].sources
        if source in place and place[source] != at
    }
    readers = Counter(source for source, _ in edges)
    return max(readers.values(), default=0)
