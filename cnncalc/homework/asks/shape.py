"""Output shapes."""

from collections.abc import Mapping
from typing import ClassVar

from cnncalc.homework.ask import Ask
from cnncalc.homework.written import Size, Value
from cnncalc.report import Report, Row


class Shape(Ask):
    """The shape of what a layer puts out, or the network."""

    aliases: ClassVar = ("output", "output_shape", "output_size", "size")
    takes: ClassVar = (Size,)
    explained: ClassVar = "shape"

    def of(self, row: Row, report: Report) -> Value:
        """The shape."""
        return row.output

    def total(self, report: Report, times: Mapping[str, int]) -> Value:
        """What the last layer puts out."""
        return report.output_shape
