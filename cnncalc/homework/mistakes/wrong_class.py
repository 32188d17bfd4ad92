from collections.abc import Iterator

from cnncalc.homework.mistake import Example
from cnncalc.homework.scores import Scores, WrongScores


class WrongClass(WrongScores):
    """You used the probability of another class. Only the class with a 1 in the target counts: the
    zeros remove all others from the sum.
    """

    says = "used the probability of another class"
    prior = 18
    examples = (
        Example(
            ({"probabilities": "0.5 0.25 0.25", "target": "1 0 0", "log": 2},),
            "",
            "cross_entropy",
            "2",
            "−log2(1/4), but the target is the first class",
            of=None,
        ),
    )

    def instead(self, scores: Scores) -> Iterator[Scores]:
        """The targets of the other classes."""
        classes = len(scores.target)
        for place in range(classes):
            other = tuple(float(place == one) for one in range(classes))
            if other != scores.target:
                yield scores._replace(target=other)
