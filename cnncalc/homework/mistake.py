"""The interface of a mistake; each mistake is one file in ``mistakes/``.

A mistake turns a question into a different one, whose right answer is the wrong answer to
recognize. Most mistakes subclass one of the classes below: a wrong rule, layer, input, quantity,
sum or notation. None of these checks a layer's kind: a wrong formula applies wherever the formula
is called, and a changed field wherever the field exists.
"""

import dataclasses
import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import fields_of
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas.tracing import Rules
from cnncalc.homework.named import Named
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value, Written


class Example(NamedTuple):
    """A mistake worked by hand.

    ``layers`` and ``input`` are written as in a spec; ``layers`` may also name a network, or hold
    the numbers or scores of a question as ``given`` does. ``ask`` is about the last layer, or about
    the network if ``of`` is None. ``wrong`` is the answer with the mistake, and ``why`` its
    arithmetic.
    """

    layers: tuple[Any, ...] | str
    input: str
    ask: str
    wrong: str
    why: str
    of: str | None = "layer"
    batch: int = 1


UNITS = {"macs": "MACs", "flops": "FLOPs", "mb": "MB", "mib": "MiB"}
"""The units in the names of mistakes, as they are written."""


class Mistake(Named, ABC):
    """A known mistake: one stateless subclass per file.

    The docstring of the subclass explains the mistake to the student who made it.
    """

    says: ClassVar[str]
    """A few words on what the student did: ``left out the biases``."""
    prior: ClassVar[int] = 10
    """How common it is: the number of wrong answers in 100 that it plausibly explains."""
    alone: ClassVar[bool] = False
    """Whether it is never combined with a second mistake, because the pair would explain too many
    numbers by chance."""
    examples: ClassVar[tuple[Example, ...]] = ()

    @property
    def title(self) -> str:
        """The name in plain words, with units as they are written: ``MB for MiB``."""
        return " ".join(UNITS.get(word, word) for word in self.name.split("_"))

    @property
    def explanation(self) -> str:
        """The docstring as paragraphs, each on one line, with names in quotes."""
        text = (inspect.getdoc(type(self)) or "").replace("``", "'")
        return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))

    @abstractmethod
    def other(self, question: Question) -> Iterator[Question]:
        """The questions that a student with this mistake actually answers."""


class WrongRule(Mistake):
    """Wrong rules in place of one or more formulas."""

    rules: ClassVar[Rules]

    def other(self, question: Question) -> Iterator[Question]:
        """The question under the wrong rules."""
        yield question.under(self.rules)


class WrongLayer(Mistake):
    """A different layer: for example, one with a field left out."""

    @abstractmethod
    def instead(self, row: Row) -> Layer | None:
        """The layer in place of a row's own; None if the mistake does not apply."""

    def other(self, question: Question) -> Iterator[Question]:
        """The question about the other layer or network."""
        changed = question.with_layers(self.instead)
        if changed is not None:
            yield changed


class WrongInput(Mistake):
    """A different input shape."""

    @abstractmethod
    def other_inputs(self, row: Row, report: Report) -> Iterator[Shape]:
        """The shapes in place of a row's only input."""

    def other(self, question: Question) -> Iterator[Question]:
        """The questions with the other inputs; none if the whole network is recomputed, because
        its layers feed one another, or if the layer has several inputs."""
        if question.everywhere or question.row is None or len(question.row.inputs) != 1:
            return
        for shape in self.other_inputs(question.row, question.report):
            yield question.with_inputs((shape,))


class WrongAsk(Mistake):
    """A different quantity: ``gives`` maps the quantity asked for to the quantity given."""

    gives: ClassVar[Mapping[str, str]]

    def other(self, question: Question) -> Iterator[Question]:
        """The question about the other quantity."""
        from cnncalc.homework import asks

        given = self.gives.get(question.ask.name)
        if given is not None:
            yield question.asking(asks.load(given))


class WrongSum(Mistake):
    """A total that counts layers more than once, or not at all."""

    @abstractmethod
    def times(self, question: Question) -> Iterator[tuple[str, Mapping[str, int]]]:
        """How often each layer counts, with a note on which layers."""

    def other(self, question: Question) -> Iterator[Question]:
        """The other totals; none if the quantity does not add up."""
        if question.row is None and question.ask.adds_up:
            for detail, times in self.times(question):
                yield question.adding(times).saying(detail)


class Doubled(Mistake):
    """Twice the right number, for the quantities named in ``doubles``."""

    doubles: ClassVar[tuple[str, ...]]

    def other(self, question: Question) -> Iterator[Question]:
        """The question with every layer counted twice."""
        if question.ask.name in self.doubles:
            rows = question.part(question.report) if question.row is None else (question.row,)
            yield question.adding({row.name: 2 for row in rows})


class WrongWriting(Mistake):
    """A value in the wrong notation: with a different unit, for example, or without one of its
    sizes."""

    @abstractmethod
    def meant(self, written: Written, truth: Value) -> Written | None:
        """The value that the student meant; None if this mistake cannot have led to ``written``."""

    def other(self, question: Question) -> Iterator[Question]:
        """The question with answers read in this way."""
        if question.meant is None:
            yield question.taking(self.meant)


def with_fields(layer: Layer, **values: Any) -> Layer | None:
    """The layer with these field values; None if it lacks a field, refuses a value, or already has
    all of the values."""
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
    changed = dataclasses.replace(layer, **checked)
    return None if changed == layer else changed


def has_bias_per_filter(row: Row) -> bool:
    """Whether every channel or feature of the output has one bias."""
    return row.cost.biases == row.output.dimensions[0]


def is_pool(row: Row) -> bool:
    """Whether the layer has no parameters, keeps the number of channels, and slides a window over
    each of them or makes the map smaller."""
    x, out = row.inputs[0] if len(row.inputs) == 1 else None, row.output
    if not (isinstance(x, Map) and isinstance(out, Map)) or out.channels != x.channels:
        return False
    reach = row.layer.reach(x) or ()
    slides = any(axis.extent > 1 for axis in reach) and all(axis.stride >= 1 for axis in reach)
    shrinks = bool(reach) and out.elements < x.elements
    return (slides or shrinks) and row.layer.stored and row.layer.parameters(x).params == 0
