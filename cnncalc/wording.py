"""Derivations in words: an expression as text or as LaTeX, with symbols or with their numbers."""

from collections.abc import Callable

from cnncalc.formulas.tracing import Expression

STRENGTH = {"+": 1, "-": 1, "neg": 2, "*": 3, "/": 4, "ceil": 5, "round": 5, "floor": 5, "": 5}
"""How tightly operators bind; a weaker one inside a stronger one needs brackets."""

Leaf = Callable[[Expression], str]


def symbols(leaf: Expression) -> str:
    """A leaf by its name; a plain number stands for itself."""
    return leaf.symbol or str(leaf.value)


def numbers(leaf: Expression) -> str:
    """A leaf by its value; a negative one in brackets."""
    return str(leaf.value) if leaf.value >= 0 else f"({minus(leaf.value)})"


def minus(number: int) -> str:
    """A number with a typographic minus."""
    return str(number).replace("-", "−")


def text(expression: Expression, leaf: Leaf) -> str:
    """``⌊(N − F + 2·P)/S⌋ + 1``."""
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
        case "ceil":
            return f"⌈{_quotient(expression, leaf)}⌉"
        case "round":
            return f"round({_quotient(expression, leaf)})"
    quotient = _quotient(expression, leaf)
    return f"({quotient})" if is_exact(expression) else f"⌊{quotient}⌋"


def is_exact(expression: Expression) -> bool:
    """Whether a division needs no floor: one quantity shared out, as in C_in/G. Where windows are
    placed the floor is part of the rule and stays, even where nothing is left over."""
    return expression.op == "/" and all(not part.op for part in expression.operands)


def _inside(part: Expression, outer: str, leaf: Leaf) -> str:
    inner = text(part, leaf)
    return f"({inner})" if STRENGTH[part.op] < STRENGTH[outer] else inner


def _quotient(expression: Expression, leaf: Leaf) -> str:
    top, bottom = expression.operands
    return f"{_inside(top, '*', leaf)}/{_inside(bottom, '/', leaf)}"


def latex(expression: Expression, leaf: Leaf) -> str:
    r"""``\left\lfloor \frac{N - F + 2 \cdot P}{S} \right\rfloor + 1``."""
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
    fraction = rf"\frac{{{latex(parts[0], leaf)}}}{{{latex(parts[1], leaf)}}}"
    if expression.op == "ceil":
        return rf"\left\lceil {fraction} \right\rceil"
    if expression.op == "round":
        return rf"\mathrm{{round}}\left( {fraction} \right)"
    return fraction if is_exact(expression) else rf"\left\lfloor {fraction} \right\rfloor"


def _latex_inside(part: Expression, leaf: Leaf) -> str:
    inner = latex(part, leaf)
    weak = STRENGTH[part.op] < STRENGTH["*"]
    return rf"\left( {inner} \right)" if weak else inner


def latex_symbol(name: str) -> str:
    r"""``C_in`` as ``C_{\mathrm{in}}``, a word upright, a number as it is."""
    name = name.replace("−", "-")
    base, _, index = name.partition("_")
    base = rf"\mathrm{{{base}}}" if len(base) > 1 and base.isalpha() else base
    return rf"{base}_{{\mathrm{{{index}}}}}" if index else base
