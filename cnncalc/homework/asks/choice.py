from cnncalc.analysis.report import Report, Row
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.written import Name, Value


class Choice(Ask):
    """A few words that the key states as the answer: usually one of the question's choices."""

    aliases = ("text", "free_text")
    takes = (Name,)
    adds_up = False

    def of(self, row: Row, report: Report) -> Value:
        """Raise NoAnswer: it cannot be computed."""
        raise NoAnswer(
            "has no answer that can be computed; leave out 'given' and state the answer in the key"
        )
