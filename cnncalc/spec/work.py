"""How much work a spec may cause. Everything that a short text can multiply is counted here."""

from cnncalc.core.errors import SpecError, Where
from cnncalc.spec.expression import MOST_CHARACTERS

MOST_STEPS = 220_000
USUAL_NAME = 100
USUAL_EXPRESSION = 24
"""Names and expressions of this many characters are part of a step."""


class TooMuch(Exception):
    """Expanding stops here: a limit is reached (``error`` says which), or enough is wrong."""

    def __init__(self, error: SpecError | None = None) -> None:
        super().__init__()
        self.error = error


class Work:
    """A count of steps; each takes a few microseconds and a few hundred bytes at most."""

    def __init__(self) -> None:
        self.steps = 0
        self.parsed: set[str] = set()

    def add(self, steps: int, where: Where) -> None:
        """Count some steps; raises TooMuch once there are more than ``MOST_STEPS``."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise TooMuch(SpecError(f"expands to more than {MOST_STEPS:,} steps", where))

    def letters(self, text: str, where: Where) -> None:
        """Count a name, or the fields of a layer as text, where they are longer than usual."""
        self.add(max(len(text) - USUAL_NAME, 0) // 4, where)

    def expression(self, text: str, where: Where) -> None:
        """Count an expression: parsing it once, and evaluating it where it is longer than usual."""
        length = min(len(text), MOST_CHARACTERS)
        if text not in self.parsed:
            self.parsed.add(text)
            self.add(length, where)
        self.add(max(length - USUAL_EXPRESSION, 0), where)
