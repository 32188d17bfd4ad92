"""The tensors of a recorded run, as the walker knows them."""

from math import prod
from typing import NamedTuple

BATCH = -1
"""The axis of the batch."""


class Unknown(Exception):
    """An operation that no kind describes, with the reason."""


class View(NamedTuple):
    """The output of a layer, perhaps with its axes in a different order.

    ``axes`` has, for each axis of the tensor, the dimension of the layer's ``shape`` that it is
    (0: the channels), or BATCH. ``inside`` are dimensions that share the axis of the batch, as
    windows do.
    """

    layer: int
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    inside: tuple[int, ...] = ()

    @classmethod
    def of(cls, layer: int, shape: tuple[int, ...]) -> "View":
        """The output of a layer, unchanged."""
        return cls(layer, shape, (BATCH, *range(len(shape))))

    def at(self, axis: int) -> int:
        """The dimension that an axis of the tensor is. Raises Unknown for the batch."""
        found = self.axes[axis]
        if found == BATCH:
            raise Unknown("it works along the batch")
        return found

    def size(self, axis: int) -> int:
        """The size of an axis of the tensor. Raises Unknown for the batch."""
        return self.shape[self.at(axis)]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the tensor; −k is k times the batch."""
        batch = -prod(self.shape[place] for place in self.inside)
        return tuple(batch if axis == BATCH else self.shape[axis] for axis in self.axes)

    @property
    def order(self) -> tuple[int, ...]:
        """The dimensions in the order of the tensor's axes, without the batch."""
        return tuple(axis for axis in self.axes if axis != BATCH)

    @property
    def in_order(self) -> bool:
        """Whether the dimensions are in order."""
        return self.order == tuple(range(len(self.shape)))


class Regrouped(NamedTuple):
    """The output of a layer, with dimensions split or merged.

    ``atoms`` are the sizes of the parts of its dimensions, in order. ``axes`` has, for each axis of
    the tensor, the atoms that it merges, with BATCH as one of them for the batch.
    """

    layer: int
    atoms: tuple[int, ...]
    axes: tuple[tuple[int, ...], ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the tensor; −k is k times the batch."""
        sizes = (prod(self.atoms[at] for at in axis if at != BATCH) for axis in self.axes)
        return tuple(-n if BATCH in axis else n for n, axis in zip(sizes, self.axes))

    def size(self, axis: int) -> int:
        """The size of an axis of the tensor. Raises Unknown for the batch."""
        if BATCH in self.axes[axis]:
            raise Unknown("it works along the batch")
        return prod(self.atoms[at] for at in self.axes[axis])


class Known(NamedTuple):
    """A tensor that depends on no input of the network: a parameter, a buffer, a constant, or a
    result that ``calls`` compute from these. ``held`` are the numbers of the tensors that it comes
    from."""

    sizes: tuple[int, ...]
    held: tuple[int, ...]
    computed: bool = False
    calls: frozenset[int] = frozenset()


class Copied(NamedTuple):
    """The origin of a layer's numbers: the tensor with this number (for one image), its sizes, and
    the order of its axes."""

    number: int
    sizes: tuple[int, ...]
    order: tuple[int, ...]


class Lost(NamedTuple):
    """A tensor that no layer outputs: a further result of a call, or a result of calls that no kind
    describes, whose sizes mix the batch with other axes or are too many."""

    reads: tuple[int, ...]
    calls: frozenset[int]


Tensor = View | Regrouped
"""A tensor that depends on an input of the network."""
Value = Tensor | Known | Lost
