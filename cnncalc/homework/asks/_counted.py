"""What the asks share that are a count of ``Cost``."""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from cnncalc.analysis.report import Report, Row
from cnncalc.core import units
from cnncalc.core.cost import BYTES
from cnncalc.formulas import memory
from cnncalc.homework.ask import Ask
from cnncalc.homework.written import Value


class Counted(Ask):
    """A count of a layer, and its sum over a network."""

    count: ClassVar[str]
    """Its name in ``Cost``."""
    summed: ClassVar[str] = ""
    """The count that is added up to a total, where it is another."""

    def of(self, row: Row, report: Report) -> Value:
        """The count."""
        return int(getattr(row.cost, self.count))

    def added(self, row: Row, report: Report) -> Value:
        """The count, or the one that totals are made of."""
        return int(getattr(row.cost, self.summed or self.count))


class Stored(Counted):
    """The bytes of numbers, made of how many there are."""

    unit: ClassVar = "B"

    def make(self, parts: Sequence[Fraction], report: Report) -> Fraction:
        """The bytes of so many numbers."""
        b = BYTES[report.dtype]
        return Fraction(memory.size_in_bytes(elements=parts[0], bytes_each=b))  # type: ignore[arg-type]

    def said(self, value: Value) -> str:
        """The bytes, where there are many in MB and MiB as well."""
        said = super().said(value)
        if not isinstance(value, int) or value < 1024:
            return said
        return f"{said} = {units.in_bytes(value)} = {units.in_binary(value)}"
