"""Diagnosis: the mistakes that give a wrong value, found by replaying each, then pairs of them.

A mistake is reported only if it gives exactly the written value, to the digits that are written.
The wrong values of a question are computed once, however many answers there are.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from cnncalc.core.errors import LayerError
from cnncalc.derivations.explain import Derivation
from cnncalc.homework import mistakes
from cnncalc.homework.mistake import Mistake
from cnncalc.homework.question import Meant, Question
from cnncalc.homework.written import Number, Reading, Value, Written

MOST = 3
"""The maximum number of diagnoses to report."""
MAX_ALONE = 60_000
MAX_PAIRED = 10_000
"""After visiting this many layers, no further mistake or pair is tried; the likeliest come
first."""
MIN_RESOLUTION = 5
"""A rounded value is diagnosed only if its digits can tell at least this many values apart: 1e9
could mean anything."""
MIN_RESOLUTION_FOR_PAIRS = 100
"""The same for pairs of mistakes, but for exact values too: there are enough pairs to explain any
small number."""
RARER = 0.5
"""The likelihood of a mistake in all earlier layers too, relative to one in the layer alone."""


class Slip(NamedTuple):
    """One or two mistakes, and the question that a student who makes them answers."""

    mistakes: tuple[Mistake, ...]
    question: Question
    along_the_way: bool = False
    """Whether they were made in the earlier layers as well."""

    @property
    def value(self) -> Value:
        """The wrong value."""
        return self.question.value

    @property
    def says(self) -> str:
        """A phrase on what the student did."""
        done = ", and ".join(mistake.says for mistake in self.mistakes)
        where = " on the way to this layer" if self.along_the_way else ""
        return f"{done}{where} ({self.question.detail})" if self.question.detail else done + where

    @property
    def likelihood(self) -> float:
        """How common it is relative to other slips; a pair is rarer than either of its mistakes."""
        product = RARER if self.along_the_way else 1.0
        for mistake in self.mistakes:
            product *= mistake.prior / 100
        return product


class Diagnosis(NamedTuple):
    """A slip that gives exactly the written value, and how that value was read."""

    slip: Slip
    reading: Reading

    @property
    def derivation(self) -> Derivation:
        """The derivation of the wrong value."""
        return self.slip.question.derivation

    def given(self, detail: str) -> "Diagnosis":
        """The same diagnosis, based on the student's own earlier answers."""
        question = self.slip.question.saying(f"given {detail}")
        return self._replace(slip=self.slip._replace(question=question))


class Slips:
    """The slips that give a question a wrong value, or the right one in a wrong notation or unit.

    They are computed on first use, single mistakes before pairs. For a question with a student's
    ``own`` inputs, only single mistakes in the layer itself are tried.
    """

    def __init__(self, question: Question, own: bool = False) -> None:
        self.question = question
        self.own = own
        self._diagnosed: dict[Written, tuple[Diagnosis, ...]] = {}

    @cached_property
    def single(self) -> tuple[Slip, ...]:
        """The slips with one mistake: in the layer alone, then in all earlier ones too, each time
        with the most common mistakes first."""
        likeliest = sorted(mistakes.every(), key=lambda mistake: -mistake.prior)
        return tuple(self._made([(mistake,) for mistake in likeliest], MAX_ALONE))

    @cached_property
    def pairs(self) -> tuple[Slip, ...]:
        """The slips with two mistakes. A mistake that makes no difference alone is paired if it
        changes the layer: a forgotten padding may matter only if the stride is forgotten too."""
        if self.own:
            return ()
        different = {slip.mistakes[0] for slip in self.single}
        alone = [
            mistake
            for mistake in mistakes.every()
            if not mistake.alone
            and (mistake in different or any(one.layers for one in mistake.other(self.question)))
        ]
        likeliest = sorted(combinations(alone, 2), key=lambda pair: -pair[0].prior * pair[1].prior)
        return tuple(self._made(likeliest, MAX_PAIRED))

    def _made(self, made: Iterable[tuple[Mistake, ...]], most: int) -> Iterator[Slip]:
        """The slips of these mistakes, each once: in this layer, then in all earlier ones too."""
        starts = [(self.question, False)]
        before = self.question.along_the_way()
        if before is not None and not self.own:
            starts.append((before, True))
        for start, along_the_way in starts:
            work = 0
            rows = len(start.report.rows) * start.ask.effort if start.everywhere else 1
            for some in made:
                if work > most:
                    break
                work += rows
                seen: dict[object, Slip] = {}
                for other in _others(start, some):
                    work += 1 if other.times else rows
                    slip = Slip(some, other, along_the_way)
                    if self._is_wrong(slip):
                        key = (slip.value, other.ask.unit, other.meant, other.detail)
                        seen.setdefault(key, slip)
                yield from seen.values()

    def _is_wrong(self, slip: Slip) -> bool:
        """Whether the mistake makes a difference that could explain an answer."""
        other = slip.question
        try:
            differs = other.value != self.question.value
        except LayerError:  # the layer does not work with this mistake
            return False
        if other.value == 0 and other.ask is not self.question.ask:
            return False  # if another quantity is 0, that explains nothing
        return differs or other.ask.unit != self.question.ask.unit or other.meant is not None

    @cached_property
    def _single_values(self) -> "_Values":
        return _Values(self.single)

    @cached_property
    def _pair_values(self) -> "_Values":
        return _Values(self.pairs)

    def diagnose(self, written: Written) -> tuple[Diagnosis, ...]:
        """The diagnoses of a written value, best first: single mistakes, or else pairs."""
        if written not in self._diagnosed:
            self._diagnosed[written] = self._diagnose(written)
        return self._diagnosed[written]

    def _diagnose(self, written: Written) -> tuple[Diagnosis, ...]:
        if not written.telling:
            return ()
        found: tuple[Diagnosis, ...] = ()
        if not written.rounded or written.resolution >= MIN_RESOLUTION:
            found = _likeliest(self._single_values.explaining(written))
        if not found and written.resolution >= MIN_RESOLUTION_FOR_PAIRS:
            found = _likeliest(self._pair_values.explaining(written))
        return found

    def wrong_values(self) -> dict[Value, tuple[Slip, ...]]:
        """The wrong values that single mistakes give, with the slips that give them, both most
        likely first; only values of the right type and in the right unit."""
        values: dict[Value, tuple[Slip, ...]] = {}
        for slip in sorted(self.single, key=lambda slip: -slip.likelihood):
            plain = slip.question.meant is None and slip.question.ask.unit == self.question.ask.unit
            whole = isinstance(slip.value, type(self.question.value))
            if plain and whole and slip.value != self.question.value:
                values[slip.value] = (*values.get(slip.value, ()), slip)
        return values


