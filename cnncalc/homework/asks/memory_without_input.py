from cnncalc.analysis.report import Report, Row
from cnncalc.homework.asks._counted import Stored
from cnncalc.homework.written import Value


class MemoryWithoutInput(Stored):
    """The bytes of the outputs that are stored, without the network's input."""

    aliases = ("activation_memory_without_input",)
    count = "activation_bytes"
    summed = "activations_total_bytes"

    def added(self, row: Row, report: Report) -> Value:
        """The bytes that the layer stores; 0 for an input."""
        return super().added(row, report) if row.sources else 0
