"""Formats an expression as text or LaTeX, with its symbols or their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cnncalc.core import units
from cnncalc.formulas.expression import Expression

if TYPE_CHECKING:
    from fractions import Fraction

STRENGTH = {"+": 1, "-": 1, "neg": 2, "share": 3, "*": 4, "/": 5}
"""How tightly operators bind; a weaker one inside a stronger one needs parentheses."""
CLOSED = 6
"""The strength of anything that never needs parentheses."""

Leaf = Callable[[Expression], str]


def symbols(leaf: Expression) -> str:
    """A leaf as its symbol, or as its value if it has none."""
    return leaf.symbol or numbers(leaf)


def numbers(leaf: Expression) -> str:
    """A leaf as its value, with thousands separators; negative values are in parentheses."""
    text = units.exact(leaf.value) if isinstance(leaf.value, int) else str(leaf.value)
    return text if leaf.value >= 0 else f"({minus(text)})"


def minus(number: int | Fraction | str) -> str:
    """A number with a typographic minus sign."""
    return str(number).replace("-", "−")


def text(expression: Expression, leaf: Leaf) -> str:
    """An expression as text: ``⌊(N − F + 2·P)/S⌋ + 1``."""
    parts = expression.operands
    match expression.op:
        case "":
            return leaf(expression)
        case "+":
            return f"{text(parts[0], leaf)} + {text(parts[1], leaf)}"
        case "-":
            return f"{text(parts[0], leaf)} − {_inside(parts[1], '*', leaf)}"
        case "neg":
            return f"−{_inside(parts[0], '*', leaf)}"
        case "*":
            return f"{_inside(parts[0], '*', leaf)}·{_inside(parts[1], '*', leaf)}"
        case "share":
            return _quotient(expression, leaf)
        case "/":
            return f"⌊{_quotient(expression, leaf)}⌋"
        case "ceil":
            return f"⌈{_quotient(expression, leaf)}⌉"
        case "round":
            return f"round({_quotient(expression, leaf)})"
    return f"{expression.op}({', '.join(_listed(part, leaf) for part in parts)})"


def _listed(part: Expression, leaf: Leaf) -> str:
    """An argument in a list, where a negative number needs no parentheses."""
    inner = text(part, leaf)
    return inner if part.op else inner.strip("()")


def _inside(part: Expression, outer: str, leaf: Leaf) -> str:
    inner = text(part, leaf)
    return f"({inner})" if STRENGTH.get(part.op, CLOSED) < STRENGTH[outer] else inner


def _quotient(expression: Expression, leaf: Leaf) -> str:
    top, bottom = expression.operands
    return f"{_inside(top, '*', leaf)}/{_inside(bottom, '/', leaf)}"


def latex(expression: Expression, leaf: Leaf) -> str:
    r"""An expression in LaTeX: ``\left\lfloor \frac{N - F + 2 \cdot P}{S} \right\rfloor + 1``."""
    parts = expression.operands
    match expression.op:
        case "":
            return latex_symbol(leaf(expression))
        case "+":
            return f"{latex(parts[0], leaf)} + {latex(parts[1], leaf)}"
        case "-":
            return f"{latex(parts[0], leaf)} - {_latex_inside(parts[1], leaf)}"
        case "neg":
            return f"-{_latex_inside(parts[0], leaf)}"
        case "*":
            return rf"{_latex_inside(parts[0], leaf)} \cdot {_latex_inside(parts[1], leaf)}"
        case "share" | "/" | "ceil" as op:
            fraction = rf"\frac{{{latex(parts[0], leaf)}}}{{{latex(parts[1], leaf)}}}"
            side = {"share": "", "/": "floor", "ceil": "ceil"}[op]
            return rf"\left\l{side} {fraction} \right\r{side}" if side else fraction
        case "round":
            fraction = rf"\frac{{{latex(parts[0], leaf)}}}{{{latex(parts[1], leaf)}}}"
            return rf"\mathrm{{round}}\left( {fraction} \right)"
    within = ", ".join(
        latex(part, leaf) if part.op else latex_symbol(leaf(part).strip("()")) for part in parts
    )
    return rf"\{expression.op}\left( {within} \right)"


def _latex_inside(part: Expression, leaf: Leaf) -> str:
    inner = latex(part, leaf)
    return rf"\left( {inner} \right)" if part.op in ("+", "-", "neg") else inner


def latex_symbol(name: str) -> str:
    r"""A number or symbol in LaTeX: ``C_in`` as ``C_{\mathrm{in}}``, and words upright."""
    name = name.replace("−", "-")
    if name.strip("(-)")[:1].isdecimal():
        return name.replace(",", "{,}")
    base, _, index = name.partition("_")
    if index and len(base) == 1:
        index, _, axis = index.partition(" ")
        index = index if index.isdecimal() else rf"{{\mathrm{{{index}}}}}"
        return f"{base}_{index}" + (rf"\ \text{{{axis}}}" if axis else "")
    if len(base) > 1 and base[0].isalpha():
        return rf"\text{{{name}}}".replace("_", r"\_")
    return base
