"""Yes or no."""

import re
from dataclasses import dataclass
from typing import Any

from cnncalc.homework.written.texts import as_text
from cnncalc.homework.written.value import KIND, Reading, Terms, Value, Written

YES = {
    *("yes", "y", "yep", "yeah", "true", "legal", "valid", "allowed", "possible", "ok", "okay"),
    *("fine", "fit", "fits", "work", "works", "integer", "whole", "✓", "✔", "divide", "divides"),
    "divisible",
}
NO = {"no", "n", "nope", "false", "illegal", "invalid", "impossible", "✗", "✘"}
NEGATIONS = {"not", "isn't", "doesn't", "cannot", "can't"}
FILLERS = {
    *("it", "it's", "is", "does", "this", "that", "the", "a", "an", "number", "stride", "of"),
    *("evenly", "exactly"),
}
"""Words around a verdict: ``the stride of 3 is legal``."""
REASON = re.compile(r"\s*(?:[,;:.!(–—]|\bbecause\b|\bas\b|\bsince\b|\s-).*", re.DOTALL)
"""The reason after a verdict."""
WORKING = re.compile(r"^[^a-z]*[0-9][^a-z]*(?:\bso\b|→|⇒|=>|->)")
"""The working before a verdict: ``(7-3)/2+1 = 3, so``."""


@dataclass(frozen=True)
class Verdict(Written):
    """Yes or no."""

    yes: bool

    expected = "yes or no (legal or illegal)"
    telling = False

    @classmethod
    def read(cls, given: Any) -> "Verdict | None":
        """A verdict such as ``yes``, ``illegal``, true or ``no, 3 does not divide 4``."""
        text = as_text(given)
        plain = WORKING.sub("", " ".join(text.lower().replace("’", "'").split()))
        words = REASON.sub("", plain.strip())
        found: set[bool] = set()
        negated = False
        for word in words.split():
            if word in NEGATIONS:
                negated = not negated
            elif word in YES or word in NO:
                found.add((word in YES) != negated)
                negated = False
            elif word not in FILLERS and not (word.isdecimal() and "stride" in words):
                return None
        if negated:  # "it isn't"
            found.add(False)
        return cls(text, True in found) if len(found) == 1 else None

    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """Whether it is the right verdict."""
        return Reading() if isinstance(truth, bool) and self.yes == truth else None
