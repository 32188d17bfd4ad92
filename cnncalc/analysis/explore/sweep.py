"""Many configurations of one network: all combinations of some values, and the best of them.

Configurations are evaluated in chunks, in this process or in others. Only those that are shown are
kept: all that meet a condition, the Pareto front, or the best few.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice, product
from math import prod
from signal import SIG_IGN, SIGINT, signal
from typing import Any, NamedTuple

from cnncalc.analysis.explore.quantities import QUANTITIES, plain_numbers, quantity
from cnncalc.core.errors import LayerError, UsageError, Where, some
from cnncalc.spec.expression import UNDECLARED, calculate
from cnncalc.spec.text import scalar

MOST = 1_000_000
"""The most configurations of a sweep."""
CHUNK = 20
"""How many of them a process evaluates at a time."""
AHEAD = 2
"""How many chunks wait for each process."""
RANGE = re.compile(r"\s*(-?[0-9.]+)\s*:\s*(-?[0-9.]+)\s*(?::\s*([0-9.]+)\s*)?")

Values = Mapping[str, Any]
Evaluate = Callable[[Values], "dict[str, int | None] | str"]
"""The quantities of a configuration, or why it is not a valid network."""


class Point(NamedTuple):
    """A configuration and its quantities; one that is not known is None."""

    values: Values
    quantities: Mapping[str, int | None]


@dataclass
class Sweep:
    """The configurations that were asked for, in order, and how many there are.

    ``refused`` has the reason of every configuration that is not a network, with the first one and
    their number. ``done`` is less than ``total`` if the sweep was interrupted.
    """

    names: tuple[str, ...]
    quantities: tuple[str, ...]
    total: int
    points: list[Point] = field(default_factory=list)
    refused: dict[str, tuple[Values, int]] = field(default_factory=dict)
    done: int = 0
    met: int = 0
    """How many meet the condition."""

    def to_dict(self) -> list[dict[str, Any]]:
        """One mapping for each configuration."""
        return [{**point.values, **{name: point.quantities[name] for name in self.quantities}}
                for point in self.points]  # fmt: skip


class Goal(NamedTuple):
    """A quantity to minimise, or to maximise."""

    name: str
    most: bool

    def of(self, point: Point) -> int:
        """The value to minimise."""
        value = point.quantities[self.name]
        assert value is not None
        return -value if self.most else value


@contextmanager
def processes(jobs: int) -> Iterator[Executor | None]:
    """A pool of processes; None for a single one. They leave an interrupt to this process."""
    if jobs < 1:
        raise UsageError(f"the number of processes must be at least 1, not {jobs}")
    if jobs == 1:
        yield None
        return
    pool = ProcessPoolExecutor(jobs, initializer=signal, initargs=(SIGINT, SIG_IGN))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def values_of(text: str) -> list[Any]:
    """The values in ``0.25:1.5:0.25`` (both ends included) or ``float32,int8``."""
    match = RANGE.fullmatch(text)
    if match is None:
        words = [word.strip() for word in text.split(",")]
        if not all(words):
            raise UsageError(f"{text[:60]!r} has an empty value; write values as in 1,8,64")
        return [scalar(word, Where("--over")) for word in words]
    try:
        begin, end, step = (Fraction(part or 1) for part in match.groups())
    except ValueError:
        raise UsageError(f"{text[:60]!r} is not a range, such as 0.25:1.5:0.25") from None
    if step <= 0:
        raise UsageError(f"the range {text[:60]!r} needs a positive step")
    if end < begin:
        raise UsageError(f"the range {text[:60]!r} ends before it begins; write BEGIN:END:STEP")
    count = int((end - begin) / step) + 1
    if count > MOST:
        raise UsageError(f"the range {text[:60]!r} has {count:,} values, more than {MOST:,}")
    found = (begin + place * step for place in range(count))
    return [int(one) if one.denominator == 1 else float(one) for one in found]


def goals_of(words: Iterable[str]) -> tuple[Goal, ...]:
    """Quantities to minimise, or with a ``-`` before them, to maximise."""
    found = tuple(Goal(word.strip().removeprefix("-"), word.strip()[:1] == "-") for word in words)
    for goal in found:
        quantity(goal.name)
    return found


class Condition:
    """An expression in the language of specs over the quantities and values of a configuration;
    numbers may have units, as in ``macs < 300M and weights < 4MiB``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.source = plain_numbers(text)
        self.quantities = tuple(name for name in QUANTITIES if re.search(rf"\b{name}\b", text))

    def holds(self, point: Point) -> bool:
        """Whether a configuration meets it; one with an unknown quantity does not. Raises
        UsageError for an invalid expression."""
        if not self.text or any(point.quantities[name] is None for name in self.quantities):
            return not self.text
        try:
            names = {**dict.fromkeys(QUANTITIES), **point.values, **point.quantities}
            value = calculate(self.source, names)
        except LayerError as why:
            help = why.help.replace(UNDECLARED.removeprefix("; "), f"choose from {some(names)}")
            raise UsageError(f"--where: {why.fact}", help) from None
        if not isinstance(value, bool):
            raise UsageError(f"--where must be a condition, such as macs < 300M, not {self.text!r}")
        return value


