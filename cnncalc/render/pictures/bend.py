"""The layout of U-shaped networks: the layers that shrink a map run down the left arm, and those
that enlarge it again run up the right one.

On each level of the U, maps have about the same size, except that the last layer of its right arm
enlarges them for the level above. A skip connection, perhaps with boxes on it, leads from the
left arm to the right one.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnncalc.render.pictures.layout import Chain, Fork, Frame, Item, Lane, Leaf, Routes, Tail
from cnncalc.render.pictures.metrics import Measure

LEVELS = 2
"""The fewest skip connections of a U."""


class Level(NamedTuple):
    """A level: the items of the left arm from the top, those of the right arm from the bottom, and
    the boxes between them."""

    left: Sequence[Item]
    right: Sequence[Item]
    skip: Sequence[Leaf] | None
    """The boxes on the skip connection; None at the bottom, where there is no connection."""


Size = Callable[[Item], int | None]
"""The number of positions of the map that an item outputs; None for a group of items."""


def bent(item: Item, size: Size, down: bool, measure: Measure) -> Item:
    """The item laid out as a U if it has that structure, and unchanged otherwise.

    If data flows to the right (``down`` is false), the levels descend and rise in steps instead.
    """
    levels: list[Level] = []
    inner = item.items if isinstance(item, Chain) else [item]
    while True:
        forks = [at for at in range(1, len(inner) - 1) if _skipped(inner, at, size)]
        if not forks:
            break
        at = max(forks, key=lambda at: inner[at].along)
        skip, deeper = _skipped(inner, at, size) or ((), ())
        levels.append(Level(inner[:at], inner[at + 1 :], skip))
        inner = deeper
    sizes = [(number, -at) for at, number in enumerate(map(size, inner)) if number is not None]
    if len(levels) < LEVELS or not sizes:
        return item
    bottom = -min(sizes)[1]
    if not down:
        return _stepped(levels, inner, measure)
    levels.append(Level(inner[:bottom], inner[bottom + 1 :], None))
    return Bend(levels, inner[bottom], measure)


def _skipped(
    items: Sequence[Item], at: int, size: Size
) -> tuple[Sequence[Leaf], Sequence[Item]] | None:
    """For a fork with a branch of smaller maps: the boxes on its other branch, and the items on the
    branch of smaller maps. None for anything else."""
    fork, before = items[at], size(items[at - 1])
    if not isinstance(fork, Fork) or len(fork.branches) != 2 or before is None:
        return None
    for skip, inner in (fork.branches, fork.branches[::-1]):
        leaves = [one for one in _items(skip) if not isinstance(one, Lane)]
        found = _items(inner)
        smallest = min(
            (number for number in map(size, found) if number is not None), default=before
        )
        if all(isinstance(leaf, Leaf) for leaf in leaves) and 2 * smallest < before:
            return [leaf for leaf in leaves if isinstance(leaf, Leaf)], found
    return None


def _stepped(levels: Sequence[Level], inner: Sequence[Item], measure: Measure) -> Item:
    """A U for a flow to the right: every level starts where the skip connection of the level above
    begins."""
    found = Chain(inner, measure)
    for level in reversed(levels):
        skip: Item = Chain(level.skip, measure) if level.skip else Lane(measure)
        fork = Fork([skip, found], measure, straight=True)
        found = Chain([*level.left, fork, *level.right], measure)
    return found


def _items(item: Item) -> Sequence[Item]:
    return item.items if isinstance(item, Chain) else [item]


class Mirror(Item):
    """An item turned upside down: lines enter it from below and leave it at the top."""

    def __init__(self, inner: Item) -> None:
        self.inner, self.across, self.along = inner, inner.across, inner.along
        self.enter, self.leave = inner.enter, inner.leave

    def place(self, x: float, y: float) -> None:
        """Place the item before it is turned over."""
        super().place(x, y)
        self.inner.place(x, y)

    def route(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """Lead lines through the item, then turn everything over."""
        own = Routes()
        found = self.inner.route([self._over(tail) for tail in tails], own)
        for item in (*own.leaves, *own.frames):
            item.y = 2 * self.y + self.along - item.y - item.along
        for frame in own.frames:
            frame.over = not frame.over
        routes.leaves += own.leaves
        routes.frames += own.frames
        routes.lines += [
            (source, target, self._over(Tail(source, points)).points)
            for source, target, points in own.lines
        ]
        return [self._over(tail) for tail in found]

    def _over(self, tail: Tail) -> Tail:
        middle = 2 * self.y + self.along
        return Tail(tail.source, tuple((x, middle - y) for x, y in tail.points))


class Bend(Item):
    """A U, made of its levels and the item at its bottom."""

    def __init__(self, levels: Sequence[Level], bottom: Item, measure: Measure) -> None:
        self.levels, self.bottom, self.measure = levels, bottom, measure
        self.left = [Chain(level.left, measure) if level.left else None for level in levels]
        self.right = [
            Mirror(Chain(level.right, measure)) if level.right else None for level in levels
        ]
        middle = max(
            sum(leaf.across + measure.gap for leaf in level.skip or ()) for level in levels
        )
        middle = max(middle + measure.gap, 4 * measure.gap)
        arms = [[arm for arm in side if arm] for side in (self.left, self.right)]
        (before, after), (over, beyond) = (
            (max(arm.enter for arm in side), max(arm.across - arm.enter for arm in side))
            for side in arms
        )
        half = bottom.across / 2 - middle / 2 - after
        self.enter = max(before, half)
        self.leave = self.enter + (after + middle + over) // 1
        self.between = self.enter + (after + middle / 2) // 1  # the middle between the arms
        self.across = max(self.leave + beyond, (self.enter + self.leave + bottom.across) / 2)
        self._along()

    def _along(self) -> None:
        """Compute the bottom edge of each level."""
        y = 0.0
        self.ends: list[float] = []
        for left, right in zip(self.left, self.right, strict=True):
            height = max(arm.along if arm else 0 for arm in (left, right))
            self.ends.append(y + height)
            y += height + (self.measure.gap + self.measure.spread if height else 0)
        self.floor = y + self.measure.line
        self.along = self.floor + self.bottom.along + self.measure.spread

    def place(self, x: float, y: float) -> None:
        """Place the arms so that, on each level, both end at the same height, for straight
        skips."""
        super().place(x, y)
        for arms, port in ((self.left, self.enter), (self.right, self.leave)):
            for arm, end in zip(arms, self.ends, strict=True):
                if arm:
                    arm.place(x + port - arm.enter, y + end - arm.along)
        middle = x + (self.enter + self.leave) // 2
        self.bottom.place(middle - self.bottom.enter, y + self.floor)

    def route(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """Lead lines down the left arm, through the bottom item, and up the right arm."""
        found, skips = list(tails), []
        for level, left in zip(self.levels, self.left, strict=True):
            found = left.route(found, routes) if left else found
            skips.append(
                [] if level.skip is None else [_aside(tail, level.left[-1]) for tail in found]
            )
        found = self._through_bottom(found, routes)
        for level, right, aside in reversed([*zip(self.levels, self.right, skips, strict=True)]):
            if right:
                found = right.route(found, routes)
                if aside:  # the lowest level has no skip connection
                    self._skip(level, aside, routes)
        return found

    def _through_bottom(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """Lead lines from the end of the left arm to the start of the right one."""
        bottom, (left, right) = self.bottom, (self.x + self.enter, self.x + self.leave)
        if isinstance(bottom, Leaf):
            y = bottom.y + (bottom.along - bottom.behind) // 2
            routes.leaves.append(bottom)
            routes.lines += [
                (tail.source, bottom, (*tail.points, (left, y), (bottom.x, y))) for tail in tails
            ]
            return [Tail(bottom, ((bottom.x + bottom.across, y), (right, y)))]
        above, below = bottom.y - self.measure.line, bottom.y + bottom.along + self.measure.spread
        enter, leave = bottom.x + bottom.enter, bottom.x + bottom.leave
        led = [tail.via((left, above), (enter, above)) for tail in tails]
        return [tail.via((leave, below), (right, below)) for tail in bottom.route(led, routes)]

    def _skip(self, level: Level, tails: Sequence[Tail], routes: Routes) -> None:
        """Lead a skip connection through its boxes to the first item of the right arm."""
        found, leaves = list(tails), level.skip or ()
        total = sum(leaf.across + self.measure.gap for leaf in leaves) - self.measure.gap
        x = self.x + self.between - total // 2
        for leaf in leaves:
            y = found[0].points[-1][1]
            leaf.place(x, y - (leaf.along - leaf.behind) // 2)
            routes.leaves.append(leaf)
            routes.lines += [(tail.source, leaf, (*tail.points, (x, y))) for tail in found]
            found = [Tail(leaf, ((x + leaf.across, y),))]
            x += leaf.across + self.measure.gap
        target = level.right[0]
        assert isinstance(target, Leaf)  # a block that reads two boxes has no frame
        routes.lines += [
            (tail.source, target, (*tail.points, (target.x, tail.points[-1][1]))) for tail in found
        ]


def _aside(tail: Tail, item: Item) -> Tail:
    """The start of a line that leaves an item at its side: at the middle of a box's edge, or in the
    strip below the boxes of a frame."""
    if not isinstance(item, Frame):
        middle = item.y + (item.along - tail.source.behind) // 2
        return Tail(tail.source, ((item.x + item.across, middle),))
    x, y = tail.points[0]
    strip = (item.along - item.behind - item.before - item.inner.along) // 2
    return Tail(tail.source, ((x, y), (x, item.y + item.along - item.behind - strip)))
