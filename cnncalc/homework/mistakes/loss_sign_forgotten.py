from collections.abc import Iterator

from cnncalc.homework.mistakes._examples import on_three_classes
from cnncalc.homework.mistakes._scores import WrongScores
from cnncalc.homework.scores import Scores


class LossSignForgotten(WrongScores):
    """You left out the minus sign. The logarithm of a probability is never positive, and the loss
    is its negative, so the loss is never below 0.
    """

    says = "left out the minus sign in front of the logarithm"
    prior = 20
    examples = (on_three_classes("0 1 0", "-2", "log2(1/4) = −2"),)

    def instead(self, scores: Scores) -> Iterator[Scores]:
        """The scores for a loss without its sign."""
        yield scores._replace(sign=-scores.sign)
