"""Equations of traced numbers, from the formula's symbols to the result."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.core import units
from cnncalc.derivations import wording
from cnncalc.formulas.expression import Expression
from cnncalc.formulas.tracing import expression_of

if TYPE_CHECKING:
    from fractions import Fraction


LONGEST = 150
"""A LaTeX equation with more characters than this gets one line per step."""


class Working(NamedTuple):
    """One equation: the symbol on the left, the expression that computes it, and a note."""

    symbol: str
    expression: Expression
    note: str = ""

    @property
    def result(self) -> int | Fraction:
        """The value of the expression."""
        return self.expression.value

    @property
    def form(self) -> str:
        """The formula without numbers: ``weights = F·F·C_in·C_out``."""
        return f"{self.symbol} = {wording.text(self.expression, wording.symbols)}"

    def text(self) -> str:
        """The equation as text: ``weights = F·F·C_in·C_out = 5·5·3·10 = 750``."""
        general = wording.text(self.expression, wording.symbols)
        exact = wording.text(self.expression, wording.numbers)
        steps = [self.symbol, general, exact, wording.minus(grouped(self.result))]
        if not self.expression.op:  # nothing to compute: C_out = 10
            steps = [self.symbol, self.expression.symbol, steps[-1]]
        return " = ".join(filter(None, dict.fromkeys(steps))) + (
            f"  ({self.note})" if self.note else ""
        )

    def latex(self) -> str:
        """The equation for LaTeX's ``align*``."""
        general = wording.latex(self.expression, wording.symbols)
        exact = wording.latex(self.expression, wording.numbers)
        names = " = ".join(wording.latex_symbol(name) for name in self.symbol.split(" = "))
        steps = [general, exact, grouped(self.result).replace(",", "{,}")]
        if not self.expression.op:
            steps = [general, steps[-1]] if self.expression.symbol else steps[-1:]
        note = rf"\quad\text{{({latex_text(self.note)})}}" if self.note else ""
        steps = [*dict.fromkeys(steps)]
        # A character of prose is about twice as wide as one of a formula.
        if sum(map(len, [names, *steps, self.note * 2])) <= LONGEST:
            return f"{names} &= {' = '.join(steps)}{note}"
        line = " \\\\\n  &"
        return f"{names} &= {f'{line}= '.join(steps)}{f'{line}{note}' * bool(note)}"


def grouped(number: int | Fraction) -> str:
    """A number as text: an integer with thousands separators, a fraction without them."""
    return units.exact(number) if isinstance(number, int) else str(number)


def latex_text(note: str) -> str:
    """A note, with its symbols and signs formatted as in the equations."""
    for sign, command in {"−": "-", "·": r"\cdot", "≥": r"\ge"}.items():
        note = note.replace(sign, f"${command}$")
    return re.sub(r"\b[A-Za-z]+_\w+", lambda found: f"${wording.latex_symbol(found[0])}$", note)


def equations_of(symbol: str, number: int | Fraction, known: Container[str] = ()) -> list[Working]:
    """The equation of a number, preceded by those of its symbols that are not known."""
    expression = expression_of(number)
    if expression.step and expression.symbol == symbol:
        return definition(symbol, expression, known)
    return [*_parts(expression, known), Working(symbol, expression)]


def definition(symbol: str, expression: Expression, known: Container[str] = ()) -> list[Working]:
    """The equation of a formula's result, preceded by those of its symbols that are not known."""
    step = expression.step
    derivation, note = (step.expression, step.note) if step else (expression, "")
    return [*_parts(derivation, known), Working(symbol, derivation, note)]


def _parts(expression: Expression, known: Container[str]) -> list[Working]:
    """The equations of those symbols in an expression that a formula computed and that are not
    known."""
    if expression.step and expression.symbol not in known:
        return definition(expression.symbol, expression, known)
    return [working for part in expression.operands for working in _parts(part, known)]


def once(workings: Iterable[Working]) -> list[Working]:
    """The equations without repetitions."""
    return list({working.text(): working for working in workings}.values())


def along(axes: Sequence[str], chains: Sequence[list[Working]]) -> list[Working]:
    """The equations of several axes: one for all where they agree, otherwise one per axis. None are
    merged if the axes have different symbols."""
    chains = [
        once(_renamed(working, f"{axis}_", "N_") for working in chain)
        for axis, chain in zip(axes, chains, strict=True)
    ]
    if len({tuple(working.symbol for working in chain) for chain in chains}) == 1:
        return [found for same in zip(*chains, strict=True) for found in _one_for_all(axes, same)]
    return [
        _on_axis(working, axis, len(axes) > 1)
        for axis, chain in zip(axes, chains, strict=True)
        for working in chain
    ]


def _one_for_all(axes: Sequence[str], workings: tuple[Working, ...]) -> list[Working]:
    if len(axes) == 1 or len(set(workings)) > 1:
        return [_on_axis(working, axis, len(axes) > 1) for axis, working in zip(axes, workings)]
    symbol, expression, note = workings[0]
    if symbol.startswith("N_"):
        symbol = " = ".join(symbol.replace("N_", f"{axis}_") for axis in axes)
    return [Working(symbol, _with(expression, "N_in", "N"), note)]


def _on_axis(working: Working, axis: str, labelled: bool) -> Working:
    """An equation for one axis, labelled with the axis if there are several."""
    on_axis = _renamed(working, "N_", f"{axis}_")
    labelled = labelled and on_axis.symbol == working.symbol
    return on_axis._replace(symbol=f"{on_axis.symbol} ({axis})") if labelled else on_axis


def _renamed(working: Working, old: str, new: str) -> Working:
    """The equation with the prefix ``old`` of its symbols replaced by ``new``."""
    symbol = new + working.symbol.removeprefix(old)
    return Working(
        symbol if working.symbol.startswith(old) else working.symbol,
        _with(working.expression, old, new),
        working.note,
    )


def _with(expression: Expression, old: str, new: str) -> Expression:
    symbol = expression.symbol
    if symbol.startswith(old):
        symbol = new + symbol.removeprefix(old)
    operands = tuple(_with(operand, old, new) for operand in expression.operands)
    return expression._replace(symbol=symbol, operands=operands, step=None)
