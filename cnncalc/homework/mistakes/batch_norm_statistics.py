from collections.abc import Iterator

from cnncalc.analysis.report import Report, Row
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.asks.parameters import Parameters
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value


class WithStatistics(Parameters):
    """Parameters, and the running mean and variance of every channel."""

    def of(self, row: Row, report: Report) -> Value:
        """Their sum."""
        return row.cost.params + _statistics(row)

    def added(self, row: Row, report: Report) -> Value:
        """The number for a layer, which totals add up."""
        return self.of(row, report)

    def derive(self, row: Row, report: Report) -> Derivation:
        """The sum."""
        derivation = super().derive(row, report)
        total = f"{row.cost.params:,} + {_statistics(row):,} running means and variances"
        return derivation._replace(answer=f"{total} = {derivation.answer}")


def _statistics(row: Row) -> int:
    """The running means and variances, without PyTorch's batch counter, which is also a buffer."""
    counters = row.layer.counters()
    return row.cost.buffers - counters if counters else 0


class BatchNormStatistics(Mistake):
    """You counted the running statistics as parameters. A batch norm learns one scale and one shift
    for each channel. It also tracks a running mean and variance for each channel, but these are
    measured, not learned, so they are not parameters.
    """

    says = "counted the running means and variances of batch norms as parameters"
    prior = 25
    examples = (
        Example(
            ("batch_norm",),
            "64x112x112",
            "parameters",
            "256",
            "4·64: scale, shift, mean and variance; only the 2·64 scales and shifts are learned",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question with the statistics as parameters."""
        if question.ask.name == "parameters":
            yield question.asking(WithStatistics())
