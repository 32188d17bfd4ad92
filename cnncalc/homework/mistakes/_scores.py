"""The base class of mistakes that concern the scores of a classifier."""

from abc import abstractmethod
from collections.abc import Iterator

from cnncalc.homework.mistake import Mistake
from cnncalc.homework.question import Question
from cnncalc.homework.scores import Scored, Scores


class WrongScores(Mistake):
    """A mistake that uses the wrong scores, or uses them wrongly."""

    @abstractmethod
    def instead(self, scores: Scores) -> Iterator[Scores]:
        """The scores as the student used them."""

    def other(self, question: Question) -> Iterator[Question]:
        """The questions about the scores as the student used them."""
        if isinstance(question, Scored):
            yield from map(question.with_scores, self.instead(question.scores))
