"""A matrix of numbers, of one channel or of several."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, TypeVar

from cnncalc.core.errors import LayerError, UsageError
from cnncalc.homework.convolution.matrix import Real, Tensor, cells
from cnncalc.homework.convolution.writing import Style
from cnncalc.homework.written.arithmetic import calculated
from cnncalc.homework.written.number import Number
from cnncalc.homework.written.texts import as_text
from cnncalc.homework.written.value import (
    CHANNELS_LAST,
    KIND,
    MANY,
    Reading,
    Terms,
    Value,
    Written,
)

T = TypeVar("T")

Channels = tuple[tuple[tuple[Number, ...], ...], ...]
ROUND = re.compile(r"^\(([^()]*)\)$")
BETWEEN_BLANKS = re.compile(r"\[?-?[0-9]+,[0-9]+(?:\s+-?[0-9]+,[0-9]+)+\]?")
"""Numbers with decimal commas."""
PERCENTAGES = re.compile(r"\[?(?:\s*[0-9]+(?:[.,][0-9]+)?\s*%\s*[,;]?)+\]?")
DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")
MAX_DIFFERENT = 3
"""The maximum number of wrong entries to list."""


@dataclass(frozen=True)
class Matrix(Written):
    """Rows of numbers, of one channel or of several."""

    channels: Channels

    expected = "a matrix"
    examples = ("[[1, 2], [3, 4]]", "1 2; 3 4")
    longest = 20_000

    @property
    def resolution(self) -> Fraction:
        """The product of the resolutions of its numbers, up to ``MANY``."""
        each = (number.resolution for plane in self.channels for row in plane for number in row)
        return Fraction(min(MANY, prod(max(1, int(count)) for count in each)))

    @classmethod
    def read(cls, given: Any) -> "Matrix | None":
        """A matrix in any form that ``convolution.of`` accepts, with numbers as ``Number`` reads
        them."""
        text = as_text(given)
        plain = ROUND.sub(r"[\1]", text)
        in_percent = PERCENTAGES.fullmatch(plain)
        if in_percent or BETWEEN_BLANKS.fullmatch(plain):
            plain = re.sub(r"(?<=[0-9]),(?=[0-9])", ".", plain.replace("%", ""))
        try:
            found = cells(given if isinstance(given, list) else plain)
        except UsageError as why:
            raise LayerError(str(why)) from None
        factor = Fraction(1) if found.factor is None else calculated(found.factor)
        channels = []
        for plane in found.channels:
            numbers = [[Number.read(cell) for cell in row] for row in plane]
            if any(number is None for row in numbers for number in row):
                return None
            if in_percent:
                numbers = [[number and _percentage(number) for number in row] for row in numbers]
            channels.append(tuple(tuple(_times(n, factor) for n in row if n) for row in numbers))
        return cls(text, tuple(channels))

    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """Whether every number agrees; unless ``strict``, channels may come last, and signals may
        be columns."""
        if not isinstance(truth, Tensor):
            return None
        right = _planes(truth)
        own = self._like(truth)
        layouts: list[tuple[Channels, tuple[str, ...]]] = [(own, ())]
        if not terms.strict and len(truth.shape.spatial) == 1:
            layouts.append((tuple(map(_turned, own)), ("as columns",)))
        elif not terms.strict:
            layouts.append((tuple(zip(*map(_turned, own), strict=True)), (CHANNELS_LAST,)))
        for channels, notes in layouts:
            if _sizes(channels) == _sizes(right):
                pairs = zip(_flat(channels), _flat(right), strict=True)
                readings = [number.agrees(_exact(value), unit, terms) for number, value in pairs]
                if None not in readings:
                    more = (note for reading in readings if reading for note in reading.notes)
                    return Reading(tuple(dict.fromkeys((*notes, *more))))
        return None

    def differs(self, truth: Value, unit: str = "") -> str:
        """The size if it is wrong, else the first wrong numbers."""
        if not isinstance(truth, Tensor):
            return ""
        own, right = self._like(truth), _planes(truth)
        if _sizes(own) != _sizes(right):
            return f"it is {_format_sizes(own)}, but the right size is {_format_sizes(right)}"
        style = Style(truth.decimal)
        wrong = [
            f"({','.join(map(str, place))}) is {style.text(value)}, not {number.text}"
            for place, number, value in zip(_places(right), _flat(own), _flat(right), strict=True)
            if number.agrees(_exact(value)) is None
        ]
        which = "; ".join(wrong[:MAX_DIFFERENT]) + ("; ..." if len(wrong) > MAX_DIFFERENT else "")
        verb = "is" if len(wrong) == 1 else "are"
        return f"{len(wrong)} of {prod(_sizes(right))} numbers {verb} wrong: {which}"

    def _like(self, truth: Tensor) -> Channels:
        """The channels; those of a signal as the rows of one channel. If the right answer is one
        row with half as many numbers, commas are read as decimal commas."""
        row = list(_flat(self.channels))
        if (
            _sizes(_planes(truth)) == (1, 1, len(row) // 2)
            and self.text.count(",") >= len(row) // 2
        ):
            pairs = [f"{whole.text}.{part.text}" for whole, part in zip(row[::2], row[1::2])]
            numbers = [Number.read(pair) for pair in pairs if DECIMAL.fullmatch(pair)]
            if len(numbers) == len(pairs):
                return ((tuple(number for number in numbers if number),),)
        is_signal = len(truth.shape.spatial) == 1
        if is_signal and all(len(rows) == 1 for rows in self.channels):
            return (tuple(rows[0] for rows in self.channels),)
        return self.channels


Exact = int | Fraction


def _planes(tensor: Tensor) -> tuple[tuple[tuple[Real, ...], ...], ...]:
    """The rows of every channel; the channels of a signal as the rows of one channel."""
    planes = tuple(tuple(tensor.rows(channel)) for channel in range(tensor.shape.channels))
    return planes if len(tensor.shape.spatial) > 1 else (tuple(rows[0] for rows in planes),)


def _exact(number: Real) -> Exact:
    """The number; a float as its exact fraction."""
    return Fraction(number) if isinstance(number, float) else number


def _percentage(number: Number) -> Number:
    """A percentage, which is rounded to its last digit."""
    half = number.half or Fraction(1, 2)
    return replace(number, text=f"{number.text}%", digits=number.digits / 100, half=half / 100)


def _times(number: Number, factor: Fraction) -> Number:
    return replace(number, digits=number.digits * factor, half=number.half * abs(factor))


def _turned(rows: tuple[tuple[Number, ...], ...]) -> tuple[tuple[Number, ...], ...]:
    """Rows as columns."""
    return tuple(zip(*rows, strict=True))


def _flat(channels: Iterable[Iterable[Iterable[T]]]) -> Iterator[T]:
    return (cell for rows in channels for row in rows for cell in row)


def _sizes(channels: Sequence[Sequence[Sequence[object]]]) -> tuple[int, int, int]:
    return len(channels), len(channels[0]), len(channels[0][0])


def _format_sizes(channels: Sequence[Sequence[Sequence[object]]]) -> str:
    """The sizes of a matrix: ``2×2``, with the channels first if there are several."""
    return "×".join(map(str, _sizes(channels)[len(channels) == 1 :]))


def _places(channels: Sequence[Sequence[Sequence[object]]]) -> Iterator[tuple[int, ...]]:
    """The position of every number, from 1; the channel is left out if there is only one, and so is
    the row if that is also the only one."""
    sizes = _sizes(channels)
    first = next((axis for axis, size in enumerate(sizes) if size > 1), len(sizes) - 1)
    for place in product(*(range(1, size + 1) for size in sizes)):
        yield place[first:]
