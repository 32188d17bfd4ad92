"""A table of connections ignored."""

from typing import ClassVar

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields


class ConnectionsIgnored(WrongLayer):
    """In this layer each filter reads only the channels that a table gives to it, so that filters
    differ in depth. Only the links of the table have weights.
    """

    says: ClassVar = "the table of connections is ignored: every filter is taken to read all"
    prior: ClassVar = 30
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 2, "kernel": 2, "connections": [[0], [0, 1]]}},),
            "2x3x3",
            "parameters",
            "18",
            "(2·2·2 + 1)·2, though there are 3 links, not 4",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The same without a table."""
        return with_fields(row.layer, connections=None)
