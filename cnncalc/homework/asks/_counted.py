"""What the asks share that are a count of ``Cost``."""

from typing import ClassVar

from cnncalc.homework.ask import Ask
from cnncalc.homework.written import Value
from cnncalc.report import Report, Row


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
