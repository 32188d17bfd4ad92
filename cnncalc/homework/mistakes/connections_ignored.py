from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields


class ConnectionsIgnored(WrongLayer):
    """You let every filter read all input channels. In this layer, a table says which channels each
    filter reads, so filters can differ in depth. Only the connections in the table have weights.
    """

    says = "ignored the connection table and let every filter read all channels"
    prior = 30
    examples = (
        Example(
            ({"conv": {"filters": 2, "kernel": 2, "connections": [[0], [0, 1]]}},),
            "2x3x3",
            "parameters",
            "18",
            "(2·2·2 + 1)·2, but the table has 3 connections, not 4",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The layer without its table."""
        return with_fields(row.layer, connections=None)
