"""A fraction that records its derivation; imported only when one occurs."""

from fractions import Fraction

from cnncalc.formulas.expression import Expression


class TracedFraction(Fraction):
    """An exact fraction with the expression that computed it."""

    expression: Expression

    def __new__(cls, value: Fraction, expression: Expression) -> "TracedFraction":
        """A fraction with its derivation."""
        number = super().__new__(cls, value)
        number.expression = expression
        return number
