"""The meanings of the symbols in derivations."""

from collections.abc import Iterable

from cnncalc.derivations.equations import Working
from cnncalc.formulas.expression import Expression

MEANINGS = {
    "N": "input size",
    "F": "kernel size",
    "S": "stride",
    "P": "padding per side",
    "D": "dilation",
    "G": "groups",
    "E": "extent of the window, dilation included",
    "C": "channels",
    "H": "height",
    "W": "width",
    "L": "length",
    "n": "features",
    "k": "pieces",
    "r": "receptive field",
    "j": "jump, the distance in input pixels from one output to the next",
    "s": "start, where the first receptive field begins",
}
"""All one-letter symbols; longer ones are self-explanatory words."""

DEPTH = "depth"
"""D with an index, as in ``D_in``; a bare D is the dilation."""


def legend(workings: Iterable[Working]) -> dict[str, str]:
    """The symbols in these equations and their meanings, in the order of ``MEANINGS``."""
    found: set[str] = set()
    for working in workings:
        found.update(_letters(working.symbol.split(" ")[0]))
        _collect(working.expression, found)
    known = {**MEANINGS, "D_": DEPTH}
    return {symbol.rstrip("_"): known[symbol] for symbol in known if symbol in found}


def _collect(expression: Expression, found: set[str]) -> None:
    found.update(_letters(expression.symbol))
    for operand in expression.operands:
        _collect(operand, found)


def _letters(symbol: str) -> list[str]:
    """The letter of a symbol, if it has one: C for ``C_in``. ``D_in`` is a depth, D a dilation."""
    letter, _, index = symbol.partition(" ")[0].partition("_")
    if len(letter) != 1 or not letter.isalpha():
        return []
    return ["D_"] if letter == "D" and index else [letter]
