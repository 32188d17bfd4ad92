"""The jump of receptive fields."""

from fractions import Fraction
from typing import ClassVar

from cnncalc.analysis.receptive import Field
from cnncalc.homework.asks._field import AlongField


class ReceptiveFieldJump(AlongField):
    """The distance in input pixels between the receptive fields of neighbouring outputs."""

    aliases: ClassVar = ("jump", "effective_stride", "cumulative_stride")
    symbols: ClassVar = ("j_out",)

    def along(self, field: Field) -> int | Fraction:
        """The jump."""
        return field.jump
