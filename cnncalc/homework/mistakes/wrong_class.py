from collections.abc import Iterator

from cnncalc.homework.mistakes._examples import on_three_classes
from cnncalc.homework.mistakes._scores import WrongScores
from cnncalc.homework.scores import Scores


class WrongClass(WrongScores):
    """You used the probability of the wrong class. Each class counts as much as its number in the
    target: a 1 keeps its class, and the zeros remove the others from the sum.
    """

    says = "used the probability of the wrong class"
    prior = 18
    examples = (on_three_classes("1 0 0", "2", "−log2(1/4), but the target is the first class"),)

    def instead(self, scores: Scores) -> Iterator[Scores]:
        """The scores with each other class as the target."""
        classes = len(scores.target)
        for place in range(classes):
            other = tuple(float(place == one) for one in range(classes))
            if other != scores.target:
                yield scores._replace(target=other)
