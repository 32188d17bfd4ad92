"""The operations of a network in order, the storages that they read and create, and what autograd
saves of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.core import strides
from cnncalc.core.errors import LayerError
from cnncalc.core.operation import Layout, Operation, Tensor
from cnncalc.formulas import memory

INDEX_BYTES = 8
"""The bytes of an index; PyTorch's are int64."""

MAX_READ = 30_000
"""The most tensors that all operations together may read, counting repeats: more would take too
long."""


class Record:
    """The operations of a network, in order.

    ``learns`` says whether gradients are computed at all, ``training`` whether layers run in
    training mode. ``size`` is the size of a parameter's element in bytes; ``low`` is that of the
    lower precision under autocast; ``cuda`` selects CUDA instead of the CPU. ``storages`` lists the
    bytes of every storage, and ``born`` the operation that creates it; ``lives`` maps each tensor
    to the last operation during which it is referenced. ``cached`` are copies of parameters that
    live until the end of the forward pass. ``unclear`` is the first row whose peaks are not
    modelled, and why.
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
        self.read = 0
        self.operations: list[Operation] = []
        self.storages: list[int] = []
        self.born: list[int] = []
        self.lives: dict[Tensor, int] = {}
        self.views: set[Tensor] = set()
        self.saved: set[int | None] = set()  # the storages that are saved for backward
        self.parameters: list[tuple[int, Tensor]] = []
        self.frozen: list[Tensor] = []
        self.buffer_bytes = 0
        self.cached: dict[Tensor, Tensor] = {}
        self.originals: dict[Tensor, Tensor] = {}  # referenced by the caller while copies are read
        self._held: dict[int, list[list[Tensor]]] = {}  # the parameters of each row
        self._lent: Iterator[list[Tensor]] | None = None
        self._trains = True
        self.unclear: tuple[int, LayerError] | None = None

    def turn(self, row: int, owner: int | None = None, trainable: bool = True) -> None:
        """Start recording this row, whose parameters and buffers may belong to another row."""
        self.row, self._trains = row, trainable
        self._lent = None if owner is None else iter(self._held.get(owner, ()))

    def input(self, elements: int) -> Tensor:
        """An input of the network with this many elements per image."""
        return Tensor(elements * self.batch, self.size, self._new(self.images(elements)), False)

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
        room: int = 0,
    ) -> Tensor:
        """An operation that outputs a new tensor, with ``makes`` elements per image or ``shared``
        elements for the whole batch; by default as many as its first input.

        ``size`` is the bytes of an output element, by default those of an element of the first
        input. ``own`` are the bytes of tensors that it creates for backward; ``ordered`` means that
        the output is contiguous, whatever the layout of the input, and so is the input's gradient,
        unless ``layout`` says otherwise. The storages of the output and of the input's gradient
        have at least ``room`` bytes. The storages of ``keeps``, and of the output if
        ``keeps_output``, become ``Operation.kept``; the other arguments become the fields of the
        same names.
        """
        layout = Layout.ORDER if ordered and layout is Layout.FOLLOW else layout
        if makes is not None:
            numbers = makes * self.batch
        else:
            numbers = reads[0].numbers if shared is None else shared
        if size is None:
            size = reads[0].size if reads else self.size
        storage = self._new(max(room, memory.size_in_bytes(numbers, size)))
        output = self._tensor(numbers, size, storage, reads)
        if not ordered:
            output.reordered = any(read.reordered for read in reads)
            output.interleaved = any(read.interleaved for read in reads)
            orders = {read.channels_last for read in reads}
            output.channels_last = True in orders or (None if None in orders else False)
            if (makes, shared, layout) == (None, None, Layout.FOLLOW):
                output.strided = between(*reads)
        kept = [*keeps, *([output] if keeps_output else [])]
        self._play(reads, (output,), kept, own, passes, beside, layout, room)
        return output

    def unlearned(self, x: Tensor, n: int, *, with_values: bool = False) -> list[Tensor]:
        """An operation through which no gradient passes. It outputs n indices per image,
        preceded by the values that they point to if ``with_values``."""
        outputs = [
            Tensor(n * self.batch, size, self._new(self.images(n, size)), needs_gradient=False)
            for size in [x.size] * with_values + [INDEX_BYTES]
        ]
        self._play([x], tuple(outputs))
        return outputs

    def view(self, x: Tensor, layout: Layout = Layout.FOLLOW) -> Tensor:
        """A view of the same elements; the gradient passes through unchanged."""
        output = self._tensor(x.numbers, x.size, x.storage, [x])
        output.gaps, output.reordered, output.interleaved = x.gaps, x.reordered, x.interleaved
        output.strided = x.strided
        self.views.add(output)
        self._play([x], (output,), passes=(0,), layout=layout)
        return output

    def trained(self, *numbers: int) -> list[Tensor]:
        """Learnable parameters with these sizes, in the order of the module; sizes of 0 are left
        out."""
        if self._lent is not None:
            return next(self._lent)
        learns, frozen = self.learns and self._trains, not self._trains
        held = [
            Tensor(n, self.size, None, learns, parameter=True, frozen=frozen) for n in numbers if n
        ]
        self._held.setdefault(self.row, []).append(held)
        self.frozen += held if frozen else []
        self.parameters += [] if frozen else [(self.row, one) for one in held]
        return held

    def borrowed(self) -> Tensor:
        """Learnable parameters that another layer holds."""
        return Tensor(0, self.size, None, self.learns, parameter=True)

    def buffers(self, numbers: int, counters: int = 0) -> Tensor:
        """Buffers: numbers, which are returned as one tensor, and counters of batches."""
        if self._lent is None:
            self.buffer_bytes += memory.size_in_bytes(numbers, self.size) + INDEX_BYTES * counters
        return Tensor(numbers, self.size, None, needs_gradient=False)

    def hold(self, *tensors: Tensor) -> None:
        """Keep these tensors referenced until the latest operation has run."""
        for tensor in tensors:
            self.lives[tensor] = len(self.operations) - 1

    def images(self, n: int, size: int | None = None) -> int:
        """The bytes of n elements per image."""
        return memory.size_in_bytes(n * self.batch, size or self.size)

    def indices(self, n: int) -> int:
        """The bytes of n indices."""
        return memory.size_in_bytes(n, INDEX_BYTES)

    def _new(self, size: int) -> int:
        """New storage, which the next operation creates."""
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
        room: int = 0,
    ) -> None:
        storages = frozenset(tensor.storage for tensor in kept if tensor.storage is not None)
        self.read += len(reads)
        if self.read > MAX_READ:
            raise LayerError(
                f"memory is modelled for networks whose operations read at most {MAX_READ:,} "
                "tensors, parameters included; the operations up to this layer read more"
            )
        self.operations.append(
            Operation(
                self.row,
                tuple(reads),
                outputs,
                storages,
                own,
                frozenset(passes),
                beside,
                layout,
                room,
            )
        )
        if self.operations[-1].has_node:
            self.saved |= storages
        self.hold(*reads, *outputs)
        self.hold(*(self.originals[read] for read in reads if read in self.originals))


def between(*reads: Tensor) -> strides.Strided | None:
    """The layout of the result of an elementwise operation, if it is known. Parameters do not
    affect it."""
    first = reads[0].strided
    whole = first is not None and reads[0].numbers == max(read.numbers for read in reads)
    if first and whole and first.dense:  # the first operand decides
        return strides.elementwise(first)
    known = [read.strided for read in reads if read.strided or read.storage is not None]
    if not known or None in known or len({len(one.sizes) for one in known if one}) > 1:
        return None
    return strides.elementwise(*(one for one in known if one))
