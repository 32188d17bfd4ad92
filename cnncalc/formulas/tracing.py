"""A number that remembers how it was computed, so that the formula shown is the formula run.

``@formula`` marks a function of named integers. Normally it just runs. Inside ``with tracing()``
its arguments become ``Traced`` numbers named after its parameters, one ``Step`` with the derivation
is recorded for each call. What the caller gets is a plain integer, or, where counts are summed up
later, a number that goes by the formula's symbol or keeps its derivation: nobody else need know.

Inside ``with replacing({right: wrong})`` a wrong rule runs in place of a formula, under the same
symbol and the same names, so that whatever is made of the formula is made of the wrong rule.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, ParamSpec, cast

from cnncalc.shape import AXES

P = ParamSpec("P")


class Expression(NamedTuple):
    """A node of a derivation: a leaf (``op`` is "") or an operator with its operands."""

    op: str
    value: int
    symbol: str = ""
    operands: tuple["Expression", ...] = ()


class Traced(int):
    """An exact integer with the expression that gave it."""

    expression: Expression

    def __new__(cls, value: int, expression: Expression) -> "Traced":
        """An integer, and how it came about."""
        number = super().__new__(cls, value)
        number.expression = expression
        return number

    @classmethod
    def leaf(cls, value: int, symbol: str) -> "Traced":
        """A number known by its symbol."""
        return cls(value, Expression("", int(value), symbol))

    def __add__(self, other: int) -> int:
        left, right = self.expression, expression_of(other)
        if right == ZERO:
            return self
        # (N - 1) + 1 is N: what is left of D(F - 1) + 1 when nothing is dilated.
        if left.op == "-" and left.operands[1] == right and not right.symbol:
            return Traced(left.operands[0].value, left.operands[0])
        return binary("+", int(self) + int(other), left, right)

    def __radd__(self, other: int) -> int:
        if other == 0:
            return self
        return binary("+", int(other) + int(self), expression_of(other), self.expression)

    def __sub__(self, other: int) -> int:
        right = expression_of(other)
        return (
            self if right == ZERO else binary("-", int(self) - int(other), self.expression, right)
        )

    def __rsub__(self, other: int) -> int:
        return binary("-", int(other) - int(self), expression_of(other), self.expression)

    def __mul__(self, other: int) -> int:
        right = expression_of(other)
        return self if right == ONE else binary("*", int(self) * int(other), self.expression, right)

    def __rmul__(self, other: int) -> int:
        if other in (0, 1):
            return self if other else 0
        return binary("*", int(other) * int(self), expression_of(other), self.expression)

    def __floordiv__(self, other: int) -> int:
        right = expression_of(other)
        return (
            self if right == ONE else binary("/", int(self) // int(other), self.expression, right)
        )

    def __neg__(self) -> int:
        if self.expression.op == "/":
            quotient = self.expression
            numerator = quotient.operands[0]
            if numerator.op == "neg":  # -(-a // b): the quotient rounded up
                operands = (numerator.operands[0], quotient.operands[1])
                return Traced(-int(self), Expression("ceil", -int(self), operands=operands))
        return Traced(-int(self), Expression("neg", -int(self), operands=(self.expression,)))


def expression_of(number: int) -> Expression:
    """The derivation of a traced number; a plain number stands for itself."""
    return number.expression if isinstance(number, Traced) else Expression("", int(number))


def nearest(a: int, b: int) -> int:
    """The quotient rounded to the nearest whole number, halves up, as only a wrong rule does."""
    return _rounded("round", (2 * int(a) + int(b)) // (2 * int(b)), a, b)


def floored(a: int, b: int) -> int:
    """The quotient rounded down, and shown so even where two plain numbers are divided."""
    return _rounded("floor", int(a) // int(b), a, b)


def _rounded(how: str, value: int, a: int, b: int) -> int:
    return binary(how, value, a.expression, expression_of(b)) if isinstance(a, Traced) else value


def binary(op: str, value: int, left: Expression, right: Expression) -> Traced:
    """The traced result of an operator."""
    return Traced(value, Expression(op, value, operands=(left, right)))


ZERO, ONE = Expression("", 0), Expression("", 1)


class Step(NamedTuple):
    """One formula as it ran: the symbol of its result, its derivation, and the function."""

    symbol: str
    expression: Expression
    function: Callable[..., int]


Rules = Mapping[Callable[..., int], Callable[..., int]]
"""Wrong rules by the formulas that they stand for."""

_steps: list[Step] | None = None
_rules: Rules = {}
_watched = False
"""Whether anybody wants to know what a formula does, or to have it do something else."""


@contextmanager
def tracing() -> Iterator[list[Step]]:
    """Record a Step for every formula that runs inside."""
    global _steps, _watched
    before, _steps = (_steps, _watched), []
    _watched = True
    try:
        yield _steps
    finally:
        _steps, _watched = before


@contextmanager
def replacing(rules: Rules) -> Iterator[None]:
    """Run wrong rules in place of formulas; each takes what its formula takes, by the same names.

    What was replaced around it stays so. A wrong rule that calls a formula gets the right one.
    """
    global _rules, _watched
    before = _rules, _watched
    _rules = {**_rules, **{inspect.unwrap(right): wrong for right, wrong in rules.items()}}
    _watched = _watched or bool(_rules)
    try:
        yield
    finally:
        _rules, _watched = before


Gives = Literal["number", "symbol", "derivation"]


def formula(symbol: str, gives: Gives = "number") -> Callable[[Callable[P, int]], Callable[P, int]]:
    """Mark a function as a formula whose result is written as ``symbol``.

    In sums that a layer makes of it, the result ``gives`` a plain number, its symbol, or the whole
    derivation.
    """

    def decorate(function: Callable[P, int]) -> Callable[P, int]:
        @functools.wraps(function)
        def run(*args: P.args, **named: P.kwargs) -> int:
            if _watched:
                return _run_watched(symbol, gives, function, args, named)
            return function(*args, **named)

        return run

    return decorate


def _run_watched(
    symbol: str, gives: Gives, function: Callable[..., int], args: Any, named: Any
) -> int:
    """Run a formula, or the wrong rule in its place, and record it where there is a record.

    While it is recorded it runs on named numbers; a parameter left at its default stays a plain
    number. Formulas that it calls just run.
    """
    global _watched
    rule = _rules.get(function, function)
    given = {}
    if _steps is not None:
        signature = inspect.signature(function)
        given = {
            name: value if value == signature.parameters[name].default else _named(name, value)
            for name, value in signature.bind(*args, **named).arguments.items()
        }
    _watched = False
    try:
        result = rule(*args, **named) if _steps is None else rule(**given)
    finally:
        _watched = True
    if _steps is None:
        return result
    _steps.append(Step(symbol, expression_of(result), function))
    if gives == "symbol":
        return Traced.leaf(int(result), symbol)
    return result if gives == "derivation" else int(result)


def _named(name: str, value: Any) -> Any:
    """Give a number, or each number of a tuple, the name of the parameter that it is passed as."""
    if isinstance(value, tuple):
        return tuple(
            _named(symbol, size)
            for symbol, size in zip(axis_symbols(name, value), value, strict=True)
        )
    return Traced.leaf(cast(int, value), name)


def axis_symbols(name: str, sizes: tuple[int, ...]) -> tuple[str, ...]:
    """``F, F`` for a square filter, else ``F_h, F_w``; sizes of maps are ``H_out, W_out``."""
    axes = AXES[len(sizes)]
    if name.startswith("N_"):
        return tuple(f"{axis}_{name[2:]}" for axis in axes)
    if len(set(sizes)) == 1:
        return (name,) * len(sizes)
    return tuple(f"{name}_{axis.lower()}" for axis in axes)
