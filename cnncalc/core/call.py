"""A call to another framework's operation as plain data, from which a kind derives its fields."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.core.shape import Shape


class Call(NamedTuple):
    """One call to a function or module.

    ``inputs`` and ``output`` are shapes without the batch, channels first. ``held`` lists the
    sizes of the parameters and buffers that it uses, by argument name: ``weight``, ``bias``,
    ``running_mean``. ``attributes`` are its other arguments; axes are words, as in a spec
    (``over: channels``).
    """

    name: str
    inputs: tuple[Shape, ...]
    output: Shape
    held: Mapping[str, tuple[int, ...]] = {}
    attributes: Mapping[str, Any] = {}


def one_size(value: Any) -> Any:
    """The common value of equal sizes: ``3`` for ``(3, 3)``. Other tuples become lists; any other
    value is unchanged."""
    if isinstance(value, list | tuple) and value and len(set(map(repr, value))) == 1:
        return list(value) if isinstance(value[0], list | tuple) else value[0]
    return list(value) if isinstance(value, tuple) else value
