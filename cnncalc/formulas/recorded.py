"""An integer that records how it was computed, so that the computation can be repeated for other
values.

A ``Recorded`` number has the value of one configuration of a network, and takes part in arithmetic
like an integer. Operations add nodes to a ``Recording``, and decisions that depend on the value add
guards: comparisons and their outcomes. For other values that satisfy the same guards, the nodes
give the results without running the code again: on arrays, or on symbols
(``cnncalc.analysis.explore``).

Code that needs a plain integer (an index, the length of a list) gets the value, and a guard pins
it. A comparison with the same outcome for all values between the bounds needs no guard.
"""

from __future__ import annotations

import math
import operator
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import count
from typing import Any

from cnncalc.formulas.vocabulary import Number

Bounds = tuple[int, int]
"""The least and the greatest value of a number."""

COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
COMPUTED: Mapping[str, Callable[[Any, Any], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "max": max,
    "min": min,
    "gcd": math.gcd,
    "holds": int,
}
OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {**COMPARED, **COMPUTED}
SYMMETRIC = frozenset({"+", "*", "max", "min", "gcd", "==", "!="})


class Recording:
    """The nodes, guards and texts of one run. ``texts`` are the numbers that became text, as in the
    sentence of an error."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[Any, ...], Any] = {}
        self.numbers = count()
        self.guards: dict[Condition, bool] = {}
        self.texts: dict[Recorded, None] = {}

    def variable(self, name: str, value: int, bounds: Bounds) -> Recorded:
        """A number that has this value in the run, and varies between these bounds."""
        return Recorded(self, "", (name,), value, bounds)

    def node(self, op: str, a: Any, b: Any) -> Any:
        """An operation on two whole numbers, at least one of them recorded."""
        if op in SYMMETRIC and type(b) is not int and (type(a) is int or a.number > b.number):
            a, b = b, a
        key = (op, *(one if type(one) is int else (one.number,) for one in (a, b)))
        if key not in self.nodes:
            values = [one if type(one) is int else one.value for one in (a, b)]
            if op in COMPARED:
                self.nodes[key] = Condition(self, op, (a, b), COMPARED[op](*values))
            else:
                bounds = _bounds(op, _range(a), _range(b))
                self.nodes[key] = Recorded(self, op, (a, b), COMPUTED[op](*values), bounds)
        return self.nodes[key]

    def holds(self, condition: Condition) -> Recorded:
        """1 if a condition holds, else 0."""
        key = ("holds", (condition.number,))
        if key not in self.nodes:
            self.nodes[key] = Recorded(self, "holds", (condition,), +condition.value, (0, 1))
        return self.nodes[key]  # type: ignore[no-any-return]


def _result(op: str, *, turned: bool = False) -> Any:
    """A method for an operation; ``turned`` swaps the operands."""

    def run(self: Any, other: Any) -> Any:
        return combined(op, other, self) if turned else combined(op, self, other)

    return run


class Recordable(Number):
    """Base class for recorded numbers. Each is hashed by its identity, so that containers never
    confuse numbers that are equal only in this run."""

    __slots__ = ()
    __hash__ = object.__hash__

    __add__, __radd__ = _result("+"), _result("+", turned=True)
    __sub__, __rsub__ = _result("-"), _result("-", turned=True)
    __mul__, __rmul__ = _result("*"), _result("*", turned=True)
    __floordiv__, __rfloordiv__ = _result("//"), _result("//", turned=True)
    __mod__, __rmod__ = _result("%"), _result("%", turned=True)
    __lt__, __gt__ = _result("<"), _result("<", turned=True)
    __le__, __ge__ = _result("<="), _result("<=", turned=True)
    __eq__, __ne__ = _result("=="), _result("!=")

    @abstractmethod
    def plain(self) -> Any:
        """The value, pinned by a guard."""

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __float__(self) -> float:
        return float(self.plain())

    def __truediv__(self, other: Any) -> Any:
        if type(other) is Fraction:  # exact, as for integers
            return self * (1 / other)
        return self.plain() / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / self.plain()

    def __pow__(self, other: Any) -> Any:
        return self.plain() ** other

    def __rpow__(self, other: Any) -> Any:
        return other ** self.plain()

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __neg__(self) -> Any:
        return 0 - self

    def __abs__(self) -> Any:
        return self.combine("max", (self, -self))

    def combine(self, op: str, numbers: Sequence[Any]) -> Any:
        """The ``max``, ``min`` or ``gcd`` of some numbers."""
        return reduce(lambda a, b: a if a is b else combined(op, a, b), numbers)


class Recorded(Recordable):
    """A whole number: its operation and operands, its value and its bounds."""

    __slots__ = ("args", "bounds", "number", "op", "recording", "value")

    def __init__(
        self, recording: Recording, op: str, args: tuple[Any, ...], value: int, bounds: Bounds
    ) -> None:
        self.recording, self.op, self.args = recording, op, args
        self.value, self.bounds = value, bounds
        self.number = next(recording.numbers)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # so that ``isinstance`` treats it as an integer
        return int

    def plain(self) -> int:
        """The value, pinned by a guard."""
        bool(self == self.value)
        return self.value

    __index__ = __int__ = __trunc__ = plain

    def bit_length(self) -> int:
        """The number of bits of the value, as for an integer."""
        return self.plain().bit_length()

    def __str__(self) -> str:
        self.recording.texts[self] = None
        return str(self.value)

    def __format__(self, spec: str) -> str:
        self.recording.texts[self] = None
        return format(self.value, spec)

    def __repr__(self) -> str:
        """Different for every number, because layers with equal texts count as the same one."""
        return f"#{self.number}"

    def __floor__(self) -> Recorded:
        return self

    __ceil__ = __round__ = __pos__ = __floor__

    @property
    def numerator(self) -> Recorded:
        """The number itself."""
        return self

    @property
    def denominator(self) -> int:
        """Always 1."""
        return 1


class Condition(Recordable):
    """A comparison of recorded numbers. Its outcome becomes a guard, unless arithmetic uses it as
    0 or 1."""

    __slots__ = ("args", "number", "op", "recording", "value")

    def __init__(self, recording: Recording, op: str, args: tuple[Any, Any], value: bool) -> None:
        self.recording, self.op, self.args, self.value = recording, op, args, value
        self.number = next(recording.numbers)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # so that ``isinstance`` treats it as a bool
        return bool

    def __bool__(self) -> bool:
        self.recording.guards[self] = self.value
        return self.value

    def plain(self) -> int:
        """1 or 0, pinned by a guard."""
        return int(bool(self))

    __index__ = __int__ = plain


class Portion(Recordable):
    """A recorded whole number divided by a fixed one, such as a width in steps of 0.05."""

    __slots__ = ("per", "whole")

    def __init__(self, whole: Any, per: int) -> None:
        self.whole, self.per = whole, per

    def plain(self) -> Fraction:
        """The value, pinned by a guard."""
        return Fraction(int(self.whole), self.per)

    @property
    def numerator(self) -> Any:
        """The numerator in lowest terms, pinned unless this is a whole number."""
        return self.whole // self.per if self.whole % self.per == 0 else self.plain().numerator

    @property
    def denominator(self) -> int:
        """The denominator in lowest terms."""
        return 1 if self.whole % self.per == 0 else self.plain().denominator

    def __str__(self) -> str:
        return f"{self.whole}/{self.per}"

    def __repr__(self) -> str:
        return f"{self.whole!r}/{self.per}"

    def __floor__(self) -> Any:
        return self.whole // self.per

    def __ceil__(self) -> Any:
        return -(-self.whole // self.per)


def combined(op: str, a: Any, b: Any) -> Any:
    """The result of an operation with at least one recorded operand."""
    if type(a) is float or type(b) is float:
        a, b = (one.plain() if isinstance(one, Recordable) else one for one in (a, b))
        return OPERATORS[op](a, b)
    try:
        (one, per), (other, by) = over(a), over(b)
    except TypeError:
        return NotImplemented
    if op == "//":
        return _whole(op, one * by, other * per)
    if op == "%":
        return a - combined("//", a, b) * b
    if op == "*":
        return _portion(_whole(op, one, other), per * by)
    common = math.lcm(per, by)
    found = _whole(op, one * (common // per), other * (common // by))
    return found if op in COMPARED else _portion(found, common)


def over(number: Any) -> tuple[Any, int]:
    """A number as a whole number over a fixed one. Raises TypeError for anything else."""
    if type(number) is Condition:
        return number.recording.holds(number), 1
    if type(number) is Portion:
        return number.whole, number.per
    if type(number) is Recorded:
        return number, 1
    if isinstance(number, int | Fraction):
        return int(number.numerator), int(number.denominator)
    raise TypeError


def _portion(whole: Any, per: int) -> Any:
    if per == 1 or type(whole) is int:
        return whole if per == 1 else Fraction(whole, per)
    return Portion(whole, per)


def _whole(op: str, a: Any, b: Any) -> Any:
    """The result of an operation on whole numbers, simplified where that is easy."""
    recording = next((one.recording for one in (a, b) if type(one) is Recorded), None)
    if recording is None:
        return OPERATORS[op](a, b)
    if op in COMPARED:
        decided = _decided(op, a is b, _range(a), _range(b))
        return recording.node(op, a, b) if decided is None else decided
    if op == "-" and a is b:
        return 0
    if op == "-" and type(b) is int:
        op, b = "+", -b
    if type(a) is int and op in ("+", "*"):
        a, b = b, a
    if op == "//" and type(b) is int and b > 0 and type(a) is Recorded:
        inner, added = (a, 0) if a.op != "+" or type(a.args[1]) is not int else a.args
        if inner.op == "//" and type(inner.args[1]) is int and inner.args[1] > 0:
            # A quotient of a quotient: floor((floor(x/m) + c)/n) = floor((x + cm)/(mn)).
            x, m = inner.args
            return _whole(op, _whole("+", x, added * m), m * b)
    if type(b) is int:
        if b == NEUTRAL.get(op):
            return a
        if op == "*" and b == 0:
            return 0
        if op in ("+", "*") and a.op == op and type(a.args[1]) is int:
            return _whole(op, a.args[0], OPERATORS[op](a.args[1], b))
    if op == "//" and b == 0:
        raise ZeroDivisionError
    return recording.node(op, a, b)


NEUTRAL = {"+": 0, "*": 1, "//": 1}


def _range(number: Any) -> Bounds:
    return (number, number) if type(number) is int else number.bounds


def _decided(op: str, same: bool, a: Bounds, b: Bounds) -> bool | None:
    """The outcome of a comparison if it is the same for all values between the bounds, else
    None."""
    if same:
        return op in ("<=", "==")
    if op == "<":
        return True if a[1] < b[0] else False if a[0] >= b[1] else None
    if op == "<=":
        return True if a[1] <= b[0] else False if a[0] > b[1] else None
    apart = a[1] < b[0] or b[1] < a[0]
    alike = a[0] == a[1] == b[0] == b[1]
    return (op == "!=") if apart else (op == "==") if alike else None


def _bounds(op: str, a: Bounds, b: Bounds) -> Bounds:
    """Bounds of the result for all operands between these bounds."""
    if op == "-":
        return a[0] - b[1], a[1] - b[0]
    if op in ("+", "max", "min"):
        return OPERATORS[op](a[0], b[0]), OPERATORS[op](a[1], b[1])
    if op == "*" or (op == "//" and b[0] > 0):
        corners = [OPERATORS[op](one, other) for one in a for other in b]
        return min(corners), max(corners)
    size = max(map(abs, (*a, *b)))
    return (0 if op == "gcd" else -size - 1), size
