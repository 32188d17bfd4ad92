from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.homework.ask import Ask
from cnncalc.homework.written import Name, Value


class Choice(Ask):
    """The answer that the key states, in a few words: usually one of its choices."""

    aliases = ("text", "free_text")
    takes = (Name,)
    adds_up = False

    def of(self, row: Row, report: Report) -> Value:
        """Raise LayerError: it cannot be computed."""
        raise LayerError("cannot be computed; leave out 'given' and state the answer in the key")
