from cnncalc.core.errors import UsageError
from cnncalc.core.shape import Map
from cnncalc.homework.convolution.matrix import Tensor
from cnncalc.homework.scores import ScoreAsk, Scores, softmax
from cnncalc.homework.written import Matrix, Value


class Softmax(ScoreAsk):
    """The probabilities that a softmax computes from given logits."""

    aliases = ("probabilities",)
    takes = (Matrix,)
    needs = "{logits: 2 1 0.1}"

    def answer(self, scores: Scores) -> Value:
        """A row of probabilities."""
        found = softmax(scores)
        return Tensor(Map(1, (len(found),)), (found,), decimal=True)

    def check_scores(self, scores: Scores) -> None:
        """Raise UsageError if there are no logits."""
        if not scores.logits:
            raise UsageError(f"a softmax needs 'logits', as in {self.needs}")
