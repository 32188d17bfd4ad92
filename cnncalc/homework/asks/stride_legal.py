"""Whether a stride is legal."""

from typing import ClassVar

from cnncalc.homework.ask import Ask
from cnncalc.homework.asks import _window
from cnncalc.homework.written import Value, Verdict
from cnncalc.report import Report, Row


class StrideLegal(Ask):
    """Whether the stride divides what the window can move: "fractions are illegal"."""

    aliases: ClassVar = ("legal", "legal_stride", "fits", "stride_fits")
    takes: ClassVar = (Verdict,)
    explained: ClassVar = "shape"

    def of(self, row: Row, report: Report) -> Value:
        """Whether nothing is left over along any axis."""
        return all(axis.fits for axis in _window.axes(row))
