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
        """Raise LayerError: nothing can compute it."""
        raise LayerError("needs the right answer in the key, and nothing is given")
