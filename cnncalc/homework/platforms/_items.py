"""Questions as platforms mark them: every known answer with its credit and its feedback."""

from collections.abc import Iterator
from enum import Enum
from fractions import Fraction
from html import escape
from typing import NamedTuple

from cnncalc.core.shape import Map, Vector
from cnncalc.homework import feedback
from cnncalc.homework.marking import Marker
from cnncalc.homework.quiz import PosedQuestion, Quiz
from cnncalc.homework.scheme import Scheme
from cnncalc.homework.written import Value, format_value

TIMES = ("×", "x", ", ", ",", " ")
"""The separators that students write between the sizes of a shape."""


class Style(Enum):
    """How a question is answered."""

    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"


class Option(NamedTuple):
    """An answer in all its spellings, of which the first is shown, with its credit and a remark."""

    spellings: tuple[str, ...]
    credit: Fraction
    feedback: str

    @property
    def text(self) -> str:
        """The answer as it is shown."""
        return self.spellings[0]


class Item(NamedTuple):
    """A question with its answers, the right one first unless they are choices."""

    name: str
    text: str
    style: Style
    options: tuple[Option, ...]
    solution: tuple[str, ...]
    """The lines of the derivation."""

    @property
    def right(self) -> Option:
        """The right answer."""
        return max(self.options, key=lambda option: option.credit)

    @property
    def solved(self) -> str:
        """The answer and its derivation in HTML."""
        return "".join(f"<p>{escape(line)}</p>" for line in (self.right.text, *self.solution))


def items(quiz: Quiz) -> tuple[Item, ...]:
    """All questions of a quiz."""
    return tuple(map(_item, quiz.posed))


def _item(one: PosedQuestion) -> Item:
    style = _style(one)
    options = {option.text: option for option in _options(one, style)}
    if one.choices:
        options = {text: options[text] for text in one.choices}
    derivation = one.question.derivation
    lines = tuple(working.text() for working in derivation.workings) or (derivation.answer,)
    return Item(f"Question {one.number}", one.text, style, tuple(options.values()), lines)


def _style(one: PosedQuestion) -> Style:
    value = one.question.value
    if one.choices or isinstance(value, bool):
        return Style.CHOICE
    return Style.NUMBER if isinstance(value, int) else Style.TEXT


def _options(one: PosedQuestion, style: Style) -> Iterator[Option]:
    """The right answer, then the value of every mistake, each marked as ``grade`` marks it."""
    value, unit = one.question.value, one.question.ask.unit
    if isinstance(value, bool):
        yield Option(_spellings(value, style, unit), Scheme().right, "")
        yield Option(_spellings(not value, style, unit), Fraction(0), "")
        return
    marker, taken = Marker(), set[str]()
    for written in (value, *one.mistakes):
        if style is Style.NUMBER and not isinstance(written, int):
            continue  # platforms would round a fraction
        spellings = _spellings(written, style, unit)
        mark = marker.mark(one.question, spellings[0], one.topic.unit)
        # A 5×10×10 map with its channels last is written like a 10×10×5 map.
        new = tuple(spelling for spelling in spellings if spelling not in taken)
        taken.update(new)
        if new:
            yield Option(new, Scheme().part(mark), _sentence(feedback.remark(mark)))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _spellings(value: Value, style: Style, unit: str) -> tuple[str, ...]:
    if style is Style.NUMBER:
        return (str(value),)
    shown = format_value(value, unit)
    if style is Style.CHOICE or not isinstance(value, Map | Vector):
        return (shown,)
    spellings = [shown, *_written(value)]
    if isinstance(value, Map):  # channels last, as Keras writes them, is the same answer
        spellings += _written((*value[1:], value[0]))
    return tuple(dict.fromkeys(spellings))


def _written(sizes: tuple[int, ...]) -> list[str]:
    """A shape as students write it."""
    texts = [times.join(map(str, sizes)) for times in TIMES]
    return [*texts, f"({texts[TIMES.index(', ')]})"]
