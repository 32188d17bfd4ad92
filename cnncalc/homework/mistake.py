"""What a mistake is: the interface that every file of ``mistakes/`` fills in.

A mistake turns a question into another one, and the right answer to that is the wrong answer that
it is known by. So a mistake never computes anything: it declares the wrong rule. Most are one of
the classes below; each says at which level the rule is wrong. None asks for a layer's kind: a wrong
formula applies where its formula is called, a changed field where there is such a field.
"""

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from cnncalc.formulas.tracing import Rules
from cnncalc.homework.question import Question
from cnncalc.layer import Layer


class Example(NamedTuple):
    """A slip worked by hand: the layers and their input as a spec says them, what is asked (of a
    layer, or of the network where it is None), what the mistake makes of it, and why."""

    layers: tuple[Any, ...]
    input: str
    ask: str
    wrong: str
    why: str
    layer: str | None = "layer"


class Mistake:
    """A wrong rule. Subclasses are one to a file, and hold nothing; the docstring explains the
    mistake to who made it."""

    name: ClassVar[str]
    """The file's name."""
    says: ClassVar[str]
    """What was done, in a few words: ``the biases are left out``."""
    prior: ClassVar[int] = 10
    """How common it is: of 100 wrong answers, how many it may well account for."""
    examples: ClassVar[tuple[Example, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.__module__.rpartition(".")[2]

    @property
    def title(self) -> str:
        """The name as it is read."""
        return self.name.replace("_", " ")

    @property
    def explanation(self) -> str:
        """The docstring, as paragraphs without line breaks of their own."""
        text = inspect.getdoc(type(self)) or ""
        return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))

    def other(self, question: Question) -> Iterator[Question]:
        """The questions that whoever makes this mistake answers instead."""
        raise NotImplementedError


class WrongRule(Mistake):
    """A wrong rule in place of a formula, or of several that it is made in alike."""

    rules: ClassVar[Rules]

    def other(self, question: Question) -> Iterator[Question]:
        """The question under the wrong rules."""
        yield question.under(self.rules)


class WrongLayer(Mistake):
    """Another layer than the one that is given: a field forgotten, or read as another."""

    def instead(self, layer: Layer) -> Layer | None:
        """The layer that was worked out instead; None where it is the same."""
        raise NotImplementedError

    def other(self, question: Question) -> Iterator[Question]:
        """The question about the other layer, or the other network."""
        changed = question.with_layers(self.instead)
        if changed is not None:
            yield changed


class WrongAsk(Mistake):
    """Another quantity than the one asked for: what was given, by what was asked."""

    gives: ClassVar[Mapping[str, str]]

    def other(self, question: Question) -> Iterator[Question]:
        """The question that was answered."""
        from cnncalc.homework import asks

        given = self.gives.get(question.ask.name)
        if given is not None:
            yield question.asking(asks.load(given))


def with_field(layer: Layer, name: str, value: Any) -> Layer | None:
    """The layer with a field at another value; None where it has no such field, or that value."""
    if not dataclasses.is_dataclass(layer) or getattr(layer, name, value) == value:
        return None
    return dataclasses.replace(layer, **{name: value})
