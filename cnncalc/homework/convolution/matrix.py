"""Matrices of exact numbers, as people write them.

    0 1 2; 3 4 5; 6 7 8              ; or a new line ends a row; spaces or commas separate numbers
    [[0, 1, 2], [3, 4, 5]]           brackets as in Python, NumPy and MATLAB
    1 2 3                            a single row is a signal
    1 0; 0 1 | 2 0; 0 2              | or an empty line separates channels
    1/9 * 1 1 1; 1 1 1; 1 1 1        a factor multiplies every number

Nothing is rounded: 0.1 is a tenth, and 1/9 stays 1/9.
"""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple, TypeGuard

from cnncalc.core.errors import UsageError
from cnncalc.core.fields import shown
from cnncalc.core.shape import Layout, Map
from cnncalc.spec.inputs import turned

Number = int | Fraction
"""An exact number."""

Real = int | Fraction | float
"""A number; a float if it cannot be exact, for example after a sigmoid."""

MAX_NUMBERS = 10_000
"""The maximum number of entries in a matrix."""
LONGEST = 40
"""The maximum number of characters in an entry."""
LARGEST = 10**15
"""The limit on numbers and denominators, so that every sum of products can be printed."""
TOO_LONG = "{} needs more than 15 digits before or after the decimal point"

WHOLE = r"[0-9]+(?:/[0-9]*[1-9][0-9]*)?"
DECIMAL = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,9})?"
NUMBER = re.compile(rf"[-+]?(?:{WHOLE}|{DECIMAL})")


class Tensor(NamedTuple):
    """A feature map with its numbers: one plane per channel, row by row.

    A ``decimal`` tensor was written with decimals and is shown with them. ``name`` may be empty.
    """

    shape: Map
    planes: tuple[tuple[Real, ...], ...]
    decimal: bool = False
    name: str = ""

    def rows(self, channel: int) -> list[tuple[Real, ...]]:
        """The rows of a channel (the first is 0); a signal has one row."""
        plane, width = self.planes[channel], self.shape.spatial[-1]
        return [plane[start : start + width] for start in range(0, len(plane), width)]

    def nested(self) -> list[Any]:
        """Nested lists, channels first: ``[channel][row][column]``, or ``[channel][place]``."""
        if len(self.shape.spatial) == 1:
            return [list(plane) for plane in self.planes]
        return [[list(row) for row in self.rows(c)] for c in range(self.shape.channels)]

    def whole(self) -> tuple[int, list[list[int]]]:
        """The common denominator, and all numbers multiplied by it."""
        common = common_denominator(number for plane in self.planes for number in plane)
        return common, [[int(number * common) for number in plane] for plane in self.planes]

    def as_image(self) -> "Tensor":
        """A signal as an image with one row; an image stays the same."""
        return self._replace(shape=Map(self.shape.channels, (1, *self.shape.spatial)[-2:]))


def check_count(count: int) -> None:
    """Raise UsageError if a matrix has too many numbers."""
    if count > MAX_NUMBERS:
        raise UsageError(
            f"{count:,} numbers are too many; the limit is {MAX_NUMBERS:,}; use part of the "
            "matrix, or get only the sizes and counts with 'cnncalc layer'"
        )


def plain(value: Real) -> Real:
    """The number; a fraction that is whole becomes an int."""
    return int(value) if isinstance(value, Fraction) and value.denominator == 1 else value


