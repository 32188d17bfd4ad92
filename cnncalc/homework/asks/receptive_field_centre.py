from fractions import Fraction

from cnncalc.analysis.receptive import Field
from cnncalc.homework.asks._field import AlongField
from cnncalc.homework.asks.receptive_field_start import ReceptiveFieldStart


class ReceptiveFieldCentre(AlongField):
    """The centre of the first output's receptive field, measured from the edge of the image: the
    centre of the first pixel is at 0.5.

    Dang Ha The Hien, A guide to receptive field arithmetic for CNNs, 2017, calls this the start.
    """

    aliases = ("receptive_field_center", "centre", "center")
    in_place = "this is the"
    symbols = (*ReceptiveFieldStart.symbols, "r_out")

    def along(self, field: Field) -> int | Fraction:
        """The start plus half of the size."""
        centre = field.start + Fraction(field.size, 2)
        return int(centre) if centre.denominator == 1 else centre

    def answer_text(self, value: int | Fraction) -> str:  # type: ignore[override]
        """The centre as a decimal."""
        return f"{float(value):g}"
