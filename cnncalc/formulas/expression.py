"""A derivation as data: expressions, and the formula that computed each symbol."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction

AXES = {0: (), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
"""The names of the spatial axes of a signal, an image and a volume, by rank."""


class Step(NamedTuple):
    """A formula as it ran: the symbol of its result, the derivation, the function, and a note to
    show beside it."""

    symbol: str
    expression: "Expression"
    function: Callable[..., Any]
    note: str = ""


class Expression(NamedTuple):
    """A node of a derivation: a leaf (``op`` is empty) or an operator with its operands.

    A leaf that a formula computed refers to that formula's step.
    """

    op: str
    value: "int | Fraction"
    symbol: str = ""
    operands: tuple["Expression", ...] = ()
    step: Step | None = None
