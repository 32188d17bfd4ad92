"""The asks that read a count from ``Cost``."""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from cnncalc.analysis.report import Report, Row
from cnncalc.core import units
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import LayerError
from cnncalc.formulas import memory
from cnncalc.homework.ask import Ask
from cnncalc.homework.written import Value


def exact(row: Row, count: str) -> int:
    """A count of a layer; raises LayerError if it is not known."""
    if count in row.unknown:
        raise LayerError(f"not known for layer {row.name!r} ({row.kind})")
    return int(getattr(row.cost, count))


class Counted(Ask):
    """A count of a layer, and its sum over a network."""

    count: ClassVar[str]
    """The field of ``Cost``."""
    summed: ClassVar[str] = ""
    """The field that totals add up, if it is a different one."""

    def of(self, row: Row, report: Report) -> Value:
        """The count."""
        if self.count in row.unknown:
            raise LayerError(f"not known, because the layer is {row.kind}")
        return exact(row, self.count)

    def added(self, row: Row, report: Report) -> Value:
        """The count that totals add up."""
        return exact(row, self.summed or self.count)


class Stored(Counted):
    """The bytes of a number of values."""

    unit = "B"

    def make(self, parts: Sequence[Fraction], report: Report) -> Fraction:
        """The bytes of this many values."""
        b = BYTES[report.dtype]
        return Fraction(memory.size_in_bytes(elements=parts[0], bytes_each=b))  # type: ignore[arg-type]

    def answer_text(self, value: Value) -> str:
        """The bytes; from 1,024, also in units such as MB and MiB."""
        answer_text = super().answer_text(value)
        if not isinstance(value, int) or value < 1024:
            return answer_text
        return f"{answer_text} = {units.in_bytes(value)} = {units.in_binary(value)}"
