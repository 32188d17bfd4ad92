"""A fraction that remembers how it was computed; loaded only where one turns up."""

from fractions import Fraction

from cnncalc.formulas.expression import Expression


class TracedFraction(Fraction):
    """An exact fraction with the expression that gave it."""

    expression: Expression

    def __new__(cls, value: Fraction, expression: Expression) -> "TracedFraction":
        """A fraction, and how it came about."""
        number = super().__new__(cls, value)
        number.expression = expression
        return number
