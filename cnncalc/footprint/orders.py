"""The order of layers in which the fewest bytes are live at once.

The live bytes depend on which layers have run, not on their order. The search therefore goes from
one set of layers to the next, always from a set that was reached with the lowest peak. Once it
reaches the set of all layers, no order can have a lower peak.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

MOST_LAYERS = 2_000
MOST_SETS = 100_000
"""The search stops after this many sets of layers. It is not tried with more than ``MOST_LAYERS``
layers."""


class Job(NamedTuple):
    """A layer to run: the tensor that it writes, those that it reads, and the bytes of scratch
    memory that it needs while it runs."""

    writes: int
    reads: tuple[int, ...]
    scratch: int = 0


@dataclass(frozen=True)
class Problem:
    """Layers in a valid order, and the bytes of every tensor. The tensors ``given`` exist from the
    start; those ``kept`` are never freed."""

    jobs: Sequence[Job]
    sizes: Mapping[int, int]
    given: Sequence[int]
    kept: frozenset[int]

    def moments(self, order: Sequence[int]) -> list[int]:
        """The live bytes while each layer of an order runs."""
        last = dict.fromkeys(self.given, -1)
        for at, place in enumerate(order):
            job = self.jobs[place]
            last |= dict.fromkeys([*job.reads, job.writes], at)
        freed = [0] * len(order)
        for tensor, at in last.items():
            if at >= 0 and tensor not in self.kept:
                freed[at] += self.sizes[tensor]
        live, found = self.start, []
        for place, less in zip(order, freed, strict=True):
            job = self.jobs[place]
            live += self.sizes[job.writes]
            found.append(live + job.scratch)
            live -= less
        return found

    @property
    def start(self) -> int:
        """The live bytes at the beginning."""
        return sum(self.sizes[tensor] for tensor in self.given)

    @property
    def bound(self) -> int:
        """A lower bound on the peak of every order: the most bytes that a single layer needs for
        its inputs, its output and its scratch memory, or that exist at the start."""
        sums = [
            job.scratch + sum(self.sizes[one] for one in {*job.reads, job.writes})
            for job in self.jobs
        ]
        return max([*sums, self.start])


def best(problem: Problem) -> list[int] | None:
    """An order with the lowest peak, as positions of layers; None if the search takes too long."""
    usual = [*range(len(problem.jobs))]
    if max(problem.moments(usual), default=0) <= problem.bound:
        return usual
    return _Search(problem).order() if len(usual) <= MOST_LAYERS else None


class _Set(NamedTuple):
    """A set of layers that have run: the peak on the way, how many have not run (fewer first), its
    bits, those of the layers that may run next, the live bytes, and the layer that ran last."""

    peak: int
    rest: int
    done: int
    ready: int
    live: int
    last: int


class _Search:
    """The search. A set of layers is an integer with one bit for each layer."""

    def __init__(self, problem: Problem) -> None:
        jobs, sizes = problem.jobs, problem.sizes
        self.problem = problem
        makers = {job.writes: place for place, job in enumerate(jobs)}
        before = [{makers[one] for one in job.reads if one in makers} for job in jobs]
        self.needs = [sum(1 << place for place in places) for places in before]
        self.opens: list[list[int]] = [[] for _ in jobs]
        readers = dict.fromkeys(sizes, 0)
        for place, job in enumerate(jobs):
            for maker in before[place]:
                self.opens[maker].append(place)
            for tensor in {*job.reads}:
                readers[tensor] |= 1 << place
        self.frees = [
            [(readers[tensor], sizes[tensor]) for tensor in {*job.reads, job.writes} - problem.kept]
            for job in jobs
        ]

    def order(self) -> list[int] | None:
        """The order; None if there are too many sets."""
        problem, number = self.problem, len(self.problem.jobs)
        first = sum(1 << place for place, needs in enumerate(self.needs) if not needs)
        waiting = [_Set(problem.bound, number, 0, first, problem.start, -1)]
        last: dict[int, int] = {}
        found = 0
        while waiting and found < MOST_SETS:
            at = heappop(waiting)
            if at.done in last:
                continue
            last[at.done] = at.last
            if not at.rest:
                return _way(at.done, last)
            for following in self.following(at):
                found += 1
                if following.done not in last:
                    heappush(waiting, following)
        return None

    def following(self, at: _Set) -> Iterator[_Set]:
        """The sets that contain one more layer.

        A layer that needs no higher peak and leaves no more bytes live than before may as well run
        now, because whatever runs after it then needs no more.
        """
        found = []
        for place in _places(at.ready):
            done = at.done | 1 << place
            job = self.problem.jobs[place]
            live = at.live + self.problem.sizes[job.writes]
            during = live + job.scratch
            live -= sum(size for readers, size in self.frees[place] if not readers & ~done)
            ready = at.ready ^ 1 << place
            for other in self.opens[place]:
                if not self.needs[other] & ~done:
                    ready |= 1 << other
            one = _Set(max(at.peak, during), at.rest - 1, done, ready, live, place)
            if during <= at.peak and live <= at.live:
                return iter([one])
            found.append(one)
        return iter(found)


def _places(bits: int) -> Iterator[int]:
    """The positions of the bits that are set."""
    while bits:
        yield (bits & -bits).bit_length() - 1
        bits &= bits - 1


def _way(done: int, last: Mapping[int, int]) -> list[int]:
    """The order of layers by which a set was reached."""
    found = []
    while done:
        found.append(last[done])
        done ^= 1 << found[-1]
    return found[::-1]
