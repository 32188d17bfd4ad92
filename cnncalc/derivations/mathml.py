"""Equations in MathML, which browsers typeset without a script."""

import re
from html import escape

from cnncalc.derivations import wording
from cnncalc.derivations.equations import Working, grouped
from cnncalc.formulas.expression import Expression

INDEXED = re.compile(r"\b([A-Za-z])_([A-Za-z0-9]+)")
FENCES = {"/": ("⌊", "⌋"), "ceil": ("⌈", "⌉")}


def equation(working: Working) -> str:
    """An equation such as ``weights = F·F·C_in·C_out = 5·5·3·10 = 750``, for a line of its own.
    An equation without a symbol exists only as text, in its note."""
    if not working.symbol:
        return f"<math>{_text(working.note)}</math>"
    made, result = working.expression, wording.minus(grouped(working.result))
    steps = [*map(_symbol, working.symbol.split(" = "))]
    if made.op:
        steps.append(_typeset(made, wording.symbols))
        if wording.text(made, wording.numbers) != result:
            steps.append(_typeset(made, wording.numbers))
    elif made.symbol:
        steps.append(_symbol(made.symbol))
    steps.append(_symbol(result))
    note = f"<mspace width='1em'/><mtext>({escape(working.note)})</mtext>" if working.note else ""
    line = "<mo>=</mo>".join(dict.fromkeys(steps))
    return f"<math>{line}{note}</math>"


def _text(text: str) -> str:
    """Text in which only names with an index are set as symbols: p_1 in ``p_1 = e^2/11.2``."""
    pieces = []
    for number, piece in enumerate(INDEXED.split(text)):
        match number % 3:
            case 0 if piece:
                # Spaces at the ends of an <mtext> are lost.
                pieces.append(f"<mtext>{escape(piece).replace(' ', '&#160;')}</mtext>")
            case 1:
                pieces.append(f"<msub><mi>{piece}</mi>")
            case 2:
                pieces.append(f"<mi>{piece}</mi></msub>")
    return "".join(pieces)


def _typeset(expression: Expression, leaf: wording.Leaf) -> str:
    """An expression with its symbols or its numbers."""
    parts = expression.operands
    match expression.op:
        case "":
            return _symbol(leaf(expression))
        case "+":
            return f"{_typeset(parts[0], leaf)}<mo>+</mo>{_typeset(parts[1], leaf)}"
        case "-":
            return f"{_typeset(parts[0], leaf)}<mo>−</mo>{_inside(parts[1], leaf)}"
        case "neg":
            return f"<mo>−</mo>{_inside(parts[0], leaf)}"
        case "*":
            return f"{_inside(parts[0], leaf)}<mo>·</mo>{_inside(parts[1], leaf)}"
        case "share":
            return _fraction(parts, leaf)
        case "/" | "ceil" as op:
            left, right = FENCES[op]
            return f"<mrow><mo>{left}</mo>{_fraction(parts, leaf)}<mo>{right}</mo></mrow>"
        case "round":
            return f"<mi>round</mi><mo>(</mo>{_fraction(parts, leaf)}<mo>)</mo>"
    within = "<mo>,</mo>".join(_typeset(part, leaf) for part in parts)
    return f"<mi>{escape(expression.op)}</mi><mo>(</mo>{within}<mo>)</mo>"


def _fraction(parts: tuple[Expression, ...], leaf: wording.Leaf) -> str:
    top, bottom = (_row(part, leaf) for part in parts)
    return f"<mfrac>{top}{bottom}</mfrac>"


def _row(part: Expression, leaf: wording.Leaf) -> str:
    """An expression as a single element."""
    inner = _typeset(part, leaf)
    return f"<mrow>{inner}</mrow>" if part.op else inner


def _inside(part: Expression, leaf: wording.Leaf) -> str:
    inner = _typeset(part, leaf)
    return f"<mo>(</mo>{inner}<mo>)</mo>" if part.op in ("+", "-", "neg") else inner


def _symbol(name: str) -> str:
    """A number or a symbol; ``C_in`` has its index below the line, and browsers set longer
    identifiers upright."""
    if name.strip("(−)")[:1].isdecimal():
        return f"<mn>{name}</mn>"
    base, _, index = name.partition("_")
    if index and len(base) == 1:
        return f"<msub><mi>{escape(base)}</mi><mi>{escape(index)}</mi></msub>"
    return f"<mtext>{escape(name)}</mtext>" if " " in name else f"<mi>{escape(name)}</mi>"