def _others(question: Question, made: tuple[Mistake, ...]) -> Iterator[Question]:
    """The questions that result from all these mistakes together."""
    first, *rest = made
    for other in first.other(question):
        yield from _others(other, tuple(rest)) if rest else (other,)


def _likeliest(found: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """The best diagnoses: those with the fewest notes on how the value is read, then the likeliest.

    The same slip in several places is reported once, with the places; of several slips with the
    same arithmetic, only the best is reported. A slip in the layer itself hides the same slip on
    the way to it.
    """
    ranked = sorted(found, key=lambda one: (len(one.reading.notes), -one.slip.likelihood))
    reported: dict[object, Diagnosis] = {}
    arithmetic = set()
    here = {one.slip.mistakes for one in ranked if not one.slip.along_the_way}
    for one in ranked:
        if one.slip.along_the_way and one.slip.mistakes in here:
            continue
        key = (one.slip.mistakes, one.slip.along_the_way)
        if key in reported:
            reported[key] = _elsewhere(reported[key], one.slip.question.detail)
        elif len(reported) < MOST:
            same = _arithmetic(one.slip.question)
            if same not in arithmetic:
                reported[key] = one
            arithmetic.add(same)
    return tuple(reported.values())


def _arithmetic(question: Question) -> object:
    """The equations, or the changes to the question if the equations do not show everything."""
    derivation = question.derivation
    if derivation.workings and not question.everywhere:
        return derivation.workings, derivation.answer
    return question.changes


def _elsewhere(one: Diagnosis, detail: str) -> Diagnosis:
    """The same diagnosis with another possible place: ``without conv1, or without conv2``."""
    question = one.slip.question
    places = question.detail.split(", or ")
    if detail and question.detail and detail not in places and len(places) < MOST:
        question = replace(question, detail=", or ".join([*places, detail]))
    return one._replace(slip=one.slip._replace(question=question))


class _Values:
    """Slips sorted by value, separately for each unit and meaning, so that only a few are compared
    with an answer."""

    def __init__(self, slips: Iterable[Slip]) -> None:
        self.groups: dict[tuple[str, Meant | None], dict[Value, list[Slip]]] = {}
        for slip in slips:
            key = (slip.question.ask.unit, slip.question.meant)
            self.groups.setdefault(key, {}).setdefault(slip.value, []).append(slip)
        self.sorted = {
            key: sorted(v for v in values if _is_number(v)) for key, values in self.groups.items()
        }

    def explaining(self, written: Written) -> Iterator[Diagnosis]:
        """The diagnoses of the written value."""
        for key, values in self.groups.items():
            for value in self._near(key, written):
                slips = values[value]
                reading = slips[0].question.agrees(written)
                if reading is not None:
                    yield from (Diagnosis(slip, reading) for slip in slips)

    def _near(self, key: tuple[str, Meant | None], written: Written) -> Iterable[Value]:
        """The values within the spans of a written number; all values for anything else."""
        unit, meant = key
        if meant is not None or not isinstance(written, Number):
            return self.groups[key]
        numbers = self.sorted[key]
        near: list[Value] = []
        for low, high in written.spans(unit):
            near += numbers[bisect_left(numbers, low) : bisect_right(numbers, high)]
        return dict.fromkeys(near)


def _is_number(value: Value) -> bool:
    return hasattr(value, "denominator")
