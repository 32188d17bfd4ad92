from collections.abc import Iterator
from fractions import Fraction

from cnncalc.analysis.report import Report
from cnncalc.core.errors import UsageError
from cnncalc.homework.convolution.writing import Style
from cnncalc.homework.scores import ScoreAsk, Scores, cross_entropy, softmax
from cnncalc.homework.written import KIND, Irrational, Reading, Terms, Value, Written, format_value

ROUNDING = Fraction(1, 100)
"""The relative error that a loss may have if it is computed from rounded probabilities."""
NAMES = {0: "ln", 2: "log2", 10: "log10"}
"""The logarithms by their base."""


class CrossEntropy(ScoreAsk):
    """The cross-entropy of given logits or probabilities and a target."""

    aliases = ("loss", "cross_entropy_loss", "log_loss")
    needs = "{logits: 2 1 0.1, target: 1 0 0}"

    def answer(self, scores: Scores) -> Value:
        """The loss."""
        return Irrational(Fraction(cross_entropy(scores)))

    def check_scores(self, scores: Scores) -> None:
        """Raise UsageError unless there are scores, each with a target, and the loss is finite."""
        given = scores.logits or scores.probabilities
        if not given:
            raise UsageError(f"a loss needs 'logits' or 'probabilities', as in {self.needs}")
        if len(scores.target) != len(given):
            raise UsageError(f"'target' needs a number for each class, as in {self.needs}")
        if any(t and not p for t, p in zip(scores.target, softmax(scores), strict=True)):
            raise UsageError("the probability of the target is 0, so the loss is infinite")

    def lines(self, scores: Scores) -> Iterator[str]:
        """The equation of the loss."""
        pairs = zip(scores.target, softmax(scores), strict=True)
        terms = [f"{t:g}·{NAMES[scores.base]}({Style().text(p)})" for t, p in pairs if t]
        together = f"({' + '.join(terms)})" if len(terms) > 1 else terms[0].removeprefix("1·")
        sign = "−" if scores.sign < 0 else ""
        yield f"L = {sign}{together} = {format_value(self.answer(scores))}"

    def agrees(
        self, written: Written, value: Value, report: Report, terms: Terms = KIND
    ) -> Reading | None:
        """Accept any rounded value, because none is exact, and an error of 1% from rounded
        intermediate results."""
        within = terms._replace(strict=False, tolerance=max(terms.tolerance, ROUNDING))
        return Reading() if super().agrees(written, value, report, within) else None
