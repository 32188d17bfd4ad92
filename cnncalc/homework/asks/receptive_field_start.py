from fractions import Fraction

from cnncalc.analysis.receptive import Field
from cnncalc.homework.asks._field import AlongField


class ReceptiveFieldStart(AlongField):
    """The first input pixel that the first output sees, counted from 0; negative if it lies in the
    padding."""

    aliases = ("start",)
    also = ("receptive_field_centre",)
    symbols = ("s_out",)

    def along(self, field: Field) -> int | Fraction:
        """The start."""
        return field.start
