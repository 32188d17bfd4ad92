"""Questions whose answers cannot be computed: their key states what is right.

name: activation
choices: [ReLU, max pooling, batch norm]
answer: ReLU
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from cnncalc.analysis.report import Report
from cnncalc.api import summarize
from cnncalc.core.errors import UsageError
from cnncalc.derivations.explain import Derivation
from cnncalc.homework import asks
from cnncalc.homework.question import Question
from cnncalc.homework.written import Name, Names, as_text, format_value


@dataclass(frozen=True, eq=False)
class Stated(Question):
    """A question with its right answers."""

    names: Names = Names()

    @cached_property
    def value(self) -> Names:
        """The right answers."""
        return self.names

    @cached_property
    def derivation(self) -> Derivation:
        """The answer: there is nothing to derive."""
        return Derivation(self.ask.title, (), format_value(self.names))


def question(right: Any, choices: Sequence[Any] = ()) -> Stated:
    """The question with this answer, or with a list of them; raises UsageError if there is none, or
    if none of the ``choices`` is right."""
    listed: Sequence[Any] = right if isinstance(right, list) else [right]
    names = Names(as_text(one) for one in listed if one is not None)
    if not names:
        raise UsageError("the question needs 'given' and 'ask', or the right answer")
    if choices and not any(Name(as_text(one)).agrees(names) for one in choices):
        raise UsageError(f"the right answer {names[0][:60]!r} is not one of the choices")
    return Stated(asks.load("choice"), _nothing(), names=names)


@cache
def _nothing() -> Report:
    """A placeholder network, because every question needs one."""
    return summarize({"name": "nothing", "input": 1, "layers": ["identity"]})
