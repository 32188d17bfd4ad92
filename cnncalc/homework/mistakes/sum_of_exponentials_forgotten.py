from collections.abc import Iterator

from cnncalc.homework.mistake import Example
from cnncalc.homework.mistakes._scores import WrongScores
from cnncalc.homework.scores import Scores


class SumOfExponentialsForgotten(WrongScores):
    """You stopped at the exponentials. A softmax divides each by their sum, so that the
    probabilities add up to 1.
    """

    says = "did not divide the exponentials by their sum"
    prior = 15
    examples = (
        Example(
            ({"logits": "1 0"},), "", "softmax", "2.718 1", "e and 1, not divided by e + 1", of=None
        ),
    )

    def instead(self, scores: Scores) -> Iterator[Scores]:
        """The scores without the division."""
        yield scores._replace(normalized=False)