def sweep(
    evaluate: Evaluate,
    over: Mapping[str, Sequence[Any]],
    shown: Sequence[str],
    *,
    where: str = "",
    pareto: Sequence[str] = (),
    by: str = "",
    best: int | None = None,
    executor: Executor | None = None,
    ahead: int = AHEAD,
) -> Iterator[Sweep]:
    """Evaluate all combinations of the values in ``over``, and yield what is found after every
    chunk; the last one is complete.

    ``pareto`` and ``by`` are goals (``goals_of``): of all configurations that meet ``where``, those
    that no other one beats in all goals of ``pareto``, sorted by ``by``, and the ``best`` few.
    """
    total = prod(map(len, over.values()))
    if total > MOST:
        raise UsageError(f"{total:,} configurations are more than {MOST:,}; use larger steps")
    condition, front, order = Condition(where), goals_of(pareto), goals_of([by] if by else [])
    found = Sweep(tuple(over), tuple(shown), total)
    for name in shown:
        quantity(name)
    combinations = (dict(zip(over, values)) for values in product(*over.values()))
    for values, result in _evaluated(evaluate, combinations, executor, ahead):
        found.done += 1
        if isinstance(result, str):
            first, count = found.refused.get(result, (values, 0))
            found.refused[result] = first, count + 1
        else:
            _add(found, Point(values, result), condition, front, order, best)
        if found.done % CHUNK == 0:
            yield found
    yield found


def wanted(shown: Sequence[str], where: str, pareto: Sequence[str], by: str) -> tuple[str, ...]:
    """All quantities that a sweep needs."""
    goals = goals_of([*pareto, *([by] if by else [])])
    names = (*shown, *Condition(where).quantities, *(goal.name for goal in goals))
    return tuple(dict.fromkeys(names))


def _add(
    found: Sweep,
    point: Point,
    condition: Condition,
    front: tuple[Goal, ...],
    order: tuple[Goal, ...],
    best: int | None,
) -> None:
    """Keep a configuration if it is one of those requested."""
    if not condition.holds(point):
        return
    found.met += 1
    if any(point.quantities[goal.name] is None for goal in (*front, *order)):
        return
    if front:
        values = [goal.of(point) for goal in front]
        others = [[goal.of(other) for goal in front] for other in found.points]
        if any(_beats(other, values) for other in others):
            return
        found.points = [kept for kept, other in zip(found.points, others)
                        if not _beats(values, other)]  # fmt: skip
    found.points.append(point)
    if order:
        found.points.sort(key=order[0].of)
    if best is not None and not front:
        del found.points[best:]


def _beats(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether one configuration is at least as good in every goal, and better in one."""
    return one != other and all(a <= b for a, b in zip(one, other))


def _evaluated(
    evaluate: Evaluate, combinations: Iterator[Values], executor: Executor | None, ahead: int
) -> Iterator[tuple[Values, "dict[str, int | None] | str"]]:
    """Every configuration and its result, in order."""
    if executor is None:
        yield from ((values, evaluate(values)) for values in combinations)
        return
    waiting: list[tuple[list[Values], Future[Any]]] = []
    while True:
        while len(waiting) < ahead and (chunk := [*islice(combinations, CHUNK)]):
            waiting.append((chunk, executor.submit(_chunk, evaluate, chunk)))
        if not waiting:
            return
        chunk, future = waiting.pop(0)
        yield from zip(chunk, future.result())


def _chunk(evaluate: Evaluate, chunk: Sequence[Values]) -> list[Any]:
    return [*map(evaluate, chunk)]