def total(numbers: Sequence[Real]) -> Real:
    """The sum; exact if all numbers are."""
    exact = [number for number in numbers if not isinstance(number, float)]
    if len(exact) < len(numbers):
        return sum(numbers)
    common = lcm(*(number.denominator for number in exact))
    whole = sum(number.numerator * (common // number.denominator) for number in exact)
    return plain(Fraction(whole, common))


class Cells(NamedTuple):
    """The cells of a matrix, ``[channel][row][column]``, before they are read as numbers."""

    channels: "Channels"
    is_signal: bool
    factor: str | None = None
    is_nested: bool = False
    """Whether brackets separate the channels, which may then come last."""


def read(text: str, name: str = "", layout: Layout | None = None) -> Tensor:
    """The matrix in a string; a UsageError gives the location of the problem.

    With the layout hwc, nested brackets hold the channels of each place, as in Keras.
    """
    return _laid_out(_of_text(text), name, layout)


def of(data: Any, name: str = "", layout: Layout | None = None) -> Tensor:
    """The matrix in plain data: a string, or a list of numbers (a signal), of rows, or of channels.

    Raises UsageError for anything else.
    """
    return _laid_out(cells(data), name, layout)


def _laid_out(given: Cells, name: str, layout: Layout | None) -> Tensor:
    """The tensor of these cells; raises UsageError if its axes seem to be in the other layout."""
    tensor = _tensor(given, name)
    if not given.is_nested:
        return tensor
    if why := turned(tensor.shape, layout):
        raise why
    return channels_first(tensor) if layout == "hwc" else tensor


def channels_first(tensor: Tensor) -> Tensor:
    """The tensor of nested lists whose last axis is the channels, although that axis was read as
    the columns."""
    rows, (columns, channels) = tensor.shape.channels, tensor.shape.spatial
    planes = tuple(
        tuple(plane[place] for plane in tensor.planes for place in range(c, len(plane), channels))
        for c in range(channels)
    )
    return tensor._replace(shape=Map(channels, (rows, columns)), planes=planes)


def cells(data: Any) -> Cells:
    """The cells of a matrix in plain data, as ``of`` takes it.

    Raises UsageError for anything else, such as rows of different lengths.
    """
    found = _of_text(data) if isinstance(data, str) else _of_lists(data)
    _check_sizes(found.channels)
    return found


def _of_text(text: str) -> Cells:
    # Collapse blanks, so that the expressions below cannot backtrack far.
    text = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
    *factor, text = re.split(r" ?[*·×]\s?", text, maxsplit=1)
    text, depth = _without_brackets(text)
    text = re.sub(r"\n{3,}", "\n\n", text)
    check_count(len(re.findall(r"[^\s;|]+", text)))
    if sum(map(text.count, ";|\n")) > MAX_NUMBERS:
        raise UsageError(f"a matrix has more than {MAX_NUMBERS:,} separators", "use part of it")
    channels = [[_cells(row) for row in _rows(part)] for part in re.split(r" ?\| ?|\n\n+", text)]
    is_signal = depth < 2 and all(len(rows) == 1 for rows in channels)
    return Cells(channels, is_signal, factor[0].strip() if factor else None, depth == 3)


def _of_lists(data: Any) -> Cells:
    depth, inner = 0, data
    while _is_list(inner) and depth < 4:
        depth, inner = depth + 1, inner[0]
    channels = {1: [[data]], 2: [data], 3: data}.get(depth, [None])
    rows = [row for plane in channels if _is_list(plane) for row in plane]
    if not all(map(_is_list, [*channels, *rows])):
        raise UsageError(
            f"a matrix must be rows of numbers, as in [[0, 1], [2, 3]], not {shown(data)}"
        )
    return Cells(channels, depth == 1, None, depth == 3)


def number(cell: Any) -> tuple[Number, bool]:
    """The exact value of a number, and whether it is written as a decimal.

    Raises UsageError for anything else, and for a number that is too long or too large.
    """
    decimal = False
    if isinstance(cell, int | Fraction) and not isinstance(cell, bool):
        value = Fraction(cell)
    else:
        text = repr(cell) if isinstance(cell, float) else cell
        if isinstance(text, str) and len(text) > LONGEST:
            fact = f"a number has {len(text):,} characters; the limit is {LONGEST}"
            raise UsageError(fact, "round it")
        text = text.replace("−", "-") if isinstance(text, str) else ""
        if not NUMBER.fullmatch(text):
            raise UsageError(f"{shown(cell)} is not a number; write it as 3, -0.5, 1/9 or 1e-3")
        decimal = re.search("[.eE]", text) is not None
        power = re.search("[eE]([-+]?[0-9]+)", text)
        if power and abs(int(power[1])) > LONGEST:  # before the power is computed
            raise UsageError(TOO_LONG.format(shown(cell)))
        value = Fraction(text)
    if value.denominator > LARGEST and not decimal:
        raise UsageError(f"{shown(cell)} has a denominator of more than 15 digits; round it")
    if abs(value) >= LARGEST or value.denominator > LARGEST:
        raise UsageError(TOO_LONG.format(shown(cell)))
    return int(value) if value.denominator == 1 else value, decimal


def common_denominator(numbers: Iterable[Real]) -> int:
    """The least common denominator of these exact numbers.

    Raises UsageError if it is too large.
    """
    common = 1
    for value in numbers:
        common = lcm(common, Fraction(value).denominator)
        if common > LARGEST:
            raise UsageError(
                "the common denominator of the fractions has more than 15 digits; round them"
            )
    return common


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """Whether this is a non-empty list."""
    return isinstance(value, list | tuple) and len(value) > 0


def _without_brackets(text: str) -> tuple[str, int]:
    """The text with separators in place of its brackets, and the depth of the nesting."""
    depth = 0
    while text.startswith("[") and text.endswith("]") and depth < 3:
        text = text[1:-1].strip()
        depth += 1
    if depth == 3:
        text = re.sub(r"\]\s*\]\s*,?\s*\[\s*\[", "|", text)
    if depth > 1:
        text = re.sub(r"\]\s*,?\s*\[", ";", text).replace("\n", " ")
    return text, depth


def _rows(channel: str) -> list[str]:
    """The rows of a channel, separated by semicolons or lines."""
    lines = [line.removesuffix(";").rstrip() for line in channel.split("\n")]
    if len(lines) == 1:
        return lines[0].split(";")
    if any(";" in line for line in lines):
        raise UsageError(
            "separate rows by ; or by new lines, not by both; separate numbers by spaces or commas"
        )
    return lines


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split(",")] if "," in row else row.split()


Channels = Sequence[Sequence[Sequence[Any]]]
"""The cells before they are read as numbers: ``[channel][row][column]``."""


def _tensor(given: Cells, name: str) -> Tensor:
    """The numbers of all channels; raises UsageError with the location of anything else."""
    channels, is_signal, factor, _ = given
    _check_sizes(channels)
    found = [
        _number_at(cell, _place(channels, c, 0 if is_signal else r, i))
        for c, rows in enumerate(channels, 1)
        for r, row in enumerate(rows, 1)
        for i, cell in enumerate(row, 1)
    ]
    values = [value for value, _ in found]
    common_denominator(values)
    height, width = len(channels[0]), len(channels[0][0])
    size = height * width
    planes = tuple(tuple(values[i : i + size]) for i in range(0, len(values), size))
    spatial = (width,) if is_signal else (height, width)
    decimal = any(decimal for _, decimal in found)
    tensor = Tensor(Map(len(channels), spatial), planes, decimal, name)
    return tensor if factor is None else _times(tensor, factor)


def _check_sizes(channels: Channels) -> None:
    """Raise UsageError unless all rows are equally long, all channels equally large, and there are
    not too many numbers."""
    check_count(sum(len(row) for rows in channels for row in rows))
    height, width = len(channels[0]), len(channels[0][0])
    for c, rows in enumerate(channels, 1):
        for r, row in enumerate(rows, 1):
            if not row:
                raise UsageError(f"{_place(channels, c, r)} contains no numbers")
            if len(row) != len(rows[0]):
                where = _place(channels, c, r)
                raise UsageError(f"{where} has {_numbers(row)}, but row 1 has {_numbers(rows[0])}")
        if (len(rows), len(rows[0])) != (height, width):
            size = f"{len(rows)}×{len(rows[0])}"
            raise UsageError(f"channel {c} is {size}, but channel 1 is {height}×{width}")


def _numbers(row: Sequence[Any]) -> str:
    return f"{len(row)} number{'s' * (len(row) != 1)}"


def _number_at(cell: Any, where: str) -> tuple[Number, bool]:
    try:
        return number(cell)
    except UsageError as why:
        raise UsageError(f"{where}: {why}") from None


def _place(channels: Channels, channel: int, row: int, column: int = 0) -> str:
    """A location, as in ``channel 2, row 1, column 3``; a single channel and zeros are left out."""
    parts = {"channel": channel if len(channels) > 1 else 0, "row": row, "column": column}
    return ", ".join(f"{word} {number}" for word, number in parts.items() if number)


def _times(tensor: Tensor, factor: str) -> Tensor:
    """The tensor with all numbers multiplied; raises UsageError if the factor is not a number."""
    scale, decimal = _number_at(factor, "the factor before *")
    planes = tuple(tuple(plain(scale * x) for x in p) for p in tensor.planes)
    common_denominator(x for plane in planes for x in plane)
    return tensor._replace(planes=planes, decimal=decimal or tensor.decimal)
