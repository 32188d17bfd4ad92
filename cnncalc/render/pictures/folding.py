"""From a report to the boxes of a picture: blocks are opened or folded, and repeats are stacked.

A box stands for layers that follow one another in the report, so that boxes never form a cycle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from cnncalc.analysis.report import Line, Report, Row
from cnncalc.core.errors import UsageError, did_you_mean, some

MOST = 1000
"""A picture with more boxes is shortened: equal layers are stacked, and if there are still many
boxes, only the first and the last few are shown."""
LONGEST = 30_000
"""A picture whose lines pass more boxes in total is shortened in the same way."""
ENDS = 20
"""The number of boxes at either end of a picture without its middle."""
FEW = 4
"""The most layers of a block that is drawn like a single layer."""
LEVELS = 30
"""Blocks that are nested more deeply stay folded."""


@dataclass(eq=False)
class Part:
    """A box, or an open block with its ``parts``.

    ``rows`` are the positions of its layers in the report, and ``copies`` is the number of equal
    blocks or layers that it stands for, from ``name`` to ``last``. ``block`` marks a block,
    ``closed`` a block or a layer named after one, and ``outside`` a layer that is drawn only
    because others read it.
    """

    name: str
    kind: str
    rows: Sequence[int]
    parts: "list[Part]" = field(default_factory=list)
    copies: int = 1
    last: str = ""
    block: bool = False
    closed: bool = False
    outside: bool = False

    @property
    def leaves(self) -> "Iterator[Part]":
        """The boxes in it."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves


class Folding:
    """The parts of a report at a depth, by default the deepest that fits."""

    def __init__(
        self, report: Report, depth: int | None, only: str | None, every_layer: bool, fitting: int
    ) -> None:
        self.report, self.every_layer = report, every_layer
        self.paths = [row.name.split(".") for row in report.rows]
        self.readers: list[list[int]] = [[] for _ in report.rows]
        for index, row in enumerate(report.rows):
            for source in dict.fromkeys(row.sources):
                self.readers[source].append(index)
        self.shown = _shown(report, only)
        self.base = only.count(".") + 1 if only else 0
        self.parts = self._fitting(fitting) if depth is None else self._at(depth)
        self._shorten()
        self.parts[:0] = self._outside()
        self.first_copy = dict(_copies(self.parts))

    def line(self, part: Part) -> Line:
        """The line of the table from which the figures of a part are computed."""
        rows = tuple([self.report.rows[index] for index in part.rows])
        return Line(part.name, part.kind, rows, part.name.count(".") + 1)

    def drawn(self, index: int) -> int:
        """The row that is drawn for a row: its counterpart in the first copy of its block."""
        while index in self.first_copy:
            index = self.first_copy[index]
        return index

    def main(self, part: Part) -> Row:
        """The main layer of a box; the others run after it, or flatten its input."""
        rows = [self.report.rows[index] for index in part.rows]
        return next((row for row in rows if not row.implied), rows[0])

    def _fitting(self, most: int) -> list[Part]:
        """The deepest parts with at most this many boxes; the shallowest parts may have more."""
        found = self._at(self.base + 1)
        for depth in range(self.base + 2, min(self.report.depth, LEVELS) + 1):
            deeper = self._at(depth)
            if _count(deeper) > most:
                break
            found = deeper
        return found

    def _at(self, depth: int) -> list[Part]:
        depth = min(max(depth, self.base), LEVELS)
        return self._build(self.shown, self.base + 1, depth)

    def _build(self, rows: Sequence[int], level: int, depth: int) -> list[Part]:
        """The parts of these rows, whose names agree before this level."""
        parts = []
        for path, run in groupby(rows, lambda index: self.paths[index][:level]):
            inside = list(run)
            name = ".".join(path)
            if len(self.paths[inside[-1]]) <= level:
                parts += [self._layer(index) for index in inside]
                continue
            kind = (self.report.groups or {}).get(name, "block")
            block = Part(name, kind, inside, block=True, closed=True)
            if level < depth:
                block.parts = self._build(inside, level + 1, depth)
            parts.append(self._as_layer(block, level) if level >= depth else _named(block))
        return self._stacked(parts if self.every_layer else self._merged(parts))

    def _as_layer(self, block: Part, level: int) -> Part:
        """A folded block, or the layer itself if the block is just a layer with its normalization
        and activation."""
        if len(block.rows) > FEW or self.every_layer:
            return block
        opened = replace(block, parts=self._build(block.rows, level + 1, LEVELS))
        layer = _named(opened)
        return block if layer is opened or layer.parts or layer.copies > 1 else layer

    def _layer(self, index: int) -> Part:
        row = self.report.rows[index]
        return Part(row.name, row.kind, [index])

    def _merged(self, parts: list[Part]) -> list[Part]:
        """Activations and the like join the layer before them; an implied flatten joins the layer
        after it."""
        found: list[Part] = []
        for part in parts:
            before = found[-1] if found else None
            if before is not None and self._joins(before, part):
                found[-1] = replace(before, rows=[*before.rows, *part.rows])
            elif before is not None and self._leads(before, part):
                found[-1] = replace(part, rows=[*before.rows, *part.rows])
            else:
                found.append(part)
        return found

    def _joins(self, before: Part, part: Part) -> bool:
        """Whether a layer runs inside the box before it."""
        row = self.report.rows[part.rows[0]]
        first = self.report.rows[before.rows[0]]
        return (
            not (before.closed or part.closed)
            and first.layer.arity != (0, 0)
            and (row.layer.inside or not row.layer.stored)
            and row.sources == (before.rows[-1],)
            and self.readers[before.rows[-1]] == [part.rows[0]]
            and row.inputs == (row.output,)
        )

    def _leads(self, before: Part, part: Part) -> bool:
        """Whether the box before is a flatten that the spec leaves out."""
        implied = len(before.rows) == 1 and self.report.rows[before.rows[0]].implied
        return implied and not part.closed and self.readers[before.rows[0]] == [part.rows[0]]

    def _stacked(self, parts: list[Part], also_layers: bool = False) -> list[Part]:
        """Equal neighbours in a chain become one part with copies."""
        found: list[Part] = []
        signature = None
        for part in parts:
            own = self._signature(part) if part.closed or also_layers else None
            if own is not None and own == signature and self._follows(found[-1], part):
                one = found[-1]
                found[-1] = replace(
                    one,
                    rows=[*one.rows, *part.rows],
                    copies=one.copies + part.copies,
                    last=part.last or part.name,
                )
            else:
                found.append(part)
            signature = own
        return found

    def _signature(self, part: Part) -> object:
        """A value that is the same for two equal parts."""
        start, rows = part.rows[0], (self.report.rows[index] for index in part.rows)
        return tuple(
            (row.layer, row.inputs, tuple([max(source - start, -1) for source in row.sources]))
            for row in rows
        )

    def _follows(self, before: Part, part: Part) -> bool:
        """Whether a part reads only the last layer before it, and is its only reader."""
        start, end = part.rows[0], part.rows[-1]
        last = start - 1
        reads = {
            source
            for index in part.rows
            for source in self.report.rows[index].sources
            if source < start
        }
        inner = (self.readers[index] for index in before.rows[:-1])
        return (
            before.rows[-1] == last
            and reads == {last}
            and all(start <= reader <= end for reader in self.readers[last])
            and all(reader <= last for readers in inner for reader in readers)
        )

    def _shorten(self) -> None:
        """Stack equal layers and leave out the middle if there are too many boxes or lines."""
        leaves = [leaf for part in self.parts for leaf in part.leaves]
        if len(leaves) <= MOST and self._passed(leaves) <= LONGEST:
            return
        leaves = self._stacked([self._layer(index) for index in self.shown], also_layers=True)
        if len(leaves) > 2 * ENDS + 1:
            middle = leaves[ENDS:-ENDS]
            rows = [index for part in middle for index in part.rows]
            skipped = Part(middle[0].name, f"{len(rows):,} layers", rows, block=True, closed=True)
            skipped.last = middle[-1].last or middle[-1].name
            leaves[ENDS:-ENDS] = [skipped]
        self.parts = leaves

    def _passed(self, leaves: Sequence[Part]) -> int:
        """An upper bound on the number of boxes that lines pass."""
        place = {index: at for at, leaf in enumerate(leaves) for index in leaf.rows}
        found = {
            (place[source], at)
            for index, at in place.items()
            for source in self.report.rows[index].sources
            if source in place
        }
        return sum(max(at - source - 1, 0) for source, at in found)

    def _outside(self) -> list[Part]:
        """The layers that are not shown but are read by those that are."""
        shown = set(self.shown)
        read = dict.fromkeys(
            source
            for index in self.shown
            for source in self.report.rows[index].sources
            if source not in shown
        )
        return [replace(self._layer(index), outside=True) for index in sorted(read)]


