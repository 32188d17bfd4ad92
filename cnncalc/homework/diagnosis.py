"""Which mistake gave a wrong value: every one is made again, alone and then in pairs.

Only what gives exactly the written value, at the digits that are written, is reported; nothing is
guessed. The wrong values of a question are worked out once, however many answers are compared.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from cnncalc.errors import LayerError
from cnncalc.explain import Derivation
from cnncalc.homework import mistakes
from cnncalc.homework.mistake import Mistake
from cnncalc.homework.question import Question
from cnncalc.homework.written import Reading, Value, Written

MOST = 3
"""So many diagnoses are reported."""


class Slip(NamedTuple):
    """One or two mistakes, and the question that they make of another."""

    mistakes: tuple[Mistake, ...]
    question: Question

    @property
    def value(self) -> Value:
        """The wrong value."""
        return self.question.value

    @property
    def says(self) -> str:
        """What was done, in one sentence without its stop."""
        return ", and ".join(mistake.says for mistake in self.mistakes)

    @property
    def likelihood(self) -> float:
        """How common it is, beside the others: a pair is rarer than each of the two."""
        product = 1.0
        for mistake in self.mistakes:
            product *= mistake.prior / 100
        return product


class Diagnosis(NamedTuple):
    """A slip that gives exactly what is written, and how that is to be read."""

    slip: Slip
    reading: Reading

    def derive(self) -> Derivation:
        """The wrong arithmetic, as it runs."""
        return self.slip.question.derive()


class Slips:
    """All slips in the answer to a question whose value is another than the right one.

    They are worked out when they are first wanted, single mistakes before pairs.
    """

    def __init__(self, question: Question) -> None:
        self.question = question

    @cached_property
    def single(self) -> tuple[Slip, ...]:
        """One mistake each."""
        return tuple(slip for mistake in mistakes.every() for slip in self._made((mistake,)))

    @cached_property
    def pairs(self) -> tuple[Slip, ...]:
        """Two mistakes, each of which changes the value."""
        alone = dict.fromkeys(slip.mistakes[0] for slip in self.single)
        return tuple(slip for pair in combinations(alone, 2) for slip in self._made(pair))

    def _made(self, made: tuple[Mistake, ...]) -> Iterator[Slip]:
        questions = [self.question]
        for mistake in made:
            questions = [other for before in questions for other in mistake.other(before)]
        for other in questions:
            try:
                wrong = other.value != self.question.value or other.ask != self.question.ask
            except LayerError:  # with this mistake nothing comes out at all
                continue
            if wrong:
                yield Slip(made, other)

    def diagnose(self, written: Written) -> tuple[Diagnosis, ...]:
        """What explains a written value, most likely first: one mistake, else two."""
        for slips in ("single", "pairs"):
            found = [
                Diagnosis(slip, reading)
                for slip in getattr(self, slips)
                if (reading := slip.question.agrees(written)) is not None
            ]
            if found:
                found.sort(key=lambda one: (len(one.reading.notes), -one.slip.likelihood))
                return tuple(found[:MOST])
        return ()

    def wrong_values(self) -> dict[Value, Slip]:
        """Every wrong value that one mistake gives, with the likeliest: for multiple choice."""
        values: dict[Value, Slip] = {}
        for slip in sorted(self.single, key=lambda slip: -slip.likelihood):
            if slip.value != self.question.value:
                values.setdefault(slip.value, slip)
        return values
