from collections.abc import Iterator

from cnncalc.analysis.report import Report, Row
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.asks.backward_macs import BackwardMacs
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value


class TwiceForward(BackwardMacs):
    """Twice the multiply-accumulates of the forward pass."""

    def of(self, row: Row, report: Report) -> Value:
        """Twice the forward pass."""
        return 2 * row.cost.macs

    def added(self, row: Row, report: Report) -> Value:
        """The number for a layer, which totals add up."""
        return self.of(row, report)

    def derive(self, row: Row, report: Report) -> Derivation:
        """The product."""
        derivation = super().derive(row, report)
        return derivation._replace(answer=f"2 · {row.cost.macs:,} = {derivation.answer}")


class ImageGradientCounted(Mistake):
    """You doubled the MACs of the forward pass. That is right for every layer but the first, whose
    input is the image: the image is not trained, so the first layer needs only the gradients of its
    weights.
    """

    says = "counted the gradient of the network's input, which is not needed"
    prior = 30
    examples = (
        Example(
            ({"linear": 100},),
            "784",
            "backward_macs",
            "156,800",
            "2·784·100; the first layer needs only 784·100",
        ),
        Example(
            ({"linear": 100}, {"linear": 10}),
            "784",
            "backward_macs",
            "158,800",
            "2·784·100 + 2·100·10",
            of=None,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question with twice the forward pass."""
        if question.ask.name == "backward_macs":
            yield question.asking(TwiceForward())
