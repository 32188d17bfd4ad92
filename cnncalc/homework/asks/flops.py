from collections.abc import Sequence
from fractions import Fraction

from cnncalc.analysis.report import Report
from cnncalc.formulas import macs
from cnncalc.homework.asks._counted import Counted


class Flops(Counted):
    """The number of floating-point operations: two per multiply-accumulate."""

    aliases = ("flop", "floating_point_operations")
    count = "flops"
    unit = "FLOPs"
    made_of = ("macs",)
    explained = "macs"

    def make(self, parts: Sequence[Fraction], report: Report) -> Fraction:
        """Twice the multiply-accumulates."""
        return Fraction(macs.flops(MACs=parts[0]))  # type: ignore[arg-type]
