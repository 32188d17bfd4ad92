from cnncalc.analysis.report import Report, Row
from cnncalc.homework.ask import NoAnswer
from cnncalc.homework.asks._counted import Counted, exact
from cnncalc.homework.written import Value


class BackwardMacsOfAFirstLayer(Counted):
    """The multiply-accumulates of a backward pass through the first layer of a network, whose input
    needs no gradient."""

    aliases = ("backward_macs_of_the_first_layer",)
    in_place = "these are the"
    count = "backward_macs"
    unit = "MACs"
    cumulative = True
    adds_up = False

    def of(self, row: Row, report: Report) -> Value:
        """The count for the gradients of the weights and of the layer's own intermediate results;
        raises NoAnswer if the layer is not the first."""
        exact(row, self.count)
        if any(report.rows[source].sources for source in row.sources):
            raise NoAnswer("is not the first layer")
        given = row.inputs, row.output, report.batch, report.dtype
        return row.layer.cost(*given, trainable=row.trainable).backward_macs
