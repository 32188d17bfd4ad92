"""A derivation as data: expressions, and the formula that gave each symbol."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction

AXES = {0: (), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
"""The names of the spatial axes by how many there are: a signal, an image, a volume."""


class Step(NamedTuple):
    """One formula as it ran: the symbol of its result, its derivation, the function, and what is to
    be said of it."""

    symbol: str
    expression: "Expression"
    function: Callable[..., Any]
    note: str = ""


class Expression(NamedTuple):
    """A node of a derivation: a leaf (``op`` is "") or an operator with its operands.

    A leaf that a formula gave has the step that did.
    """

    op: str
    value: "int | Fraction"
    symbol: str = ""
    operands: tuple["Expression", ...] = ()
    step: Step | None = None
