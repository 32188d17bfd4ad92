"""The small, safe arithmetic of specs: ``$width``, ``${4 * width}``. No code is ever executed.

It supports whole numbers, decimals (exact, as fractions), true, false and words;
``+ - * / // % **``, comparisons, ``and or not``, ``a if c else b``, and the functions in
``FUNCTIONS``. Python parses the expression; only the forms in ``FORMS`` are allowed.
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import ceil, floor, isfinite
from typing import Any

from cnncalc.core.errors import LayerError, did_you_mean
from cnncalc.core.fields import LARGEST, shown
from cnncalc.core.shape import MAX_DIGITS
from cnncalc.formulas.vocabulary import holds, least, most

MAX_CHARACTERS = 300
AT_MOST = f"values have at most {MAX_DIGITS} digits"
FAR_TOO_LARGE = 4 * LARGEST.bit_length()
"""The most bits that a power may have before its digits are counted."""
LONGEST_COMPARED = 1_000
"""The longest word or list, in characters, that may be compared."""


def quotient(a: Any, b: Any) -> Any:
    """The exact quotient, a fraction."""
    from fractions import Fraction

    return a * Fraction(b.denominator, b.numerator)


def power(a: Any, b: Any) -> Any:
    """The exact power; the base must not be 0 if the exponent is negative. Raises LayerError if the
    exponent is not a whole number, or if the power would take long to compute."""
    if not isinstance(b, int) and b.denominator != 1:
        raise LayerError("an exponent must be a whole number")
    bits = (max(abs(a.numerator), a.denominator) - 1).bit_length() * abs(int(b))
    if bits > FAR_TOO_LARGE:
        raise LayerError("a power has too many digits", "use a smaller exponent")
    return quotient(a, 1) ** int(b)


OPERATORS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: quotient,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: power,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def round_to(value: Any, multiple: int) -> int:
    """The nearest multiple (halves go up), but not 0, and never below 90% of the value.

    Source: the rule that keeps channels in the MobileNets divisible by 8.
    """
    nearest: int = most((multiple, (2 * value + multiple) // (2 * multiple) * multiple))
    return nearest + multiple * holds(10 * nearest < 9 * value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": lambda *values: least(values),
    "max": lambda *values: most(values),
    "floor": floor,
    "ceil": ceil,
    "abs": abs,
    "round_to": round_to,
}
TAKES = {"floor": "1 number", "ceil": "1 number", "abs": "1 number", "round_to": "2 numbers"}
"""How many numbers a function takes, unless it takes one or more."""
WORDS = {"true": True, "false": False}
ONLY_IN_REPEAT = (
    "; it counts the copies of a repeated layer: "
    "to use it inside a block or in 'when', repeat the block and pass 'index' to it as an argument"
)

UNDECLARED = "declare it under 'parameters'"


def is_expression(value: Any) -> bool:
    """Whether a scalar is an expression."""
    return isinstance(value, str) and value.startswith("$")


WRITTEN = re.compile(r"\$(?:\{(.*)\}|([A-Za-z_]\w*))", re.DOTALL)


def exact(value: Any) -> Any:
    """A decimal as an exact fraction; any other value is unchanged."""
    return _fraction(value) if isinstance(value, float) else value


@lru_cache(maxsize=1_000)
def _fraction(value: float) -> Any:
    if not isfinite(value):
        raise LayerError("a value is too large", AT_MOST)
    from fractions import Fraction

    return Fraction(str(value))


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """The value of ``$name`` or ``${expression}``. Raises LayerError if it is not valid."""
    match = WRITTEN.fullmatch(text)
    if match is None:
        raise LayerError(f"{text[:60]!r} is neither $name nor ${{expression}}")
    if match[2]:
        return _look_up(match[2], names)
    if "${" in match[1]:
        raise LayerError(f"{text[:60]!r} has several expressions", "write one, or a list of them")
    value = calculate(match[1], names)
    if isinstance(value, int) or not is_number(value):
        return value
    if exact(float(value)) != value:
        raise LayerError(
            f"{match[1].strip()[:60]!r} is {str(value)[:60]}, which cannot be written as a short "
            "decimal; use floor, ceil or //"
        )
    return float(value)


def calculate(source: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression; a number that is not whole is a fraction."""
    return _whole(_evaluate(_parsed(source), names))


