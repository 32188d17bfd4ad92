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

from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Layer, fields_of
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas.tracing import Rules
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value, Written


class Example(NamedTuple):
    """A slip worked by hand: the layers and their input as a spec says them, or the name of a
    network, what is asked (of the last layer, or of the network where ``of`` is None), what the
    mistake makes of it, and why."""

    layers: tuple[Any, ...] | str
    input: str
    ask: str
    wrong: str
    why: str
    of: str | None = "layer"
    batch: int = 1


class Mistake:
    """A wrong rule. Subclasses are one to a file, and hold nothing; the docstring explains the
    mistake to who made it."""

    name: ClassVar[str]
    """The file's name."""
    says: ClassVar[str]
    """What was done, in a few words: ``left out the biases``."""
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

    def instead(self, row: Row) -> Layer | None:
        """The layer that was worked out instead of a row's; None where it is the same."""
        raise NotImplementedError

    def other(self, question: Question) -> Iterator[Question]:
        """The question about the other layer, or the other network."""
        changed = question.with_layers(self.instead)
        if changed is not None:
            yield changed


class WrongInput(Mistake):
    """Other shapes than those that enter the layer."""

    def enters(self, row: Row, report: Report) -> Iterator[Shape]:
        """What was taken for the only input of a row."""
        raise NotImplementedError

    def other(self, question: Question) -> Iterator[Question]:
        """The questions with the other inputs; none of sums, whose layers follow one another."""
        if question.everywhere or question.row is None or len(question.row.inputs) != 1:
            return
        for shape in self.enters(question.row, question.report):
            yield question.with_inputs((shape,))


class WrongAsk(Mistake):
    """Another quantity than the one asked for: the name of what was given by what was asked."""

    gives: ClassVar[Mapping[str, str]]

    def other(self, question: Question) -> Iterator[Question]:
        """The question that was answered."""
        from cnncalc.homework import asks

        given = self.gives.get(question.ask.name)
        if given is not None:
            yield question.asking(asks.load(given))


class WrongSum(Mistake):
    """Layers that are added up more than once, or not at all."""

    def times(self, question: Question) -> Iterator[tuple[str, Mapping[str, int]]]:
        """How often layers were added, with a word on which."""
        raise NotImplementedError

    def other(self, question: Question) -> Iterator[Question]:
        """The other sums; none where nothing is added up."""
        if question.row is None and question.ask.adds_up:
            for detail, times in self.times(question):
                yield question.adding(times).saying(detail)


class WrongWriting(Mistake):
    """A right number that is written wrong: with another unit, without a size."""

    def meant(self, written: Written, truth: Value) -> Written | None:
        """What was meant, where this is the truth; None where it is not written wrong so."""
        raise NotImplementedError

    def other(self, question: Question) -> Iterator[Question]:
        """The question whose answers are read so."""
        if question.meant is None:
            yield question.taking(self.meant)


def with_fields(layer: Layer, **values: Any) -> Layer | None:
    """The layer with fields at other values; None where it has no such fields, cannot have these
    values, or has them already."""
    known = fields_of(type(layer))
    if not known.keys() >= values.keys():
        return None
    try:
        checked = {
            name: value if value is None else known[name].check(value)
            for name, value in values.items()
        }
    except LayerError:
        return None
    changed = dataclasses.replace(layer, **checked)  # type: ignore[type-var]
    return None if changed == layer else changed


def is_pool(row: Row) -> bool:
    """Whether a window slides over a map channel by channel, and nothing is learned."""
    x, out = row.inputs[0] if len(row.inputs) == 1 else None, row.output
    if not (isinstance(x, Map) and isinstance(out, Map)) or out.channels != x.channels:
        return False
    reach = row.layer.reach(x) or ()
    slides = any(axis.extent > 1 for axis in reach) and all(axis.stride >= 1 for axis in reach)
    shrinks = bool(reach) and out.elements < x.elements
    return (slides or shrinks) and row.layer.stored and row.layer.parameters(x).params == 0
