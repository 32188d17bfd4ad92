from cnncalc.analysis.report import Report, Row
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.asks._counted import Counted


class Connections(Counted):
    """LeCun's count of connections: from each output to the inputs and the bias that it reads."""

    aliases = ("connection", "links", "synapses")
    count = "connections"
    explained = "macs"
    symbols = ("MACs", "MACs of the batch")

    def derive(self, row: Row, report: Report) -> Derivation:
        """The multiply-accumulates, plus a bias for each output."""
        derivation = super().derive(row, report)
        macs, biases = row.cost.macs, row.cost.connections - row.cost.macs
        if not macs or not biases:
            return derivation
        return derivation._replace(answer=f"{macs:,} + {biases:,} = {derivation.answer}")
