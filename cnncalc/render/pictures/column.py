"""All boxes in one column, for a terminal that is too narrow for branches side by side.

A line that skips boxes runs in a lane to the right of the column.
"""

from collections.abc import Sequence

from cnncalc.render.pictures.layout import Chain, Item, Routes, Tail
from cnncalc.render.pictures.metrics import Measure

ENTRY = -1
"""The index that stands for whatever is above the first item."""


class Column(Chain):
    """Items one below another, in the order of the report.

    Item ``at`` is read by the items ``after[at]``; ``heads`` read the input of the column, and
    ``ends`` are read below the column.
    """

    def __init__(
        self,
        after: Sequence[Sequence[int]],
        heads: set[int],
        ends: set[int],
        items: Sequence[Item],
        measure: Measure,
    ) -> None:
        below = {len(items)}
        self.readers = {at: {*to} | (below if at in ends else set()) for at, to in enumerate(after)}
        self.readers[ENTRY] = heads
        self.lanes = self._lanes()
        self.joined = {to for at in self.lanes for to in self.readers[at] if to > at + 1}
        super().__init__(items, measure)
        self.edge = self.across
        self.across += (max(self.lanes.values(), default=ENTRY) + 1) * measure.lane

    def _lanes(self) -> dict[int, int]:
        """The lane of every item whose output skips others: the first one that is free."""
        found: dict[int, int] = {}
        free_from: list[int] = []
        for at in sorted(self.readers):
            last = max(self.readers[at], default=at)
            if last > at + 1:
                lane = next(
                    (lane for lane, end in enumerate(free_from) if end <= at), len(free_from)
                )
                free_from[lane : lane + 1] = [last]
                found[at] = lane
        return found

    def gap(self, at: int) -> float:
        """The gap before an item: one more line for a turn into a lane, and one for turns out of
        lanes."""
        return self.measure.gap + (at - 1 in self.lanes) + (at in self.joined)

    def route(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """Lead lines straight to the next item, and through a lane to those further down."""
        arriving: dict[int, list[Tail]] = {}
        for at in range(ENTRY, len(self.items)):
            item = self.items[at] if at >= 0 else None
            found = item.route(arriving.get(at, []), routes) if item else list(tails)
            bottom = item.y + item.along if item else self.y
            for to in sorted(self.readers[at]):
                led = found if to == at + 1 else [self._led(tail, at, to, bottom) for tail in found]
                arriving.setdefault(to, []).extend(led)
        return arriving.get(len(self.items), [])

    def _led(self, tail: Tail, at: int, to: int, bottom: float) -> Tail:
        """A line in a lane, from the bottom of an item to just above the item that reads it."""
        lane = self.x + self.edge + self.lanes[at] * self.measure.lane + self.measure.lane // 2
        if to < len(self.items):
            end, across = self.items[to].y, self.items[to].x + self.items[to].enter
        else:
            end, across = self.y + self.along, self.x + self.leave
        turn = end - self.measure.gap - 1
        return tail.via((tail.points[-1][0], bottom), (lane, bottom), (lane, turn), (across, turn))
