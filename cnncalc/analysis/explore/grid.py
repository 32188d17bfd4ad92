"""The configurations of a sweep, in order and in chunks: all combinations of some values, or a
random sample of them."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice, product
from math import prod
from random import Random
from typing import Any, NamedTuple

from cnncalc.core.errors import UsageError

MOST = 10**9
"""The most configurations that a sweep may have."""
MOST_SAMPLED = 1_000_000
"""The most configurations in a random sample, which is drawn before the sweep starts."""

Values = Mapping[str, Any]


class Chunk(NamedTuple):
    """Successive configurations, given by the places of their values along each axis: all
    combinations of these places or, if ``sampled``, one place along each axis for every
    configuration."""

    axes: tuple[Sequence[int], ...]
    sampled: bool = False

    @property
    def number(self) -> int:
        """The number of configurations."""
        return len(self.axes[0]) if self.sampled else prod(map(len, self.axes))

    def places(self) -> Iterator[tuple[int, ...]]:
        """The place along each axis of every configuration, in order."""
        return zip(*self.axes) if self.sampled else product(*self.axes)

    def at(self, position: int) -> tuple[int, ...]:
        """The places along each axis of the configuration at a position."""
        if self.sampled:
            return tuple(axis[position] for axis in self.axes)
        found = []
        for axis in reversed(self.axes):
            position, place = divmod(position, len(axis))
            found.append(axis[place])
        return tuple(reversed(found))


class Grid:
    """The values of every name, and how many of their combinations to draw at random, if not all.
    Raises UsageError for a sample or a number of combinations beyond the limits."""

    def __init__(
        self, over: Mapping[str, Sequence[Any]], sample: int | None = None, seed: int = 0
    ) -> None:
        self.over = {name: list(values) for name, values in over.items()}
        self.sample, self.seed = sample, seed
        if sample is not None and not 1 <= sample <= MOST_SAMPLED:
            raise UsageError(f"'sample' must be from 1 to {MOST_SAMPLED:,}, not {sample:,}")
        if self.total > MOST:
            raise UsageError(
                f"{self.total:,} combinations are more than {MOST:,}, the limit of a sweep",
                "use larger steps, or draw a random sample of them",
            )

    @property
    def combinations(self) -> int:
        """The number of all combinations."""
        return prod(map(len, self.over.values()))

    @property
    def total(self) -> int:
        """The number of configurations."""
        every = self.combinations
        return every if self.sample is None else min(self.sample, every)

    @cached_property
    def drawn(self) -> list[int]:
        """The numbers of the configurations in a sample: all different, in order."""
        random = Random(self.seed)
        if self.combinations <= sys.maxsize:
            return sorted(random.sample(range(self.combinations), self.total))
        drawn = set[int]()  # ``sample`` does not take so long a range
        while len(drawn) < self.total:
            drawn.add(random.randrange(self.combinations))
        return sorted(drawn)

    def values(self, places: Sequence[int]) -> dict[str, Any]:
        """The values of the configuration at these places."""
        return {name: values[place] for (name, values), place in zip(self.over.items(), places)}

    def chunks(self, most: int) -> Iterator[Chunk]:
        """All configurations in order, at most this many at a time."""
        if self.sample is None:
            yield from _boxes([*map(len, self.over.values())], most)
            return
        whole = Chunk(tuple(range(len(values)) for values in self.over.values()))
        drawn = iter(self.drawn)
        while numbers := [*islice(drawn, most)]:
            yield Chunk(tuple(zip(*map(whole.at, numbers))), sampled=True)


def _boxes(lengths: Sequence[int], most: int) -> Iterator[Chunk]:
    """Cut the grid into boxes of at most this size: as many of the last axes as possible stay
    whole, the one before them is cut, and the first ones vary value by value."""
    whole, inside = len(lengths), 1
    while whole and inside * lengths[whole - 1] <= most:
        whole -= 1
        inside *= lengths[whole]
    pieces: list[Sequence[Sequence[int]]] = [_pieces(n, 1) for n in lengths[: max(whole - 1, 0)]]
    if whole:
        pieces.append(_pieces(lengths[whole - 1], max(most // inside, 1)))
    for axes in product(*pieces):
        yield Chunk((*axes, *map(range, lengths[whole:])))


def _pieces(length: int, each: int) -> list[range]:
    return [range(begin, min(begin + each, length)) for begin in range(0, length, each)]
