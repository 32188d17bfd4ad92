"""Many configurations of one network: all combinations of some values or a sample of them, and the
best of these.

Configurations are evaluated in chunks, in this process or in others. Only those that are shown are
kept: all that meet a condition, the Pareto front, or the best few.
"""

import pickle
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from cnncalc.analysis.explore.grid import Chunk, Grid, Values
from cnncalc.analysis.explore.outcome import Point, Sweep
from cnncalc.analysis.explore.quantities import (
    QUANTITIES,
    TIME,
    Amount,
    called,
    plain_numbers,
)
from cnncalc.analysis.explore.resume import Progress
from cnncalc.core import units
from cnncalc.core.errors import LayerError, UsageError, Where, unknown
from cnncalc.spec.expression import UNDECLARED, calculate
from cnncalc.spec.text import scalar

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.clock import Clock

MOST_VALUES = 1_000_000
"""The most values of a range."""
MOST_SHOWN = 1_000_000
"""The most configurations that a sweep may keep."""
CHUNK = 20
"""The number of configurations that a process evaluates at a time."""
AHEAD = 2
"""The number of chunks that wait for each process."""
WAITING = 64
"""The number of chunks that wait for an executor of unknown size."""
COMPARED = re.compile(
    rf"\b({'|'.join((*QUANTITIES, TIME))})\s*[<>=!]=?\s*"
    r"([0-9.]{1,30} ?[kKMGTP]?i?)(B|[mnuµμ]?s)?\b"
)
"""A comparison of a quantity with a number and its unit."""
NAME = re.compile(r"[A-Za-z_]\w*")
RANGE = re.compile(r"\s*(-?[0-9.]+)\s*:\s*(-?[0-9.]+)\s*(?::\s*(-?[0-9.]+)\s*)?")

Evaluate = Callable[[Values], dict[str, Any] | str]
"""The quantities of a configuration, or why it is not a valid network."""


class Goal(NamedTuple):
    """A quantity to minimize, or to maximize."""

    name: str
    most: bool

    def of(self, point: Point) -> Amount:
        """The value to minimize."""
        value = point.quantities[self.name]
        assert value is not None
        return -value if self.most else value


def values_of(text: str) -> list[Any]:
    """The values in ``0.25:1.5:0.25`` (the end included, if a step reaches it) or ``float32,int8``.
    Raises UsageError for an invalid range or an empty value."""
    match = RANGE.fullmatch(text)
    if re.fullmatch(r"[-0-9.: ]*:[-0-9.: ]*|\s*-?[0-9.]+\s*:[^,]*", text) and match is None:
        raise UsageError(f"{text[:60]!r} is not a range; write BEGIN:END:STEP")
    if dashed := re.fullmatch(r"([0-9.]+?)(?:-|\.\.)([0-9.]+)", text.strip()):
        begin, end = dashed.groups()
        raise UsageError(f"{text[:60]!r} is not a range; write {begin[:30]}:{end[:30]}:STEP")
    if match is None:
        if re.match(r"\s*(range *)?[(\[]", text):
            fact = f"{text[:60]!r} has brackets"
            raise UsageError(fact, "write values as in 1,8,64, or a range as in 4:8:2")
        words = [word.strip() for word in text.split(",")]
        if not text.strip():
            raise UsageError("over has a name without values", "write it as in batch=1,8,64")
        if not all(words):
            raise UsageError(f"{text[:60]!r} has an empty value; write values as in 1,8,64")
        return [scalar(word, Where("over")) for word in words]
    try:
        begin, end, step = (Fraction(part or 1) for part in match.groups())
    except ValueError:
        raise UsageError(f"{text[:60]!r} is not a range, such as 0.25:1.5:0.25") from None
    if step <= 0:
        raise UsageError(f"the range {text[:60]!r} needs a positive step")
    if end < begin:
        fact = f"the range {text[:60]!r} ends before it begins"
        raise UsageError(fact, "write the smaller number first")
    count = int((end - begin) / step) + 1
    if count > MOST_VALUES:
        raise UsageError(f"the range {text[:60]!r} has {count:,} values, more than {MOST_VALUES:,}")
    found = (begin + place * step for place in range(count))
    return [int(one) if one.denominator == 1 else float(one) for one in found]


def goals_of(words: Iterable[str]) -> tuple[Goal, ...]:
    """Quantities to minimize or, with a ``-`` before them, to maximize. Raises UsageError for an
    empty name."""
    found = tuple(
        Goal(called(word.strip().removeprefix("-")), word.strip()[:1] == "-") for word in words
    )
    if not all(goal.name for goal in found):
        raise UsageError("a quantity has an empty name", "write quantities as in macs,-rf")
    return found


