"""A number that records its derivation, so that the formula shown is the formula run.

``@formula`` marks a function of named integers. Normally, it just runs. Inside ``with tracing()``,
its arguments become ``Traced`` numbers named after its parameters, and its result carries the
formula's symbol and the ``Step`` that computed it. The result can be added up, passed to another
formula or put into a shape, and still knows how it was computed. A traced number is an integer, so
other code can ignore this.

Inside ``with replacing({right: wrong})``, a wrong rule runs in place of a formula, under the same
symbol and argument names, so that everything computed from the formula follows the wrong rule.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, ParamSpec, TypeVar, cast

from cnncalc.formulas.expression import AXES, Expression, Step

if TYPE_CHECKING:
    from fractions import Fraction

P = ParamSpec("P")
R = TypeVar("R")


class Traced(int):
    """An exact integer with the expression that computed it."""

    expression: Expression

    def __new__(cls, value: int, expression: Expression) -> "Traced":
        """An integer with its derivation."""
        number = super().__new__(cls, value)
        number.expression = expression
        return number

    @classmethod
    def leaf(cls, value: int, symbol: str, step: Step | None = None) -> "Traced":
        """A number with a symbol."""
        return cls(value, Expression("", int(value), symbol, step=step))

    def __add__(self, other: int) -> int:
        left, right = self.expression, expression_of(other)
        if right == ZERO:
            return self
        # (F - 1) + 1 is F, as in D(F - 1) + 1 without dilation.
        if left.op == "-" and left.operands[1] == right and not right.symbol:
            return Traced(int(self) + int(other), left.operands[0])
        return binary("+", int(self) + int(other), left, right)

    def __radd__(self, other: int) -> int:
        if other == 0:
            return self
        return binary("+", int(other) + int(self), expression_of(other), self.expression)

    def __sub__(self, other: int) -> int:
        right = expression_of(other)
        if right.op == "neg":
            return binary("+", int(self) - int(other), self.expression, right.operands[0])
        return (
            self if right == ZERO else binary("-", int(self) - int(other), self.expression, right)
        )

    def __rsub__(self, other: int) -> int:
        if other == 0:
            return -self
        return binary("-", int(other) - int(self), expression_of(other), self.expression)

    def __mul__(self, other: int) -> int:
        left, right = self.expression, expression_of(other)
        if right == ZERO:
            return 0
        if left.op == "neg":
            return -(-self * other)
        return self if right == ONE else binary("*", int(self) * int(other), left, right)

    def __rmul__(self, other: int) -> int:
        if other in (0, 1):
            return self if other else 0
        return binary("*", int(other) * int(self), expression_of(other), self.expression)

    def __floordiv__(self, other: int) -> int:
        right = expression_of(other)
        return (
            self if right == ONE else binary("/", int(self) // int(other), self.expression, right)
        )

    def shared(self, other: int) -> int:
        """The quotient of numbers that divide evenly."""
        right = expression_of(other)
        return (
            self
            if right == ONE
            else binary("share", int(self) // int(other), self.expression, right)
        )

    def __neg__(self) -> int:
        if self.expression.op == "neg":
            return Traced(-int(self), self.expression.operands[0])
        if self.expression.op == "/":
            quotient = self.expression
            numerator = quotient.operands[0]
            if numerator.op == "neg":  # -(-a // b): the quotient rounded up
                operands = (numerator.operands[0], quotient.operands[1])
                return Traced(-int(self), Expression("ceil", -int(self), operands=operands))
        return Traced(-int(self), Expression("neg", -int(self), operands=(self.expression,)))


def expression_of(number: "int | Fraction") -> Expression:
    """The derivation of a traced number; a plain number stands for itself."""
    remembered: Expression | None = getattr(number, "expression", None)
    return remembered or Expression("", number)


def renamed(number: int, symbol: str) -> int:
    """The same number under another symbol, if it is traced."""
    if not isinstance(number, Traced):
        return number
    return Traced.leaf(int(number), symbol, number.expression.step)


def nearest(a: int, b: int) -> int:
    """The quotient rounded to the nearest whole number, halves up. Only wrong rules use it."""
    value = (2 * int(a) + int(b)) // (2 * int(b))
    if not isinstance(a, Traced):
        return value
    return binary("round", value, a.expression, expression_of(b))


def binary(op: str, value: int, left: Expression, right: Expression) -> Traced:
    """The traced result of an operator."""
    return Traced(value, Expression(op, value, operands=(left, right)))


def traced(op: str, value: Any, *operands: int) -> Any:
    """The result of a function of the vocabulary, traced if any operand is."""
    if not any(isinstance(operand, Traced) for operand in operands):
        return value
    expression = Expression(op, value, operands=tuple(map(expression_of, operands)))
    if isinstance(value, int):
        return Traced(value, expression)
    from cnncalc.formulas.fraction import TracedFraction

    return TracedFraction(value, expression)


ZERO, ONE = Expression("", 0), Expression("", 1)

Rules = Mapping[Callable[..., Any], Callable[..., Any]]
"""Wrong rules by the formulas they replace."""


class Watch(NamedTuple):
    """What to do with the formulas that run: a list to record their steps in, and rules to run
    in place of some."""

    steps: list[Step] | None
    rules: Rules


_NOTHING = Watch(None, {})
_watch = ContextVar("watch", default=_NOTHING)
"""Each thread and task has its own."""


@contextmanager
def tracing() -> Iterator[list[Step]]:
    """Trace the formulas that run inside, and list a Step for each."""
    steps: list[Step] = []
    before = _watch.set(_watch.get()._replace(steps=steps))
    try:
        yield steps
    finally:
        _watch.reset(before)


@contextmanager
def replacing(rules: Rules) -> Iterator[None]:
    """Run wrong rules in place of formulas. A rule takes the same named arguments as its formula.

    Replacements nest. Formulas called by a formula or by a wrong rule are not replaced.
    """
    if not rules:  # formulas run fastest unwatched
        yield
        return
    watch = _watch.get()
    more = {inspect.unwrap(right): wrong for right, wrong in rules.items()}
    before = _watch.set(watch._replace(rules={**watch.rules, **more}))
    try:
        yield
    finally:
        _watch.reset(before)


def is_tracing() -> bool:
    """Whether steps are being recorded."""
    return _watch.get().steps is not None


Gives = Literal["symbol", "derivation"]


def formula(
    symbol: str, gives: Gives = "symbol", bare: tuple[str, ...] = (), note: str = ""
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function as a formula whose result is written as ``symbol``.

    In later derivations, the result shows either its symbol or, with ``gives="derivation"``, how it
    was computed. Parameters listed in ``bare`` get no symbol. The ``note`` is shown beside the
    formula, but not beside a wrong rule.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def run(*args: P.args, **named: P.kwargs) -> R:
            watch = _watch.get()
            if watch is _NOTHING:
                return function(*args, **named)
            rule = watch.rules.get(function, function)
            # Formulas that it calls are not replaced.
            inside = _watch.set(Watch(watch.steps, {}))
            try:
                if watch.steps is None:
                    right: R = rule(*args, **named)
                    return right
                given = _named_arguments(function, bare, args, named)
                step = Step(symbol, ZERO, function, note if rule is function else "")
                step, result = _traced_result(step, rule, gives, given)
                watch.steps.append(step)
                return cast(R, result)
            finally:
                _watch.reset(inside)

        return run

    return decorate


def _named_arguments(
    function: Callable[..., Any], bare: tuple[str, ...], args: Any, named: Any
) -> dict[str, Any]:
    """The arguments as named numbers; arguments at their defaults stay plain."""
    signature = inspect.signature(function)
    given = signature.bind(*args, **named).arguments
    return {
        name: value
        if name in bare or _is_default(value, signature.parameters[name])
        else _named(name, value)
        for name, value in given.items()
    }


def _traced_result(
    step: Step, rule: Callable[..., Any], gives: Gives, given: dict[str, Any]
) -> tuple[Step, Any]:
    """The step and the result of a formula, or of the rule in its place, on named numbers."""
    result = rule(**given)
    expression = expression_of(result)
    if expression.step and not any(result is number for number in _each(given.values())):
        # It returns the result of another formula: show that derivation.
        step = step._replace(note=expression.step.note)
        expression = expression.step.expression
    step = step._replace(symbol=_on_axis(step.symbol, given), expression=expression)
    if gives == "derivation" or not isinstance(result, int):
        return step, result
    return step, Traced.leaf(result, step.symbol, step)


def _each(values: Iterable[Any]) -> Iterator[Any]:
    """All numbers, including those in tuples."""
    for value in values:
        yield from value if isinstance(value, tuple) else (value,)


def _is_default(value: Any, parameter: inspect.Parameter) -> bool:
    return not isinstance(value, Traced) and bool(value == parameter.default)


def _named(name: str, value: Any) -> Any:
    """A number under the name of its parameter, unless it already has one.

    The numbers in a tuple are named after axes or inputs, whatever their own names, unless they
    show how they were computed.
    """
    if not isinstance(value, tuple):
        return value if isinstance(value, Traced) else Traced.leaf(value, name)
    return tuple(
        Traced.leaf(size, symbol, expression_of(size).step) if not expression_of(size).op else size
        for symbol, size in zip(symbols_of(name, value), value, strict=True)
    )


def symbols_of(name: str, sizes: tuple[int, ...]) -> tuple[str, ...]:
    """The symbols of a tuple: ``F, F`` for a square filter, else ``F_h, F_w``; ``H_out, W_out``
    for the size of a map; one per input (``C_1, C_2``) for names that end in ``_i``."""
    if name.endswith("_i"):
        return tuple(f"{name[:-1]}{number}" for number in range(1, len(sizes) + 1))
    axes = AXES[len(sizes)]
    if name.startswith("N_"):
        return tuple(f"{axis}_{name[2:]}" for axis in axes)
    if len(set(sizes)) == 1:
        return (name,) * len(sizes)
    return tuple(f"{name}_{axis.lower()}" for axis in axes)


def _on_axis(symbol: str, given: dict[str, Any]) -> str:
    """``H_out`` instead of ``N_out`` if the formula was given an ``H_in``."""
    if symbol.startswith("N_"):
        for number in given.values():
            axis, _, index = expression_of(number).symbol.partition("_")
            if index and axis in ALL_AXES:
                return f"{axis}{symbol[1:]}"
    return symbol


ALL_AXES = frozenset(axis for axes in AXES.values() for axis in axes)


def named(symbol: str, number: int) -> int:
    """The number, with a symbol if derivations are being recorded and it is not traced yet."""
    if not is_tracing() or isinstance(number, Traced):
        return number
    return Traced.leaf(number, symbol)
