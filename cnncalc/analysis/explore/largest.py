"""The largest value of a parameter with which a network stays within a budget.

Costs grow with a value, but not steadily: channels may be rounded to multiples of 8, so costs jump,
stay the same for a while or even drop, and some values give no valid network. A binary search for
the budget would miss drops. This search looks for ``MARGIN`` times the budget instead, and tries
every value from there downwards. A cost that stops growing is expected to stay the same.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import count, islice
from typing import Any, NamedTuple

from cnncalc.core.errors import UsageError

MARGIN = Fraction(3, 2)
"""If a value costs this many times the budget, every larger value is expected to exceed it."""
FAR = 4
"""The search for an upper bound stops at this many times the budget."""
DOUBLINGS = 20
MOST = 3_000
"""The most values to try."""
PATIENCE = 64
"""The number of invalid values in a row after which the search looks elsewhere."""

Quantities = Mapping[str, int | None]
Evaluate = Callable[[Mapping[str, Any]], "Quantities | str"]


class Tried(NamedTuple):
    """A value and the quantities of the network with it."""

    value: Any
    quantities: Quantities


class Largest(NamedTuple):
    """The largest value within the budgets, and the next valid one beyond them. ``within`` is None
    if no value fits, ``beyond`` if none of the next ``PATIENCE`` values is valid."""

    name: str
    budgets: Mapping[str, int]
    within: Tried | None
    beyond: Tried | None
    tried: int


def largest(
    evaluate: Evaluate,
    name: str,
    budgets: Mapping[str, int],
    step: Fraction,
    steady: bool,
    least: Fraction | None = None,
) -> Largest:
    """Search the multiples of a step. ``steady`` promises that costs never drop as the value grows.
    ``least`` is the smallest value, by default the step.

    Raises UsageError if no multiple is a valid network, if the last of those searched still fits,
    if there are too many to try, or if a quantity is not known.
    """
    margin = Fraction(1) if steady else MARGIN
    least = step if least is None else least
    return _Search(evaluate, name, budgets, step, least, margin).result()


class _Search:
    """The search. Values are numbered from 1, the least; those tried are remembered by their
    numbers."""

    def __init__(
        self,
        evaluate: Evaluate,
        name: str,
        budgets: Mapping[str, int],
        step: Fraction,
        least: Fraction,
        margin: Fraction,
    ) -> None:
        self.evaluate, self.name, self.budgets = evaluate, name, budgets
        self.step, self.least, self.margin = step, least, margin
        self.known: dict[int, Tried | None] = {}
        self.reason = ""

    def result(self) -> Largest:
        """The answer."""
        low, high = self.bounds()
        valid = low > 0
        while high - low > 1:
            middle = (low + high) // 2
            cost = self.below(middle, low)
            if cost is None and not valid:
                low = middle
            elif cost is None or cost > self.margin:
                high = middle
            else:
                low, valid = middle, True
        fits = next((number for number in range(low, 0, -1) if self.fits(number)), 0)
        after = islice(count(fits + 1), PATIENCE)
        beyond = next((n for n in after if self.at(n) is not None), 0)
        return Largest(
            self.name, self.budgets, self.known.get(fits), self.known.get(beyond), len(self.known)
        )

    def bounds(self) -> tuple[int, int]:
        """The number of a value whose cost is within the margin (0 if there is none), and that of a
        value far beyond the budget, or of the last one to search."""
        low = high = 0
        cost = before = first = None
        level = 1
        for doubling in range(DOUBLINGS + 1):
            high, before = 2**doubling, cost
            cost = self.below(high, high // 2)
            level = level if cost == before else high
            if cost is not None and cost > FAR and (low or (before is not None and cost >= before)):
                return low, high
            first = cost if first is None else first
            if cost is not None and cost <= self.margin:
                low = high
        if not any(self.known.values()):
            raise UsageError(f"no value of {self.name!r} gives a valid network: {self.reason}")
        if cost is not None and cost <= 1:
            help = "a larger step may reach the budget"
            if first is not None and cost < first:
                help = f"the cost falls as {self.name} grows, so there is no largest value"
            elif level < high:
                help = f"the cost is the same from {self.name}={self.value(level)} on"
            fact = f"the search ended at {self.name}={self.value(high)}, which still fits"
            raise UsageError(fact, help)
        if low == high:  # the cost stopped growing or the search ended, above the budget
            return level, level
        return low, high

    def below(self, number: int, low: int) -> Fraction | None:
        """The cost of the first valid number from this one down to ``low``, exclusive; None if
        there is none among the first ``PATIENCE``."""
        numbers = range(number, max(low, number - PATIENCE), -1)
        return next((one for one in map(self.cost, numbers) if one is not None), None)

    def value(self, number: int) -> Any:
        """The value with a number."""
        found = self.least + self.step * (number - 1)
        return int(found) if found.denominator == 1 else float(found)

    def at(self, number: int) -> Tried | None:
        """The network with the value of a number; None if it is not valid."""
        if number not in self.known:
            if len(self.known) >= MOST:
                fact = f"more than {MOST:,} values of {self.name!r} are near the budget"
                raise UsageError(fact, "give a larger 'step'")
            value = self.value(number)
            found = self.evaluate({self.name: value})
            self.known[number] = None if isinstance(found, str) else Tried(value, found)
            self.reason = self.reason or (found if isinstance(found, str) else "")
        return self.known[number]

    def fits(self, number: int) -> bool:
        """Whether a number is valid and within every budget."""
        cost = self.cost(number)
        return cost is not None and cost <= 1

    def cost(self, number: int) -> Fraction | None:
        """The largest share of a budget that the network with this value needs; None if there is
        no valid network."""
        tried = self.at(number)
        if tried is None:
            return None
        shares = []
        for name, budget in self.budgets.items():
            quantity = tried.quantities[name]
            if quantity is None:
                raise UsageError(f"{name!r} is not known or not modelled for this network")
            shares.append(Fraction(quantity, budget))
        return max(shares)