def _shown(report: Report, only: str | None) -> list[int]:
    """The positions of the rows to draw. Raises UsageError if ``only`` is not a block."""
    if only is None:
        return list(range(len(report.rows)))
    found = [
        index
        for index, row in enumerate(report.rows)
        if row.name == only or row.name.startswith(f"{only}.")
    ]
    if not found:
        blocks = list(report.blocks)
        outer = [name for name in blocks if "." not in name]
        if not blocks:
            raise UsageError("the network has no blocks", "leave out 'only'")
        hint = did_you_mean(only, blocks) or f"; choose from {some(outer)}"
        raise UsageError(f"the network has no part {only[:40]!r}{hint}")
    if len(found) == 1 and report.rows[found[0]].name == only:
        raise UsageError(f"{only!r} is a layer, not a block", "leave out 'only'")
    return found


def _named(block: Part) -> Part:
    """The block or, if it has a single part, that part, named after the block unless it has
    copies."""
    if len(block.parts) != 1:
        return block
    only = block.parts[0]
    if only.copies > 1:  # its name says which blocks it stands for
        return only
    if only.parts:
        return replace(block, parts=only.parts)
    return replace(only, name=block.name, closed=True)


def _copies(parts: Sequence[Part]) -> Iterator[tuple[int, int]]:
    """The rows in copies of open blocks, each with its counterpart in the first copy."""
    for part in parts:
        if part.parts:
            each = len(part.rows) // part.copies
            for at, index in enumerate(part.rows[each:]):
                yield index, part.rows[at % each]
            yield from _copies(part.parts)


def _count(parts: Sequence[Part]) -> int:
    return sum(1 for part in parts for _ in part.leaves)
