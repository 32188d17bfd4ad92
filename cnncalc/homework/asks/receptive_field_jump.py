from fractions import Fraction

from cnncalc.analysis.receptive import Field
from cnncalc.homework.asks._field import AlongField


class ReceptiveFieldJump(AlongField):
    """The distance in input pixels between the receptive fields of neighbouring outputs."""

    aliases = ("jump", "effective_stride", "cumulative_stride")
    symbols = ("j_out",)

    def along(self, field: Field) -> int | Fraction:
        """The jump."""
        return field.jump
