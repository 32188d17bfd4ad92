"""Limits the work that a spec may cause, by counting everything that a short text can multiply."""

from cnncalc.core.errors import SpecError, Where
from cnncalc.spec.expression import MAX_CHARACTERS

MAX_STEPS = 25_000
USUAL_NAME = 100
USUAL_EXPRESSION = 24
"""Using a name, or evaluating an expression, of up to these lengths takes no extra steps."""


class LimitReached(Exception):
    """Stops the expansion: a limit was reached, or there are too many mistakes. ``error`` says
    which limit, unless that has already been reported."""

    def __init__(self, error: SpecError | None = None) -> None:
        super().__init__()
        self.error = error


class Work:
    """A count of steps; each takes a few microseconds and a few hundred bytes at most."""

    def __init__(self) -> None:
        self.steps = 0
        self.parsed: set[str] = set()

    def add(self, steps: int, where: Where) -> None:
        """Count some steps; raises LimitReached once there are more than ``MAX_STEPS``."""
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise LimitReached(
                SpecError(f"the spec expands to more than {MAX_STEPS:,} steps", where)
            )

    def letters(self, text: str, where: Where) -> None:
        """Count a name, or the text of a layer's fields, if it is longer than usual."""
        self.add(max(len(text) - USUAL_NAME, 0) // 4, where)

    def expression(self, text: str, where: Where) -> None:
        """Count an expression: parsing it once, and each evaluation if it is longer than usual."""
        length = min(len(text), MAX_CHARACTERS)
        if text not in self.parsed:
            self.parsed.add(text)
            self.add(length, where)
        self.add(max(length - USUAL_EXPRESSION, 0), where)
