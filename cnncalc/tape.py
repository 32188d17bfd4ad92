"""What PyTorch does with memory, as far as a layer says it: tensors, and the operations that make
them, with what autograd keeps of each and what its backward pass makes.

A layer plays its forward pass on a tape (``Layer.steps``) in the words of PyTorch's operations. No
number is computed. ``cnncalc.memory`` reads the tape forward and backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cnncalc.errors import LayerError
from cnncalc.formulas import memory

INDEX_BYTES = 8
"""The bytes of a place that PyTorch notes: its indices are int64."""


@dataclass(slots=True, eq=False)
class Tensor:
    """A tensor of the forward pass: its numbers for the whole batch, the bytes of each, and which
    memory it lies in (None: a parameter's, which is held anyway).

    ``shape`` is that of one image, known of what layers give to each other. ``gaps`` and
    ``reordered`` say that the numbers do not lie one behind another, or not in the axes' order.
    """

    numbers: int
    size: int
    storage: int | None
    needs_gradient: bool
    gaps: bool = False
    reordered: bool = False
    parameter: bool = False
    shape: Any = None

    @property
    def bytes(self) -> int:
        """What its numbers occupy."""
        return memory.size_in_bytes(self.numbers, self.size)

    @property
    def in_order(self) -> bool:
        """Whether its numbers lie one behind another; with one axis there is only one order."""
        axes = sum(size > 1 for size in self.shape.dimensions)
        return not self.gaps and not (self.reordered and axes > 1)


class Operation(NamedTuple):
    """One operation, and the node that it leaves in autograd's graph where a gradient is needed.

    ``kept`` is the memory of inputs and outputs that the node keeps, ``own`` the bytes of other
    tensors that it keeps. In the backward pass every input that needs it gets a gradient of its own
    size; those in ``passes`` get the output's, or a part of it, and no memory is new. ``beside``
    are the bytes that the backward pass needs when it is fullest, beside the gradients.
    """

    row: int
    reads: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    kept: frozenset[int]
    own: int
    passes: frozenset[int]
    beside: int

    @property
    def has_node(self) -> bool:
        """Whether the backward pass comes by."""
        return any(output.needs_gradient for output in self.outputs)


class Tape:
    """The operations of a network, in order.

    ``learns`` says whether gradients are wanted at all, ``training`` whether the layers run as in
    training. ``storages`` are the bytes of every piece of memory, ``lives`` the last operation
    during which each tensor is referred to.
    """

    def __init__(self, batch: int, size: int, *, training: bool, learns: bool) -> None:
        self.batch = batch
        self.size = size
        self.training = training
        self.learns = learns
        self.row = 0
        self.operations: list[Operation] = []
        self.storages: list[int] = []
        self.lives: dict[Tensor, int] = {}
        self.parameters: list[tuple[int, Tensor]] = []
        self.buffer_bytes = 0

    def input(self, elements: int) -> Tensor:
        """An input of the network, of so many numbers for every image."""
        self.storages.append(self.images(elements))
        return Tensor(elements * self.batch, self.size, len(self.storages) - 1, False)

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
    ) -> Tensor:
        """An operation that puts out a new tensor: ``makes`` numbers for every image, or ``shared``
        ones for all of them; as many as its first input when neither is said.

        ``own`` are the bytes of tensors that it makes for the backward pass.
        """
        if makes is not None:
            numbers = makes * self.batch
        else:
            numbers = reads[0].numbers if shared is None else shared
        size = reads[0].size if reads else self.size
        self.storages.append(memory.size_in_bytes(numbers, size))
        reordered = any(read.reordered for read in reads)
        output = self._tensor(numbers, size, len(self.storages) - 1, reads, reordered=reordered)
        kept = [*keeps, *([output] if keeps_output else [])]
        self._play(reads, (output,), kept, own, passes, beside)
        return output

    def view(self, x: Tensor, *, reordered: bool = False) -> Tensor:
        """The same numbers otherwise; the gradient is passed on as it is."""
        output = self._tensor(
            x.numbers, x.size, x.storage, [x], gaps=x.gaps, reordered=x.reordered or reordered
        )
        self._play([x], (output,), passes=(0,))
        return output

    def part(self, x: Tensor, makes: int) -> Tensor:
        """A view of some of the numbers (or of some several times), ``makes`` for every image. The
        gradient is a new tensor of the input's size."""
        numbers = makes * self.batch
        output = self._tensor(numbers, x.size, x.storage, [x], gaps=True, reordered=x.reordered)
        self._play([x], (output,))
        return output

    def split(self, x: Tensor, sizes: Sequence[int]) -> tuple[Tensor, ...]:
        """Views of parts of so many numbers; their gradients are joined in one step."""
        outputs = tuple(self._tensor(size, x.size, x.storage, [x], gaps=True) for size in sizes)
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

    # Arithmetic, which keeps and makes what it must.

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """The sum; a parameter with fewer axes is repeated."""
        return self.op(a, b, passes=(0,) if b.parameter else (0, 1))

    def multiply(self, a: Tensor, b: Tensor, makes: int | None = None) -> Tensor:
        """The product; factors with fewer numbers are repeated, and ``makes`` is what comes out."""
        numbers = a.numbers if makes is None else makes * self.batch
        product = memory.size_in_bytes(numbers, a.size)
        wanted = [factor for factor in (a, b) if factor.needs_gradient]
        # Gradients of the product's size, then one after the other is summed to its factor's.
        alive = fullest = product * len(wanted)
        for factor in wanted:
            if factor.parameter or factor.numbers != numbers:
                alive += factor.bytes
                fullest = max(fullest, alive)
                alive -= product
        keeps = [kept for kept, other in ((a, b), (b, a)) if other.needs_gradient]
        return self.op(a, b, makes=makes, keeps=keeps, beside=fullest - alive)

    def times(self, x: Tensor) -> Tensor:
        """Times a number."""
        return self.op(x)

    def plus(self, x: Tensor) -> Tensor:
        """Plus a number."""
        return self.op(x, passes=(0,))

    def divide(self, a: Tensor, b: Tensor) -> Tensor:
        """The quotient."""
        keeps = [*([a] if b.needs_gradient else []), *([b] if a.needs_gradient else [])]
        beside = 0
        if b.needs_gradient:  # from two quotients, a change of sign and a product
            beside = 2 * a.bytes if a.needs_gradient else 3 * a.bytes
        return self.op(a, b, keeps=keeps, beside=beside)

    def power(self, x: Tensor, exponent: float) -> Tensor:
        """A fixed power: its gradient from another power and two products."""
        return self.op(x, keeps=(x,), beside=2 * x.bytes if exponent else 0)

    # What all of them do.

    def _tensor(
        self,
        numbers: int,
        size: int,
        storage: int | None,
        reads: Sequence[Tensor],
        *,
        gaps: bool = False,
        reordered: bool = False,
    ) -> Tensor:
        needs_gradient = any(read.needs_gradient for read in reads)
        return Tensor(numbers, size, storage, needs_gradient, gaps, reordered)

    def _play(
        self,
        reads: Sequence[Tensor],
        outputs: tuple[Tensor, ...],
        kept: Sequence[Tensor] = (),
        own: int = 0,
        passes: Sequence[int] = (),
        beside: int = 0,
    ) -> None:
        storages = frozenset(tensor.storage for tensor in kept if tensor.storage is not None)
        self.operations.append(
            Operation(self.row, tuple(reads), outputs, storages, own, frozenset(passes), beside)
        )
        self.hold(*reads, *outputs)
