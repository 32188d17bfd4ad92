from collections.abc import Iterator

from cnncalc.homework.mistake import Example
from cnncalc.homework.mistakes._scores import WrongScores
from cnncalc.homework.scores import BASES, Scores


class LogarithmBase(WrongScores):
    """You used a different logarithm. Frameworks compute the cross-entropy with the natural
    logarithm, ln; some lectures use log2, which gives 1.44 times as much.
    """

    says = "used a logarithm of the wrong base"
    prior = 25
    examples = (
        Example(
            ({"logits": "2 1 0.1", "target": "1 0 0"},),
            "",
            "cross_entropy",
            "0.602",
            "−log2(0.659), but the natural logarithm gives 0.417",
            of=None,
        ),
    )

    def instead(self, scores: Scores) -> Iterator[Scores]:
        """The scores with each of the other bases."""
        yield from (scores._replace(base=base) for base in BASES.values() if base != scores.base)
