"""The meanings of the symbols in derivations."""

from collections.abc import Container, Iterable

from cnncalc.derivations.equations import Working
from cnncalc.formulas.expression import Expression

MEANINGS = {
    "N": "input size",
    "F": "kernel size",
    "S": "stride",
    "P": "padding per side",
    "D": "dilation",
    "D_": "depth",
    "G": "groups",
    "E": "extent of the window, dilation included",
    "C": "channels",
    "H": "height",
    "W": "width",
    "L": "length",
    "n": "values normalized together",
    "n_": "features",
    "k": "pieces",
    "r": "side of a block of pixels",
    "r_": "receptive field",
    "j": "jump, the distance in input pixels from one output to the next",
    "s": "start, where the first receptive field begins",
}
"""All one-letter symbols; longer ones are self-explanatory words. ``D_`` stands for a D with an
index, as in ``D_in``; other letters mean the same with an index, unless they are listed twice."""


def legend(workings: Iterable[Working]) -> dict[str, str]:
    """The symbols in these equations and their meanings, in the order of ``MEANINGS``."""
    found: set[str] = set()
    for working in workings:
        for symbol in working.symbol.split(" = "):
            found.update(_letters(symbol.split(" ")[0]))
        _collect(working.expression, found)
    return meanings(found)


def meanings(found: Container[str]) -> dict[str, str]:
    """The meanings of these symbols. One with an index is labelled so if its letter also occurs
    alone."""
    known = [symbol for symbol in MEANINGS if symbol in found]
    return {
        symbol.replace("_", " with an index" * (symbol[0] in known)): MEANINGS[symbol]
        for symbol in known
    }


def _collect(expression: Expression, found: set[str]) -> None:
    found.update(_letters(expression.symbol))
    for operand in expression.operands:
        _collect(operand, found)


def _letters(symbol: str) -> list[str]:
    """The letter of a symbol, if it has one: C for ``C_in``, but ``D_`` for ``D_in``."""
    letter, _, index = symbol.partition(" ")[0].partition("_")
    if len(letter) != 1 or not letter.isalpha():
        return []
    return [f"{letter}_"] if index and f"{letter}_" in MEANINGS else [letter]
