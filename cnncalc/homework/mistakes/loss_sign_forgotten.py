from collections.abc import Iterator

from cnncalc.homework.mistake import Example
from cnncalc.homework.scores import Scores, WrongScores


class LossSignForgotten(WrongScores):
    """You left out the minus sign. The logarithm of a probability is negative, and the loss is the
    opposite, so a loss is never below 0.
    """

    says = "left out the minus sign in front of the logarithm"
    prior = 20
    examples = (
        Example(
            ({"probabilities": "0.5 0.25 0.25", "target": "0 1 0", "log": 2},),
            "",
            "cross_entropy",
            "-2",
            "log2(1/4) = −2",
            of=None,
        ),
    )

    def instead(self, scores: Scores) -> Iterator[Scores]:
        """Without the sign."""
        yield scores._replace(sign=-scores.sign)
