from collections.abc import Iterator

from cnncalc.analysis.report import Report, Row
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.asks.macs import Macs
from cnncalc.homework.mistake import Mistake
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value


class Halved(Macs):
    """Half of the multiply-accumulates."""

    def of(self, row: Row, report: Report) -> Value:
        """Half of them, rounded down."""
        return row.cost.macs // 2

    def added(self, row: Row, report: Report) -> Value:
        """The number for a layer, which totals add up."""
        return self.of(row, report)

    def derive(self, row: Row, report: Report) -> Derivation:
        """The quotient."""
        derivation = super().derive(row, report)
        return derivation._replace(answer=f"{row.cost.macs:,} / 2 = {derivation.answer}")


class MacsHalved(Mistake):
    """You halved the number. A multiply-accumulate is one product that is added to a sum, so the
    number of products is already the number of MACs; only FLOPs are twice as many.
    """

    says = "halved the number of products, as if they were FLOPs"
    prior = 6
    alone = True
    examples = (on_ten_filters("macs", "384,000", "768,000 / 2; every product is one MAC"),)

    def other(self, question: Question) -> Iterator[Question]:
        """The question with half of the MACs."""
        if question.ask.name == "macs":
            yield question.asking(Halved())