def check_units(text: str) -> None:
    """Raise UsageError if a condition compares a quantity with a number in a unit that does not
    fit."""
    for name, amount, unit in COMPARED.findall(text):
        if name == TIME and (unit == "B" or amount[-1:].isalpha()):
            raise UsageError("where: a time is in seconds; write time < 5ms")
        if name != TIME and unit[-1:] == "s":
            raise UsageError(f"where: {name} is not a time; leave out {unit!r}")
        if unit == "B" and QUANTITIES[name].text is not units.in_bytes:
            raise UsageError(f"where: {name} is a count, not bytes; write {amount}")


class Condition:
    """An expression in the language of specs over the quantities and values of a configuration;
    numbers may have units, as in ``macs < 300M and weights < 4MiB``."""

    def __init__(self, text: str, hidden: Iterable[str] = ()) -> None:
        """``hidden`` are the names of varied values, which hide quantities of the same name."""
        own = {*hidden}
        text = NAME.sub(lambda one: one[0] if one[0] in own else called(one[0]), text)
        check_units(text)
        if turned := re.search(r"=([<>])", text):
            right = re.sub("=([<>])", r"\1=", text)
            help = f"write {turned[1]}=, as in {right}"
            raise UsageError(f"where: {text[:60]!r} is not a condition", help)
        if re.search(r"[^<>=!]=[^=]", text):
            help = f"compare with ==, as in {re.sub('(?<![<>=!])=(?!=)', '==', text)}"
            raise UsageError(f"where: {text[:60]!r} is not a condition", help)
        self.text, self.source = text, plain_numbers(text)
        known = (name for name in (*QUANTITIES, TIME) if name not in own)
        self.quantities = tuple(filter(self.uses, known))

    def uses(self, name: str) -> bool:
        """Whether a name occurs in it."""
        return re.search(rf"\b{re.escape(name)}\b", self.text) is not None

    def holds(self, point: Point) -> bool:
        """Whether a configuration meets it; one with an unknown quantity does not. Raises
        UsageError for an invalid expression."""
        if not self.text or any(point.quantities[name] is None for name in self.quantities):
            return not self.text
        return bool(self.value(point.values, point.quantities))

    def value(self, values: Values, quantities: Mapping[str, Any]) -> Any:
        """Whether the condition holds, given known quantities; a recorded condition if they are
        recorded. Raises UsageError for an invalid expression."""
        try:
            names = {**dict.fromkeys((*QUANTITIES, TIME)), **quantities, **values}
            value = calculate(self.source, names)
        except LayerError as why:
            help = why.help.replace(UNDECLARED, f"choose from {', '.join(names)}")
            help = help or "write a condition such as macs < 300M"
            raise UsageError(f"where: {why.fact}", help) from None
        if not isinstance(value, bool):
            raise UsageError(f"where must be a condition, such as macs < 300M, not {self.text!r}")
        return value


Front = Callable[[Sequence[Point], Sequence[Goal]], list[Point]]
"""Finds the points that no others beat, in order."""


class Request(NamedTuple):
    """What to show: the configurations that meet a condition and that no other one beats in the
    goals of ``front``, sorted by ``order``, and of these only the first ``best``. ``clock`` gives
    the times, if there are any."""

    shown: tuple[str, ...]
    condition: Condition
    front: tuple[Goal, ...]
    order: tuple[Goal, ...]
    best: int | None
    clock: "Clock | None" = None

    @property
    def goals(self) -> tuple[Goal, ...]:
        """All goals."""
        return (*self.front, *self.order)

    @property
    def quantities(self) -> tuple[str, ...]:
        """All quantities that are needed."""
        goals = (goal.name for goal in self.goals)
        return tuple(dict.fromkeys((*self.shown, *self.condition.quantities, *goals)))

    def chosen(self, points: Iterable[Point], front: Front) -> list[Point]:
        """The requested ones among points that meet the condition."""
        found = [
            point
            for point in points
            if all(point.quantities[goal.name] is not None for goal in self.goals)
        ]
        if self.front:
            found = front(found, self.front)
        if self.order:
            found.sort(key=self.order[0].of)
        return found if self.best is None or self.front else found[: self.best]

    def result(self, grid: Grid) -> Sweep:
        """A sweep without results."""
        return Sweep(tuple(grid.over), self.shown, grid.total, self.best, clock=self.clock)


def request(
    shown: Sequence[str],
    where: str,
    pareto: Sequence[str],
    by: str,
    best: int | None,
    over: Iterable[str] = (),
    clock: "Clock | None" = None,
) -> Request:
    """The request for these options. Raises UsageError if one is invalid."""
    if best is not None and best < 1:
        raise UsageError(f"best must be at least 1, not {best}")
    front, order = goals_of(pareto), goals_of([by] if by else [])
    found = Request(tuple(map(called, shown)), Condition(where, over), front, order, best, clock)
    timed = TIME in found.quantities
    if timed and clock is None:
        raise UsageError(
            "the time depends on the device", "name one with 'on' (see 'cnncalc devices')"
        )
    if clock is not None and not timed:
        raise UsageError("a device is only used for the time", "add time to 'show'")
    known = (*QUANTITIES, TIME)
    for name in found.quantities:
        if name not in known:
            raise unknown("quantity", name, known)
    return found


