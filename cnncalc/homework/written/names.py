"""The name of something, such as a layer, or a few words."""

import re
from dataclasses import dataclass
from typing import Any

from cnncalc.homework.written.texts import as_text, readable
from cnncalc.homework.written.value import (
    KIND,
    Names,
    Reading,
    Terms,
    Value,
    Written,
    format_value,
)

BRACKETS = re.compile(r"\([^()]*\)")
"""Remarks beside a name, as in ``CONV1 (f=5, s=1)`` and ``conv1 (Conv2D)``."""
AROUND = re.compile(
    r"^(?:(?:it is|it's|the (?:answer|layer)[^,;]* is|the|a|an|layer)\s+)*|"
    r"\s+layer$|(?:\s+layer)?(?:,? with|,? because|,? since| has the most)\s.*$",
    re.IGNORECASE,
)
"""Words around a name, as in ``It is the fc6 layer``."""


def plain(text: str) -> str:
    """A normal form of names, in which only letters and digits matter."""
    return re.sub(r"[\W_]", "", readable(text)).lower()


@dataclass(frozen=True)
class Name(Written):
    """A name or a few words, whose case and punctuation do not matter."""

    expected = "a name or a few words"
    telling = False

    @classmethod
    def read(cls, given: Any) -> "Name | None":
        """Any text with a letter or a digit."""
        text = as_text(given)
        return cls(text) if plain(text) and not isinstance(given, list) else None

    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """Whether it is one of the right names, apart from brackets and words around it."""
        if not isinstance(truth, Names):
            return None
        bare = AROUND.sub("", BRACKETS.sub("", self.text).strip(" ."))
        same = {plain(self.text), plain(bare)} & {plain(name) for name in truth}
        return Reading() if same else None

    def differs(self, truth: Value, unit: str = "") -> str:
        """The right name."""
        if isinstance(truth, Names) and any(" " in name for name in truth):
            return f"the right answer is {format_value(Names(map(repr, truth)))}"
        return f"it is {format_value(truth)}"
