"""Which padding keeps the size."""

from typing import ClassVar

from cnncalc.errors import LayerError
from cnncalc.homework.ask import Ask
from cnncalc.homework.asks import _window
from cnncalc.homework.written import Value
from cnncalc.report import Report, Row


class SamePadding(Ask):
    """The zeros on each side with which the output is as large as the input, at stride 1."""

    aliases: ClassVar = ("padding", "padding_that_keeps_the_size")

    def of(self, row: Row, report: Report) -> Value:
        """(F - 1)/2 of the window's extent; raises LayerError where it is no whole number."""
        extents = {axis.extent for axis in _window.axes(row)}
        if len(extents) > 1 or min(extents) % 2 == 0:
            raise LayerError("has no padding that is the same on all sides and keeps the size")
        return (extents.pop() - 1) // 2
