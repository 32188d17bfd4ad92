from collections.abc import Iterator

from cnncalc.homework.mistake import Example
from cnncalc.homework.mistakes._scores import WrongScores
from cnncalc.homework.scores import Scores


class ExponentialForgotten(WrongScores):
    """You divided the logits by their sum. A softmax first takes the exponential of each, so that
    all are positive and the largest stands out.
    """

    says = "divided the logits by their sum, without the exponentials"
    prior = 20
    examples = (
        Example(
            ({"logits": "2 1 1"},),
            "",
            "softmax",
            "0.5 0.25 0.25",
            "2/4, 1/4 and 1/4, instead of e²/(e² + e + e) and so on",
            of=None,
        ),
    )

    def instead(self, scores: Scores) -> Iterator[Scores]:
        """The scores without the exponentials."""
        yield scores._replace(exponential=False)
