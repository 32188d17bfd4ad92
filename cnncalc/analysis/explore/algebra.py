"""The nodes of a recording as SymPy expressions, and how they are written."""

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from itertools import count
from math import lcm
from typing import Any

import sympy
from sympy.printing.str import StrPrinter

from cnncalc.core.errors import UsageError
from cnncalc.formulas.recorded import COMPARED
from cnncalc.formulas.replay import computed

RELATIONS = {"<": sympy.Lt, "<=": sympy.Le, "==": sympy.Eq, "!=": sympy.Ne}
MOST = 100
"""The most sums in a maximum or minimum, because comparing more would take too long."""
REMEMBERED = 10_000
"""The most sums, and the most terms, to cache."""
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Written:
    """An expanded expression, in which sums with conditions are replaced by symbols with
    definitions."""

    def __init__(self, result: Any, names: Sequence[str], per: Mapping[str, int]) -> None:
        self.definitions: dict[Any, Any] = {}
        self.symbols = {
            name: sympy.Symbol(name, positive=True, integer=name not in per) for name in names
        }
        variables = {name: one * per.get(name, 1) for name, one in self.symbols.items()}
        operators: dict[str, Callable[..., Any]] = {
            "+": self.sum,
            "-": lambda a, b: self.sum(a, -b),
            "*": lambda a, b: sympy.expand(a * b),
            "//": lambda a, b: _rounded_down(sympy.expand(a / b)),
            "max": lambda a, b: _extreme(sympy.Max, a, b),
            "min": lambda a, b: _extreme(sympy.Min, a, b),
            "gcd": sympy.Function("gcd"),
            "holds": lambda condition: sympy.Piecewise((1, condition), (0, True)),
            **{op: RELATIONS[op] for op in COMPARED},
        }
        found = sympy.sympify(computed([result], variables, operators)[0])
        self.expression = _without_common_factors(found)
        for symbol, one in self.definitions.items():
            self.definitions[symbol] = _without_common_factors(one)

    def sum(self, a: Any, b: Any) -> Any:
        """A sum, or a symbol for it if one of its terms is a condition."""
        if isinstance(a, sympy.floor | sympy.ceiling) and isinstance(b, int):
            return _rounded_down(a.args[0] + b) if isinstance(a, sympy.floor) else a + b
        found = a + b
        if not any(isinstance(one.as_coeff_Mul()[1], sympy.Piecewise) for one in found.args):
            return found
        equal = (symbol for symbol, known in self.definitions.items() if known == found)
        return next(equal, None) or self.defined(found)

    def defined(self, found: Any) -> Any:
        """A new symbol for an expression."""
        names = {str(symbol) for symbol in (*self.symbols.values(), *self.definitions)}
        name = next(name for name in map("c{}".format, count(1)) if name not in names)
        symbol = sympy.Symbol(name, positive=True, integer=True)
        self.definitions[symbol] = found
        return symbol

    def text(self, name: str) -> str:
        """The expression as text, with its definitions below."""
        return "\n".join(f"{left} = {_text(right)}" for left, right in self.lines(name))

    def latex(self, name: str) -> str:
        """The expression with its definitions as aligned equations in LaTeX."""
        words = {
            symbol: rf"\mathrm{{{name.replace('_', ' ')}}}"
            for name, symbol in self.symbols.items()
            if len(name) > 1
        }
        latex = partial(sympy.latex, symbol_names=words)
        lines = [
            f"{left if isinstance(left, str) else latex(left)} &= {latex(right)}"
            for left, right in self.lines(rf"\text{{{name}}}")
        ]
        body = " \\\\\n".join(lines)
        return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"

    def lines(self, name: str) -> list[tuple[Any, Any]]:
        """The equations, as pairs of their sides."""
        return [(name, self.expression), *self.definitions.items()]


def _rounded_down(one: Any) -> Any:
    """An expression rounded down; written as rounding up where that is shorter: ⌊(H + 1)/2⌋ is
    ⌈H/2⌉."""
    terms = one.as_coefficients_dict()
    parts = lcm(*(int(number.q) for number in terms.values()))
    raised = sympy.Rational(parts - 1, parts)
    if parts > 1 and terms.get(1) == raised and all(term.is_integer for term in terms):
        return sympy.ceiling(one - raised)
    return sympy.floor(one)


def _extreme(function: Any, a: Any, b: Any) -> Any:
    """``Max`` or ``Min``, without operands that another one makes superfluous. SymPy's own search
    for those takes minutes for deep networks."""
    kept, more = _operands(function, a), _operands(function, b)
    exceeds = _exceeds if function is sympy.Max else lambda one, other: _exceeds(other, one)
    for one in more:
        if not any(exceeds(other, one) for other in kept):
            kept = [*(other for other in kept if not exceeds(one, other)), one]
    if len(kept) > MOST:
        fact = f"the formula would be the maximum or minimum of more than {MOST} sums"
        raise UsageError(fact, "name fewer variables, or give some a value with 'at'")
    return function(*kept, evaluate=False) if len(kept) > 1 else kept[0]


def _operands(function: Any, one: Any) -> Sequence[Any]:
    one = sympy.sympify(one)
    return one.args if isinstance(one, function) else (one,)


def _exceeds(one: Any, other: Any) -> bool:
    """Whether comparing terms shows that a sum is at least as large as another one. Positive
    integer terms are at least 1."""
    more, fewer = _terms(one), _terms(other)
    if any(more.get(term, 0) < number for term, number in fewer.items() if term != 1):
        return False
    least = more.get(1, 0) - fewer.get(1, 0)
    for term, number in more.items():
        if term != 1 and number != (less := fewer.get(term, 0)):
            if not term.is_nonnegative:
                return False
            least += (number - less) * bool(term.is_positive and term.is_integer)
    return bool(least >= 0)


@lru_cache(REMEMBERED)
def _terms(one: Any) -> Mapping[Any, int | Fraction]:
    """The terms of a sum with their factors."""
    return {
        1 if term == 1 else _same(term): int(number) if number.is_integer else Fraction(str(number))
        for term, number in one.as_coefficients_dict().items()
    }


@lru_cache(REMEMBERED)
def _same(term: Any) -> Any:
    """The first of all equal terms. Dictionaries find the same object faster than an equal one."""
    return term


def _without_common_factors(one: Any) -> Any:
    """An expression whose maxima and minima have no common factor."""

    def divided(extreme: Any) -> Any:
        common = sympy.gcd([each.as_content_primitive()[0] for each in extreme.args])
        each = (sympy.expand(operand / common) for operand in extreme.args)
        return common * extreme.func(*each, evaluate=False)

    return one.replace(lambda part: isinstance(part, sympy.Max | sympy.Min), divided)


def _text(expression: Any) -> str:
    text = re.sub(
        r"\*\*([0-9]+)", lambda power: power[1].translate(RAISED), Text().doprint(expression)
    )
    return text.replace("*", "·")


class Text(StrPrinter):  # type: ignore[misc]
    """Prints expressions in the notation of formulas."""

    def _print_floor(self, one: Any) -> str:
        return f"⌊{self._print(one.args[0])}⌋"

    def _print_ceiling(self, one: Any) -> str:
        return f"⌈{self._print(one.args[0])}⌉"

    def _print_Piecewise(self, one: Any) -> str:
        return f"[{self._print(one.args[0].cond)}]"

    def _print_Max(self, one: Any) -> str:
        return f"max({', '.join(map(self._print, one.args))})"

    def _print_Min(self, one: Any) -> str:
        return f"min({', '.join(map(self._print, one.args))})"
