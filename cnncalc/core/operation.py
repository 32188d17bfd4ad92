"""Tensors, and the operations of PyTorch that read and create them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from cnncalc.core.strides import Strided
from cnncalc.formulas import memory


@dataclass(slots=True, eq=False)
class Tensor:
    """A tensor of the forward pass: its elements for the whole batch, the bytes of each, and its
    storage (None for parameters and buffers, which are resident anyway).

    ``shape`` is the shape of one image, known for tensors that layers pass to each other. ``gaps``
    means that there may be gaps between the elements, ``reordered`` that they are not in the order
    of the axes, ``interleaved`` that those of several images alternate. ``order`` lists the axes of
    an image from the outermost in memory to the innermost, if a permutation set it.
    ``channels_last`` says whether PyTorch computes in that memory format (None: in some cases,
    which are not modelled), ``copies_gradient`` whether a parameter's gradient has a different
    memory format and is therefore copied, and ``frozen`` whether a parameter is not trained.
    ``strided`` are the sizes and strides, if they are known.
    """

    numbers: int
    size: int
    storage: int | None
    needs_gradient: bool
    gaps: bool = False
    reordered: bool = False
    interleaved: bool = False
    order: tuple[int, ...] | None = None
    channels_last: bool | None = False
    parameter: bool = False
    copies_gradient: bool = False
    frozen: bool = False
    shape: Any = None
    strided: Strided | None = None

    @property
    def bytes(self) -> int:
        """The bytes of its elements."""
        return memory.size_in_bytes(self.numbers, self.size)

    @property
    def in_order(self) -> bool:
        """Whether it is contiguous."""
        return not self.gaps and not self.permuted

    @property
    def permuted(self) -> bool:
        """Whether its elements are in an order other than that of its axes; axes of size 1 do not
        count."""
        if self.shape is None or self.interleaved or not self.reordered:
            return self.reordered or self.interleaved
        sizes = self.shape.dimensions
        if self.order is None:
            return len([size for size in sizes if size > 1]) > 1
        return not is_sorted(self.order, sizes)


def is_sorted(order: Sequence[int], sizes: Sequence[int]) -> bool:
    """Whether this order lists the axes that are longer than 1 from the first to the last."""
    longer = [axis for axis in order if sizes[axis] > 1]
    return longer == sorted(longer)


class Layout(Enum):
    """The memory layout of the gradients of an operation's inputs, given the output's gradient."""

    FOLLOW = auto()
    """Possibly the layout of the output's gradient."""
    KEEP = auto()
    """Like the inputs, whatever the layout of the output's gradient."""
    ORDER = auto()
    """Contiguous."""
    COPY = auto()
    """Like the inputs, after a copy of the output's gradient if that is not contiguous."""
    RESHAPE = auto()
    """A reshaped view of the output's gradient, or a copy where no such view exists."""
    MERGE = auto()
    """As ``RESHAPE``, with the batch and the channels as one axis."""
    PLACES = auto()
    """As ``RESHAPE``, with the spatial axes as one."""
    ROWS = auto()
    """A view with a row for each position, or a copy where no such view exists."""
    EXPAND = auto()
    """A view of the output's gradient in which elements are repeated."""
    PERMUTE = auto()
    """A permuted view of the output's gradient."""
    SPLIT = auto()
    """Each input's part of the output's gradient, as a view."""
    NARROW = auto()
    """As ``SPLIT``, but along a later axis: even the parts of one image are not contiguous."""


class Operation(NamedTuple):
    """An operation, and the node it adds to autograd's graph if a gradient is needed.

    ``kept`` are the storages of inputs and outputs that the node saves, ``own`` the bytes of other
    tensors that it saves. In the backward pass every input that needs a gradient gets one of its
    own size; inputs in ``passes`` reuse the output's gradient, or a part of it, without new memory.
    ``beside`` are the bytes that the backward pass needs at its peak besides the gradients, and
    ``room`` is the minimum size of the storage of the input's gradient.
    """

    row: int
    reads: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    kept: frozenset[int]
    own: int
    passes: frozenset[int]
    beside: int
    layout: Layout
    room: int = 0

    @property
    def has_node(self) -> bool:
        """Whether the backward pass runs through it."""
        return any(output.needs_gradient for output in self.outputs)

    @property
    def keeps(self) -> bool:
        """Whether it saves anything for backward other than parameters."""
        return self.has_node and bool(self.kept or self.own)

    @property
    def keeps_what_it_makes(self) -> bool:
        """Whether some of what it saves exists only after it has run."""
        return bool(self.own or self.kept & {output.storage for output in self.outputs})
