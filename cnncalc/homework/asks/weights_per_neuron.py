from cnncalc.analysis.report import Report, Row
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.written import Value


class WeightsPerNeuron(Ask):
    """The number of weights behind one output, without its bias: the size of one filter."""

    aliases = (
        "weights_per_filter",
        "weights_per_unit",
        "weights_of_one_neuron",
        "fan_in",
    )
    adds_up = False

    def of(self, row: Row, report: Report) -> Value:
        """The multiply-accumulates of one output."""
        macs, outputs = row.cost.macs, row.cost.activation
        reach = row.layer.reach(*row.inputs) or ()
        if not row.layer.known or not macs or macs % outputs or any(one.cut for one in reach):
            raise NoAnswer("has no weights, or its outputs use different numbers of them")
        return macs // outputs

    def derive(self, row: Row, report: Report) -> Derivation:
        """The multiply-accumulates of the layer, divided by its outputs."""
        macs, outputs = row.cost.macs, row.cost.activation
        answer = (
            f"{macs:,} MACs for {outputs:,} outputs: {self.answer_text(self.of(row, report))} each"
        )
        return Derivation(self.title, (), answer)
