"""The tensors of an ONNX file that do not depend on the network's input: weights and constants."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.core.errors import LayerError
from cnncalc.core.onnx import axis_of
from cnncalc.spec.readers._onnx_file import FLOATS, Held, Operator


class Known(NamedTuple):
    """A tensor that does not depend on the network's input; its numbers if they are few.

    ``weights`` counts the learned numbers that it holds or is computed from, by the name of their
    tensor. ``fill`` is the value of all its numbers, if they are equal and too many to list.
    """

    sizes: tuple[int, ...]
    numbers: tuple[Any, ...] | None = None
    weights: Mapping[str, int] = MappingProxyType({})
    held: Held | None = None
    computed: bool = False
    fill: Any = None

    @property
    def elements(self) -> int:
        """The number of elements."""
        return prod(self.sizes)

    @property
    def dtype(self) -> int:
        """The data type, if the file holds the tensor."""
        return self.held.dtype if self.held is not None else 0

    @property
    def params(self) -> int:
        """The number of learned numbers."""
        return sum(self.weights.values())

    def values(self) -> tuple[Any, ...] | None:
        """The numbers, read when they are first needed."""
        return self.held.values() if self.numbers is None and self.held else self.numbers

    def listed(self) -> tuple[Any, ...] | None:
        """The numbers of a list. Raises LayerError for a tensor with several axes."""
        if len(self.sizes) > 1:
            sizes = " × ".join(map(str, self.sizes))
            raise LayerError(f"a constant has the sizes {sizes}, but must be a list of numbers")
        return self.values()

    @property
    def is_vector(self) -> bool:
        """Whether it has no more than one axis, apart from those of size 1."""
        return sum(size > 1 for size in self.sizes) <= 1

    @property
    def may_be_new(self) -> bool:
        """Whether its numbers may be those of an untrained model: a vector of equal numbers, or of
        numbers that are not known."""
        return self.is_vector and len({*map(str, self.values() or ())}) <= 1

    @property
    def is_zero(self) -> bool:
        """Whether all its numbers are known to be 0."""
        values = self.values()
        return self.fill == 0 if values is None else not any(values)


def initial(held: Held) -> Known:
    """A tensor of the file. Weights are floats of 16 to 64 bits or integers of 8 bits, and have at
    least one axis."""
    learned = held.is_weight and held.dtype in (*FLOATS, 2, 3) and bool(held.sizes)
    return Known(held.sizes, None, {held.name: prod(held.sizes)} if learned else {}, held)


def learned(one: Known) -> Known:
    """A tensor of the file whose integers stand for learned numbers."""
    if one.held is None or not one.held.is_weight or not one.sizes:
        return one
    return one._replace(weights={one.held.name: one.elements})


def computed(sizes: tuple[int, ...], read: Iterable[Known | None]) -> Known:
    """A tensor with unknown numbers that is computed from others. Weights that it reads twice are
    counted once."""
    found: dict[str, int] = {}
    for one in read:
        found.update(one.weights if one is not None else {})
    return Known(sizes, None, found, None, bool(found))


def of(values: Sequence[Any] | Any) -> Known:
    """A list of numbers, or a single one, as a tensor."""
    if isinstance(values, Sequence):
        return Known((len(values),), tuple(values))
    return Known((), (values,))


def given_axes(node: Operator, inputs: Sequence[Any]) -> tuple[int, ...] | None:
    """The axes of a node, an attribute in older versions and an input in newer ones; None if they
    are not given or not known."""
    found = node.attributes.get("axes")
    if found is None and len(inputs) > 1 and isinstance(inputs[1], Known):
        found = inputs[1].listed()
    if found is None:
        return None
    return tuple(found) if isinstance(found, Sequence) else (found,)


def axes_of(node: Operator, inputs: Sequence[Any], rank: int) -> list[int] | None:
    """The axes of a node, counted from 0 and sorted, each once; None if they are not given or not
    known. Raises LayerError for an axis that a tensor of this rank does not have."""
    found = given_axes(node, inputs)
    return None if found is None else sorted({axis_of(axis, rank) for axis in found})


def unsqueezed_axes(node: Operator, inputs: Sequence[Any], rank: int) -> list[int] | None:
    """The axes that an Unsqueeze adds to a tensor of this rank. Raises LayerError if it names one
    twice."""
    count = len(given_axes(node, inputs) or ())
    axes = axes_of(node, inputs, rank + count)
    if axes is not None and len(axes) < count:
        raise LayerError("its axes name the same axis twice")
    return axes


def shape_to(
    old: Sequence[int], wanted: Any, attributes: Mapping[str, Any]
) -> tuple[int, ...] | None:
    """The sizes that a Reshape makes, where 0 keeps a size and -1 takes the rest; None if they are
    not known or do not fit."""
    if not isinstance(wanted, Sequence) or not all(type(size) is int for size in wanted):
        return None
    keeps = not attributes.get("allowzero")
    if keeps and any(size == 0 and place >= len(old) for place, size in enumerate(wanted)):
        return None
    sizes = [old[at] if size == 0 and keeps else size for at, size in enumerate(wanted)]
    known = prod(size for size in sizes if size != -1)
    if sizes.count(-1) > 1 or known < 1 or prod(old) % known:
        return None
    found = tuple(prod(old) // known if size == -1 else size for size in sizes)
    return found if prod(found) == prod(old) else None
