"""An operator of an ONNX file as plain data, from which a kind derives its fields."""

from collections.abc import Callable, Mapping, Sequence
from struct import pack
from typing import Any, NamedTuple

from cnncalc.core.errors import LayerError
from cnncalc.core.shape import Shape

DOMAIN, VERSION = "cnncalc", 1
"""The domain, and its version, of functions that stand for layers and are named after kinds."""
FIELDS = "fields"
"""The setting of such a function that holds the layer's fields as JSON."""
PRODUCER = "cnncalc"
"""The tool that our files name as their producer."""
OPSET = 21
"""The version of ONNX's own operators that our files use."""


class OnnxCall(NamedTuple):
    """One use of an operator: its settings, the shapes of its inputs, and the tensors that it
    holds.

    ``held`` lists the sizes of the weights, by their place among the operands. ``numbers`` returns
    the numbers of the constant at a place; None if they are not known or too many.
    """

    kind: str
    settings: Mapping[str, Any]
    inputs: tuple[Shape, ...]
    held: Mapping[int, tuple[int, ...]]
    numbers: Callable[[int], tuple[Any, ...] | None]

    def listed(self, name: str, place: int | None = None) -> list[Any] | None:
        """Numbers that are a setting in older versions of an operator and an operand in newer
        ones; None if they are not given or not known."""
        value = self.settings.get(name)
        if value is None and place is not None:
            value = self.numbers(place)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [*map(short, value)]
        return None if value is None else [short(value)]

    def differs(self, place: int, value: float) -> bool:
        """Whether an operand is known to be a constant, not learned, that contains numbers other
        than this value."""
        numbers = None if place in self.held else self.numbers(place)
        return numbers is not None and any(one != value for one in numbers)


def axis_of(axis: int, rank: int) -> int:
    """An axis, counted from 0. Raises LayerError if a tensor of this rank does not have it."""
    if type(axis) is not int or not -rank <= axis < rank:
        raise LayerError(f"its axis {axis} must be from {-rank} to {rank - 1}")
    return axis % rank


FLOAT, INT64 = 1, 7
"""Data types of tensors."""


def packed(dtype: int, values: Sequence[Any]) -> bytes:
    """The bytes of a tensor with these numbers: 64-bit integers for ``INT64``, otherwise 32-bit
    floats."""
    return pack(f"<{len(values)}{'q' if dtype == INT64 else 'f'}", *values)


def short(value: Any) -> Any:
    """A float, rounded to the digits that a 32-bit float has; any other value unchanged."""
    return float(f"{value:.7g}") if isinstance(value, float) else value