class Loop:
    """Evaluates the configurations of a chunk one by one."""

    size = CHUNK

    def __init__(self, evaluate: Evaluate, grid: Grid, request: Request) -> None:
        self.evaluate, self.grid, self.request = evaluate, grid, request
        self.name = uuid4().hex

    def __reduce__(self) -> Any:
        """Pickle so that another process makes only one copy, which it keeps for all chunks."""
        given = type(self), (self.evaluate, self.grid, self.request)
        return _copy, (self.name, pickle.dumps(given))

    def __call__(self, chunk: Chunk) -> Sweep:
        """The results for a chunk, with only those configurations that may have to be shown."""
        found = self.request.result(self.grid)
        met = []
        for places in chunk.places():
            values = self.grid.values(places)
            result = self.evaluate(values)
            if isinstance(result, str):
                found.refuse(result, values, 1)
            elif self.request.condition.holds(point := Point(values, result)):
                met.append(point)
        found.done, found.met = chunk.number, len(met)
        found.kept = self.chosen(met)
        return found

    def chosen(self, points: Iterable[Point]) -> list[Point]:
        """The requested ones among points that meet the condition."""
        return self.request.chosen(points, front)


_copies: dict[str, Loop] = {}


def _copy(name: str, data: bytes) -> Loop:
    """The copy that this process keeps."""
    if name not in _copies:
        kind, given = pickle.loads(data)
        _copies.clear()
        _copies[name] = kind(*given)
    return _copies[name]


def sweep(
    work: Loop,
    executor: Executor | None = None,
    ahead: int = AHEAD,
    progress: Progress | None = None,
) -> Iterator[Sweep]:
    """Evaluate all configurations, and yield the results so far after every chunk; the last results
    are complete. ``ahead`` is how many chunks may wait for an executor. ``progress`` has the
    results of an interrupted sweep, and saves those of this one."""
    state = work.request.result(work.grid), 0
    if progress is not None:
        state = progress.load(state[0])
    try:
        if state[0].done == state[0].total:
            yield state[0]
        chunks = islice(work.grid.chunks(work.size), state[1], None)
        for part in _parts(work, chunks, executor, ahead):
            state = _merged(state[0], part, work), state[1] + 1
            if progress is not None:
                progress.save(*state)
            yield state[0]
    finally:
        if progress is not None:
            progress.save(*state, now=True)


def _merged(found: Sweep, part: Sweep, work: Loop) -> Sweep:
    """Both results as one. ``found`` is not changed, because it may be saved after an interrupt."""
    kept = found.kept
    if part.kept:
        kept = found.kept + part.kept
        if work.request.goals or work.request.best is not None:
            kept = work.chosen(kept)
        if len(kept) > MOST_SHOWN:
            raise UsageError(
                f"more than {MOST_SHOWN:,} combinations would be shown",
                "choose some of them with 'where', 'pareto' or 'best'",
            )
    both = replace(found, kept=kept, refused={**found.refused})
    for reason, (first, count) in part.refused.items():
        both.refuse(reason, first, count)
    both.done += part.done
    both.met += part.met
    return both


def _parts(
    work: Loop, chunks: Iterator[Chunk], executor: Executor | None, ahead: int
) -> Iterator[Sweep]:
    """The results of every chunk, in order."""
    if executor is None:
        yield from map(work, chunks)
        return
    waiting: list[Future[Sweep]] = []
    try:
        while True:
            while len(waiting) < ahead and (chunk := next(chunks, None)):
                waiting.append(executor.submit(work, chunk))
            if not waiting:
                return
            yield waiting.pop(0).result()
    except BrokenExecutor:
        fact = "a process was killed, perhaps because memory ran out"
        raise UsageError(fact, "use fewer processes") from None


def front(points: Sequence[Point], goals: Sequence[Goal]) -> list[Point]:
    """The points that no others beat, in order."""
    costs = [tuple(goal.of(point) for goal in goals) for point in points]
    kept: list[int] = []
    # In this order, whatever beats a point comes before it.
    for place in sorted(range(len(costs)), key=costs.__getitem__):
        if not any(_beats(costs[other], costs[place]) for other in reversed(kept)):
            kept.append(place)
    return [points[place] for place in sorted(kept)]


def _beats(one: Sequence[Amount], other: Sequence[Amount]) -> bool:
    """Whether one configuration is at least as good in every goal, and better in one."""
    return one != other and all(a <= b for a, b in zip(one, other))
