"""What PyTorch does with memory, as far as a layer says it: tensors, and the operations that make
them, with what autograd keeps of each and what its backward pass makes.

A layer plays its forward pass on a tape (``Layer.steps``) in the words of PyTorch's operations. No
number is computed. ``cnncalc.footprint`` reads the tape forward and backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from cnncalc.core.errors import LayerError
from cnncalc.formulas import memory

INDEX_BYTES = 8
"""The bytes of a place that PyTorch notes: its indices are int64."""

FULL_BYTES = 4
"""The bytes of a float32."""

MASK_BYTES = 1
"""The bytes of a truth value."""

CHANNELS_LAST: dict[tuple[int, ...], bool | None] = {(2, 0, 1): True, (3, 0, 1, 2): None}
"""What ``Tensor.channels_last`` is when the last of two axes, or of three, becomes the channels."""


@dataclass(slots=True, eq=False)
class Tensor:
    """A tensor of the forward pass: its numbers for the whole batch, the bytes of each, and which
    memory it lies in (None: a parameter's, which is held anyway).

    ``shape`` is that of one image, known of what layers give to each other. ``gaps`` and
    ``reordered`` say that the numbers do not lie one behind another, or not in the axes' order;
    ``interleaved`` that those of several images alternate; ``channels_last`` in which other order,
    where PyTorch computes in that (None: it does in some cases, which are not modelled). A
    parameter is ``relaid`` when its gradient comes in another order than its own, and so is copied.
    """

    numbers: int
    size: int
    storage: int | None
    needs_gradient: bool
    gaps: bool = False
    reordered: bool = False
    interleaved: bool = False
    channels_last: bool | None = False
    parameter: bool = False
    relaid: bool = False
    shape: Any = None

    @property
    def bytes(self) -> int:
        """What its numbers occupy."""
        return memory.size_in_bytes(self.numbers, self.size)

    @property
    def in_order(self) -> bool:
        """Whether its numbers lie one behind another, in the order of its axes."""
        return not self.gaps and not self.permuted

    @property
    def permuted(self) -> bool:
        """Whether its numbers lie in another order; with one axis there is only one."""
        if self.shape is None:
            return self.reordered or self.interleaved
        axes = sum(size > 1 for size in self.shape.dimensions)
        return self.interleaved or (self.reordered and axes > 1)


class Layout(Enum):
    """What the backward pass of an operation does with the memory layout of gradients."""

    FOLLOW = auto()
    """A gradient that it makes may take over the layout of the output's."""
    KEEP = auto()
    """A gradient that it makes has the layout of its tensor, whatever the output's has."""
    ORDER = auto()
    """A gradient that it makes is contiguous."""
    COPY = auto()
    """It first copies the output's gradient, unless that is contiguous."""
    RESHAPE = auto()
    """It views the output's gradient in another shape, and copies it where no view can do that."""
    MERGE = auto()
    """The same, with images and channels as one axis."""
    PERMUTE = auto()
    """It permutes the output's gradient."""
    SPLIT = auto()
    """It gives every input its part of the output's gradient."""


class Operation(NamedTuple):
    """One operation, and the node that it leaves in autograd's graph where a gradient is needed.

    ``kept`` is the memory of inputs and outputs that the node keeps, ``own`` the bytes of other
    tensors that it keeps. In the backward pass every input that needs it gets a gradient of its own
    size; those in ``passes`` get the output's, or a part of it, and no memory is new. ``beside``
    are the bytes that the backward pass needs when it is fullest, beside the gradients. ``layout``
    says what it does with how gradients lie in memory.
    """

    row: int
    reads: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    kept: frozenset[int]
    own: int
    passes: frozenset[int]
    beside: int
    layout: Layout

    @property
    def has_node(self) -> bool:
        """Whether the backward pass comes by."""
        return any(output.needs_gradient for output in self.outputs)

    @property
    def keeps(self) -> bool:
        """Whether anything is kept for the backward pass, parameters aside."""
        return self.has_node and bool(self.kept or self.own)

    @property
    def keeps_what_it_makes(self) -> bool:
        """Whether some of that is only there when it has run."""
        return bool(self.own or self.kept & {output.storage for output in self.outputs})


class Tape:
    """The operations of a network, in order.

    ``learns`` says whether gradients are wanted at all, ``training`` whether the layers run as in
    training. ``size`` are the bytes of a parameter's number; with ``low`` the network runs under
    autocast, which is that of the precision it goes down to; ``cuda`` says that it runs there and
    not on the CPU. ``storages`` are the bytes of every piece of memory and ``born`` the operation
    that made it; ``lives`` is the last operation during which each tensor is referred to, and what
    is in ``cached`` stays until the forward pass is over.
    """

    def __init__(
        self,
        batch: int,
        size: int,
        *,
        training: bool,
        learns: bool,
        low: int | None = None,
        cuda: bool = False,
    ) -> None:
        self.batch = batch
        self.size = size
        self.low = low
        self.cuda = cuda
        self.training = training
        self.learns = learns
        self.row = 0
        self.operations: list[Operation] = []
        self.storages: list[int] = []
        self.born: list[int] = []
        self.lives: dict[Tensor, int] = {}
        self.parameters: list[tuple[int, Tensor]] = []
        self.buffer_bytes = 0
        self.cached: list[Tensor] = []
        self.originals: dict[Tensor, Tensor] = {}  # what the caller holds while copies are read

    def input(self, elements: int) -> Tensor:
        """An input of the network, of so many numbers for every image."""
        return Tensor(elements * self.batch, self.size, self._new(self.images(elements)), False)

    # What a layer may ask for.

    def op(
        self,
        *reads: Tensor,
        makes: int | None = None,
        shared: int | None = None,
        keeps: Sequence[Tensor] = (),
        keeps_output: bool = False,
        own: int = 0,
        passes: Sequence[int] = (),
        beside: int = 0,
        size: int | None = None,
        ordered: bool = False,
        layout: Layout = Layout.FOLLOW,
    ) -> Tensor:
        """An operation that puts out a new tensor: ``makes`` numbers for every image, or ``shared``
        ones for all of them; as many as its first input when neither is said, and of its size.

        ``own`` are the bytes of tensors that it makes for the backward pass; ``ordered`` says that
        the output's numbers lie in the order of its axes, whatever the input's do, and those of
        its gradient too; ``layout`` is that of the backward pass.
        """
        layout = Layout.ORDER if ordered else layout
        if makes is not None:
            numbers = makes * self.batch
        else:
            numbers = reads[0].numbers if shared is None else shared
        if size is None:
            size = reads[0].size if reads else self.size
        output = self._tensor(numbers, size, self._new(memory.size_in_bytes(numbers, size)), reads)
        if not ordered:
            output.reordered = any(read.reordered for read in reads)
            output.interleaved = any(read.interleaved for read in reads)
            orders = {read.channels_last for read in reads}
            output.channels_last = None if None in orders else True in orders
        kept = [*keeps, *([output] if keeps_output else [])]
        self._play(reads, (output,), kept, own, passes, beside, layout)
        return output

    def normalized(
        self, x: Tensor, *parameters: Tensor, own: int, contiguous: bool = False
    ) -> Tensor:
        """A norm, which keeps its input and copies of its scale; ``contiguous`` says that the
        gradient must be for its backward pass."""
        layout = Layout.COPY if contiguous else Layout.KEEP
        return self.op(x, *parameters, keeps=(x, *parameters[:1]), own=own, layout=layout)

    def joined(self, *parts: Tensor, makes: int) -> Tensor:
        """A copy of all parts beside each other; the gradient of each is a part of the output's."""
        return self.op(*parts, makes=makes, passes=range(len(parts)), layout=Layout.SPLIT)

    def view(self, x: Tensor, layout: Layout = Layout.FOLLOW) -> Tensor:
        """The same numbers otherwise; the gradient is passed on as it is."""
        output = self._tensor(x.numbers, x.size, x.storage, [x])
        output.gaps, output.reordered, output.interleaved = x.gaps, x.reordered, x.interleaved
        self._play([x], (output,), passes=(0,), layout=layout)
        return output

    def reshaped(self, x: Tensor) -> Tensor:
        """The same numbers in another shape."""
        return self.view(self.in_order(x), Layout.RESHAPE)

    def split_images(self, x: Tensor) -> Tensor:
        """The same numbers, whose channels were those of all images."""
        return self.view(x, Layout.MERGE)

    def permuted(self, x: Tensor, order: tuple[int, ...]) -> Tensor:
        """The same numbers with the axes in another order; none when images come after others."""
        sizes = x.shape.dimensions if x.shape else ()
        moved = [axis for axis in order if not sizes or sizes[axis] > 1]
        stays = bool(order) and moved == sorted(moved)
        output = self.view(x, Layout.FOLLOW if stays else Layout.PERMUTE)
        output.reordered = True
        output.channels_last = CHANNELS_LAST.get(order, False)
        return output

    def part(self, x: Tensor, makes: int) -> Tensor:
        """A view of some of the numbers (or of some several times), ``makes`` for every image. The
        gradient is a new tensor of the input's size."""
        numbers = makes * self.batch
        output = self._tensor(numbers, x.size, x.storage, [x])
        output.gaps, output.reordered, output.channels_last = True, x.reordered, x.channels_last
        self._play([x], (output,), layout=Layout.ORDER)
        return output

    def split(self, x: Tensor, sizes: Sequence[int]) -> tuple[Tensor, ...]:
        """Views of parts of so many numbers; their gradients are joined in one step."""
        outputs = tuple(self._tensor(size, x.size, x.storage, [x]) for size in sizes)
        self._play([x], outputs)
        return outputs

    def trained(self, *numbers: int) -> list[Tensor]:
        """Trained parameters of so many numbers, in the module's order; none for 0."""
        held = [Tensor(n, self.size, None, self.learns, parameter=True) for n in numbers if n]
        self.parameters += [(self.row, one) for one in held]
        return held

    def buffers(self, numbers: int, counters: int = 0) -> None:
        """State that is not trained: numbers, and counters of batches."""
        self.buffer_bytes += memory.size_in_bytes(numbers, self.size) + INDEX_BYTES * counters

    def hold(self, *tensors: Tensor) -> None:
        """These are referred to up to here."""
        for tensor in tensors:
            self.lives[tensor] = len(self.operations) - 1

    def images(self, n: int, size: int | None = None) -> int:
        """The bytes of n numbers for every image."""
        return memory.size_in_bytes(n * self.batch, size or self.size)

    def indices(self, n: int) -> int:
        """The bytes of n places."""
        return memory.size_in_bytes(n, INDEX_BYTES)

    def in_order(self, x: Tensor) -> Tensor:
        """The tensor itself; raises LayerError where PyTorch would first copy it."""
        if not x.in_order:
            raise LayerError(
                "its input is a part or another order of the memory it lies in, and what PyTorch "
                "then copies is not modelled"
            )
        return x

    # Precision, which only autocast changes.

    def lowered(self, *tensors: Tensor) -> list[Tensor]:
        """Copies of low precision, as convolutions and products of matrices take them under
        autocast, the last one first; those of parameters are cached."""
        low = self.low or self.size
        return [self._cast(one, min(one.size, low)) for one in reversed(tensors)][::-1]

    def raised(self, x: Tensor, *, cuda: bool) -> Tensor:
        """A copy of full precision, for what autocast computes in no other on this device."""
        return self._cast(x, self.size if self.low and cuda == self.cuda else x.size)

    def statistics(self, n: int, x: Tensor, held: bool) -> int:
        """The bytes of n means or deviations that are measured of a tensor: as precise as the
        parameters, where there are any, and on CUDA never less than float32."""
        size = max(x.size, self.size if held else 0)
        return memory.size_in_bytes(n, max(size, FULL_BYTES) if self.cuda else size)

    def widest(self, *tensors: Tensor) -> list[Tensor]:
        """Copies of the highest precision among them."""
        size = max(one.size for one in tensors)
        return [self._cast(one, size) for one in tensors]

    def _cast(self, x: Tensor, size: int) -> Tensor:
        if size == x.size:
            return x
        copy = self.op(x, shared=x.numbers, size=size)
        if x.parameter:
            self.cached.append(copy)
        else:
            self.originals[copy] = x
        return copy

    # Arithmetic, which keeps and makes what it must, at the highest precision of its inputs.

    def convolution(
        self, x: Tensor, weights: int, biases: int, makes: int, *, spans: bool
    ) -> Tensor:
        """A convolution with so many trained weights and biases, which keeps its input.

        ``spans`` says that a filter has several channels and several places: then the gradient of
        the weights has an order, which is that of the input.
        """
        parameters = self.trained(weights, biases)
        if spans and x.channels_last is None and self.learns:
            raise LayerError(
                "the channels of its input come after three axes in memory, and what PyTorch then "
                "copies backward is not modelled"
            )
        parameters[0].relaid = spans and bool(x.channels_last)
        given, *held = self.lowered(x, *parameters)
        keeps = (given, held[0])
        return self.op(given, *held, makes=makes, keeps=keeps, layout=Layout.KEEP)

    def linear(self, x: Tensor, weights: int, biases: int, makes: int) -> Tensor:
        """A product of matrices with so many trained weights, and biases. It keeps its input, and
        its weights where that needs a gradient."""
        given, *held = self.lowered(x, *self.trained(weights, biases))
        keeps = (given, held[0]) if x.needs_gradient else (given,)
        return self.op(given, *held, makes=makes, keeps=keeps, layout=Layout.KEEP)

    def dropout(self, x: Tensor, p: float) -> Tensor:
        """Dropout of each element: a product with a factor for every one, or with a zero for all.
        CUDA keeps which stay instead, a byte for every element."""
        if self.cuda and p < 1:
            return self.op(x, own=x.numbers * MASK_BYTES)
        return self.multiply(x, self.op(shared=1 if p == 1 else x.numbers, size=x.size))

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """The sum; a parameter with fewer axes is repeated."""
        size = max(a.size, b.size)
        passes = [i for i, x in enumerate((a, b)) if x.size == size and not x.parameter]
        return self.op(a, b, passes=passes, size=size)

    def multiply(self, a: Tensor, b: Tensor, makes: int | None = None) -> Tensor:
        """The product; factors with fewer numbers are repeated, and ``makes`` is what comes out."""
        numbers = a.numbers if makes is None else makes * self.batch
        size = max(a.size, b.size)
        wanted = [factor for factor in (a, b) if factor.needs_gradient]
        keeps = [kept for kept, other in ((a, b), (b, a)) if other.needs_gradient]
        beside = _fitted(wanted, numbers, size)
        return self.op(a, b, makes=makes, keeps=keeps, beside=beside, size=size)

    def divide(self, a: Tensor, b: Tensor) -> Tensor:
        """The quotient."""
        size = max(a.size, b.size)
        wanted = [x for x in (a, b) if x.needs_gradient]
        keeps = [kept for kept, other in ((a, b), (b, a)) if other.needs_gradient]
        beside = _fitted(wanted, a.numbers, size)
        if b.needs_gradient:  # its own comes first: two quotients, a change of sign, a product
            fullest = 4 * memory.size_in_bytes(a.numbers, size)
            beside = max(beside, fullest - sum(x.bytes for x in wanted))
        return self.op(a, b, keeps=keeps, beside=beside, size=size)

    def subtracted(self, x: Tensor, makes: int) -> Tensor:
        """The differences from fixed numbers of a parameter's precision, ``makes`` for every
        image."""
        size = max(x.size, self.size)
        # Its gradient is the sum of that of the differences, and a copy where precision differs.
        beside = x.numbers * size if x.size != size else 0
        return self.op(x, makes=makes, size=size, beside=beside)

    def times(self, x: Tensor) -> Tensor:
        """Times a number."""
        return self.op(x)

    def plus(self, x: Tensor) -> Tensor:
        """Plus a number."""
        return self.op(x, passes=(0,))

    def power(self, x: Tensor, exponent: float) -> Tensor:
        """A fixed power: its gradient from another power and two products."""
        x = self.raised(x, cuda=True)
        return self.op(x, keeps=(x,), beside=2 * x.bytes if exponent else 0)

    # What all of them do.

    def _new(self, size: int) -> int:
        """New memory, which the next operation makes."""
        self.storages.append(size)
        self.born.append(len(self.operations))
        return len(self.storages) - 1

    def _tensor(
        self, numbers: int, size: int, storage: int | None, reads: Sequence[Tensor]
    ) -> Tensor:
        return Tensor(numbers, size, storage, any(read.needs_gradient for read in reads))

    def _play(
        self,
        reads: Sequence[Tensor],
        outputs: tuple[Tensor, ...],
        kept: Sequence[Tensor] = (),
        own: int = 0,
        passes: Sequence[int] = (),
        beside: int = 0,
        layout: Layout = Layout.FOLLOW,
    ) -> None:
        storages = frozenset(tensor.storage for tensor in kept if tensor.storage is not None)
        self.operations.append(
            Operation(
                self.row, tuple(reads), outputs, storages, own, frozenset(passes), beside, layout
            )
        )
        self.hold(*reads, *outputs)
        self.hold(*(self.originals[read] for read in reads if read in self.originals))


def _fitted(wanted: Sequence[Tensor], numbers: int, size: int) -> int:
    """What gradients need beside themselves that are all made with so many numbers of one size,
    and one after the other are summed and copied to those of their tensor."""
    made = memory.size_in_bytes(numbers, size)
    alive = fullest = made * len(wanted)
    for tensor in wanted:
        now = made
        for needed, there in (
            (tensor.parameter or tensor.numbers != numbers, tensor.numbers * size),
            (tensor.size != size, tensor.bytes),
        ):
            if needed:
                fullest = max(fullest, alive + there)
                alive += there - now
                now = there
    return fullest - alive
