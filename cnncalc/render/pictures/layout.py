"""The layout of boxes and lines: chains, branches side by side, and frames around open blocks.

``across`` and ``along`` are the sizes of an item across and along the flow of data; ``enter`` and
``leave`` are where lines enter and leave it, measured across from its edge. A line's path is built
up item by item, from the box that it leaves (a ``Tail``) to the box at which it arrives.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from cnncalc.render.pictures.folding import Part
from cnncalc.render.pictures.metrics import Measure
from cnncalc.render.pictures.scene import Point


@dataclass(eq=False)
class Tail:
    """An unfinished line that starts at a box."""

    source: "Leaf"
    points: tuple[Point, ...]

    def via(self, *points: Point) -> "Tail":
        """The line, continued through these points."""
        return Tail(self.source, (*self.points, *points))


@dataclass(eq=False)
class Routes:
    """The boxes, frames and finished lines of a layout."""

    leaves: "list[Leaf]" = field(default_factory=list)
    frames: "list[Frame]" = field(default_factory=list)
    lines: "list[tuple[Leaf, Leaf, tuple[Point, ...]]]" = field(default_factory=list)


class Item(ABC):
    """Anything with a size and a position that lines lead through."""

    across: float
    along: float
    enter: float
    leave: float
    x: float
    y: float

    def place(self, x: float, y: float) -> None:
        """Move its corner here."""
        self.x, self.y = x, y

    @abstractmethod
    def route(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """Lead lines into it, and return those that leave it."""


class Leaf(Item):
    """A box; ``behind`` is the room for the copies behind it."""

    def __init__(
        self, part: Part, across: float, along: float, behind: float, port: float | None = None
    ) -> None:
        self.part, self.behind = part, behind
        self.across, self.along = across + behind, along + behind
        self.enter = self.leave = across // 2 if port is None else port

    def route(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """End lines at its edge, and begin a new one at the opposite edge."""
        routes.leaves.append(self)
        for tail in tails:
            points = (*tail.points, (self.x + self.enter, self.y))
            routes.lines.append((tail.source, self, points))
        return [Tail(self, ((self.x + self.leave, self.y + self.along),))]


class Chain(Item):
    """Items one after another, with their entries and exits in line."""

    def __init__(self, items: Sequence[Item], measure: Measure) -> None:
        self.items, self.measure = items, measure
        self.offsets: list[Point] = []
        line, y = 0.0, 0.0
        for at, item in enumerate(items):
            y += self.gap(at) if at else 0
            self.offsets.append((line - item.enter, y))
            line += item.leave - item.enter
            y += item.along
        left = min(x for x, _ in self.offsets)
        self.offsets = [(x - left, y) for x, y in self.offsets]
        self.across = max(x + item.across for (x, _), item in zip(self.offsets, items, strict=True))
        self.along, self.enter = y, -left
        self.leave = line - left

    def gap(self, at: int) -> float:
        """The gap before an item; a fork already includes its own."""
        if isinstance(self.items[at - 1], Fork):
            return self.measure.meet
        return self.measure.spread if isinstance(self.items[at], Fork) else self.measure.gap

    def place(self, x: float, y: float) -> None:
        """Place every item."""
        super().place(x, y)
        for (right, down), item in zip(self.offsets, self.items, strict=True):
            item.place(x + right, y + down)

    def route(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """Lead lines through every item."""
        found = list(tails)
        for item in self.items:
            found = item.route(found, routes)
        return found


class Lane(Item):
    """The path of a line that passes boxes without entering them."""

    def __init__(self, measure: Measure) -> None:
        self.across, self.along = measure.lane, 0
        self.enter = self.leave = measure.lane // 2

    def route(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """Lead lines straight on."""
        return list(tails)


class Fork(Item):
    """Branches side by side, in the given order.

    Lines enter in the middle of the branches or, with ``straight``, in line with the first.
    """

    def __init__(self, branches: Sequence[Item], measure: Measure, straight: bool = False) -> None:
        self.branches, self.bus = branches, measure.bus
        self.offsets, right = [], 0.0
        for branch in branches:
            self.offsets.append(right)
            right += branch.across + measure.beside
        self.across = right - measure.beside
        self.along = max(branch.along for branch in branches) + 2 * measure.bus
        ports = [
            offset + branch.enter
            for offset, branch in zip(self.offsets, branches, strict=True)
            if not isinstance(branch, Lane)
        ]
        self.enter = self.leave = (ports[0] + ports[-1]) // 2
        if straight:
            self.enter = self.leave = branches[0].enter

    def place(self, x: float, y: float) -> None:
        """Place every branch."""
        super().place(x, y)
        for offset, branch in zip(self.offsets, self.branches, strict=True):
            branch.place(x + offset, y + self.bus)

    def route(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """Spread every line to all branches, and let the lines that leave them meet again."""
        end, found = self.y + self.along, []
        middle = self.x + self.leave
        for branch in self.branches:
            across = branch.x + branch.enter
            led = [tail.via((tail.points[-1][0], self.y), (across, self.y)) for tail in tails]
            for tail in branch.route(led, routes):
                found.append(tail.via((branch.x + branch.leave, end), (middle, end)))
        return found


class Frame(Item):
    """A frame around an open block, with its name in a strip at the top.

    ``exits`` are the rows whose output leaves the block.
    """

    def __init__(
        self, part: Part, inner: Item, exits: set[int], label: float, down: bool, measure: Measure
    ) -> None:
        self.part, self.inner, self.exits = part, inner, exits
        self.over = False  # whether it is upside down
        self.behind = measure.copy * min(part.copies - 1, 2)
        pad, head = measure.frame, measure.line + measure.pad // 2
        if down:
            # The line into the block passes the strip, beside the name.
            self.left = max(pad, label + 2 * measure.pad - inner.enter)
            self.before = head
            self.across = self.left + inner.across + pad
            self.along = head + inner.along + measure.edge + measure.copy
        else:
            self.left, self.before = head, pad
            self.across = head + inner.across + pad
            self.along = max(inner.along + 2 * pad, label + 2 * measure.pad)
        self.enter, self.leave = self.left + inner.enter, self.left + inner.leave
        self.across, self.along = self.across + self.behind, self.along + self.behind

    def place(self, x: float, y: float) -> None:
        """Place the item inside."""
        super().place(x, y)
        self.inner.place(x + self.left, y + self.before)

    def route(self, tails: Sequence[Tail], routes: Routes) -> list[Tail]:
        """Lead lines through the frame."""
        routes.frames.append(self)
        found = self.inner.route(tails, routes)
        end = self.y + self.along
        return [
            tail.via((self.x + self.leave, end))
            for tail in found
            if not self.exits.isdisjoint(tail.source.part.rows)
        ]
