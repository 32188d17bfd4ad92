from collections.abc import Iterator

from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.asks.parameters import Parameters
from cnncalc.homework.mistake import Example, Mistake, is_pool
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value


class TwoForEachMap(Parameters):
    """A coefficient and a bias for each map of a pool."""

    def of(self, row: Row, report: Report) -> Value:
        """Twice the number of maps."""
        if not is_pool(row):
            raise LayerError("is not a pool")
        return 2 * row.output.dimensions[0]

    def derive(self, row: Row, report: Report) -> Derivation:
        """The product."""
        total = self.of(row, report)
        return Derivation(self.title, (), f"2 · {row.output.dimensions[0]} = {total}")


class SubsamplingParameters(Mistake):
    """You counted two parameters for each map, as in the original LeNet-5 of 1998. Its subsampling
    layers multiply by a learned coefficient and add a bias; today's pooling layers learn nothing.
    """

    says = "counted a coefficient and a bias for each map, as in the LeNet-5 of 1998"
    prior = 15
    alone = True
    examples = (
        Example(({"avg_pool": 2},), "6x28x28", "parameters", "12", "2·6, as in S2 of LeNet-5"),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question about one layer with two parameters for each map."""
        if question.ask.name == "parameters" and question.row is not None:
            yield question.asking(TwoForEachMap())