@lru_cache(maxsize=250)
def _parsed(source: str) -> ast.expr:
    """The syntax tree of an expression, cached because blocks are expanded often."""
    if len(source) > MAX_CHARACTERS:
        raise LayerError(f"an expression is longer than {MAX_CHARACTERS} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError, Warning):
        raise LayerError(f"{source[:60]!r} is not an expression{_broken(source)}") from None


def _broken(source: str) -> str:
    """Why a text is not an expression, if that is clear."""
    text = source.strip()
    if not text:
        return "; write a name or a number"
    if last := re.search(r"(\*\*|//|[-+*/%<>=(,]|\b(?:and|or|not|if|else))$", text):
        return f"; something is missing after {last[0]!r}"
    if re.search(r"&&|\|\||!(?!=)", text):
        return "; write 'and', 'or' and 'not' as words"
    if text.count("(") != text.count(")"):
        return "; its parentheses do not match"
    return ""


def _evaluate(node: ast.AST, names: Mapping[str, Any]) -> Any:
    form = FORMS.get(type(node))
    value = NOT_ALLOWED if form is None else form(node, names)
    if value is not NOT_ALLOWED:
        return value
    raise LayerError(
        f"{ast.unparse(node)[:60]!r} is not allowed here; an expression may use whole numbers, "
        "decimals, names, + - * / // % **, comparisons of two values, 'and', 'or', 'not', "
        f"'a if c else b', and the functions {', '.join(FUNCTIONS)}"
    )


NOT_ALLOWED = object()


def _constant(node: ast.Constant, names: Mapping[str, Any]) -> Any:
    allowed = isinstance(node.value, bool | int | float | str)
    return _bounded(exact(node.value)) if allowed else NOT_ALLOWED


def _unary(node: ast.UnaryOp, names: Mapping[str, Any]) -> Any:
    if isinstance(node.op, ast.USub):
        return -_number(_evaluate(node.operand, names))
    if isinstance(node.op, ast.Not):
        return not _evaluate(node.operand, names)
    return NOT_ALLOWED


def _all_or_any(node: ast.BoolOp, names: Mapping[str, Any]) -> bool:
    together = all if isinstance(node.op, ast.And) else any
    return together(_evaluate(value, names) for value in node.values)


def _arithmetic(node: ast.BinOp, names: Mapping[str, Any]) -> Any:
    operate = OPERATORS.get(type(node.op))
    if operate is None:
        return NOT_ALLOWED
    a = _number(_evaluate(node.left, names))
    b = _number(_evaluate(node.right, names))
    inverse = isinstance(node.op, ast.Pow) and a == 0 and b < 0
    if inverse or (b == 0 and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod)):
        raise LayerError(f"{ast.unparse(node)!r} divides by zero")
    return _bounded(operate(a, b))


def _comparison(node: ast.Compare, names: Mapping[str, Any]) -> Any:
    if type(node.ops[0]) not in OPERATORS:
        return NOT_ALLOWED
    if len(node.ops) > 1:
        raise LayerError(
            f"{ast.unparse(node)[:60]!r} compares more than two values; "
            "write separate comparisons with 'and' between them"
        )
    a = _evaluate(node.left, names)
    b = _evaluate(node.comparators[0], names)
    for value in (a, b):
        (_number if isinstance(node.ops[0], ORDERED) else _comparable)(value)
    return OPERATORS[type(node.ops[0])](a, b)


def _choice(node: ast.IfExp, names: Mapping[str, Any]) -> Any:
    chosen = node.body if _evaluate(node.test, names) else node.orelse
    return _evaluate(chosen, names)


def _function(node: ast.Call, names: Mapping[str, Any]) -> Any:
    if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
        return NOT_ALLOWED
    return _call(node.func.id, [_number(_evaluate(one, names)) for one in node.args])


FORMS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Name: lambda node, names: exact(_look_up(node.id, names)),
    ast.Constant: _constant,
    ast.UnaryOp: _unary,
    ast.BoolOp: _all_or_any,
    ast.BinOp: _arithmetic,
    ast.Compare: _comparison,
    ast.IfExp: _choice,
    ast.Call: _function,
}
"""Every form that is allowed in an expression."""


def _look_up(name: str, names: Mapping[str, Any]) -> Any:
    if name in WORDS and name not in names:
        return WORDS[name]
    if name not in names:
        hint = did_you_mean(name, names) or (
            ONLY_IN_REPEAT if name == "index" else f"; {UNDECLARED}"
        )
        raise LayerError(f"{name!r} is not defined here{hint}")
    return names[name]


def _call(name: str, values: list[Any]) -> Any:
    wanted = TAKES.get(name, "1 or more numbers")
    if len(values) < int(wanted[0]) or (name in TAKES and len(values) > int(wanted[0])):
        raise LayerError(f"{name} takes {wanted}")
    if name == "round_to":
        values[1] = _whole(values[1])
        if not isinstance(values[1], int) or values[1] < 1:
            raise LayerError("round_to takes a value and a whole number of at least 1")
    return FUNCTIONS[name](*values)


def is_number(value: Any) -> bool:
    """Whether a value supports arithmetic: integers and fractions do, and both have a
    denominator."""
    return hasattr(type(value), "denominator")


def _whole(value: Any) -> Any:
    """A whole number as an integer; any other value is unchanged."""
    whole = is_number(value) and not isinstance(value, int) and value.denominator == 1
    return value.numerator if whole else value


def _number(value: Any) -> Any:
    if type(value) is not int and not is_number(value):
        raise LayerError(f"{shown(value)} is not a number")
    return value


def _comparable(value: Any) -> None:
    """Raise LayerError for a word or a list that would take too long to compare."""
    if not is_number(value) and len(str(value)) > LONGEST_COMPARED:
        why = f"it has more than {LONGEST_COMPARED:,} characters"
        raise LayerError(f"{shown(value)} is too long to compare: {why}")


def _bounded(value: Any) -> Any:
    if is_number(value) and not -LARGEST < value < LARGEST:
        raise LayerError("a value is too large", AT_MOST)
    return value
