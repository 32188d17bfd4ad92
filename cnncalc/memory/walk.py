"""A recording followed forward and backward: how many bytes are alive at every operation.

The order is PyTorch's. Backward, the operations run in reverse. While one runs, the gradient that
it is given, what it keeps, and the gradients that it makes are alive; then what it was given and
what it kept are let go, and only then are gradients that meet at a fork added up, each sum in a new
tensor.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.memory.recording import Recording
from cnncalc.tape import Operation, Tensor

FORWARD, BACKWARD, STEP = "forward", "backward", "step"
"""The phases of training."""


class Moment(NamedTuple):
    """What is alive while an operation of a layer (the row of that position) runs.

    ``alive`` is everything but parameters, buffers and the optimizer's state; ``saved`` of it is
    kept for the backward pass, ``gradients`` are those of parameters.
    """

    phase: str
    row: int
    alive: int
    saved: int = 0
    gradients: int = 0


class Saved(NamedTuple):
    """Bytes that are kept for the backward pass on account of a row."""

    row: int
    bytes: int


class Update(NamedTuple):
    """The temporary bytes of the update of a parameter of a row."""

    row: int
    bytes: int


def saved(recording: Recording) -> list[Saved]:
    """What autograd keeps, every memory once, with the first operation that keeps it."""
    seen: set[int] = set()
    found = []
    for operation in recording.tape.operations:
        if operation.has_node:
            new = operation.kept - seen
            seen |= new
            sizes = recording.tape.storages
            found.append(Saved(operation.row, sum(sizes[one] for one in new) + operation.own))
    return found


def forward(recording: Recording) -> list[Moment]:
    """A forward pass whose inputs nobody else holds."""
    walk = _Walk(recording)
    walk.forward()
    return walk.moments


def training(recording: Recording, updates: Sequence[Update]) -> list[Moment]:
    """A forward pass, a backward pass and the updates of the parameters, while the caller holds the
    inputs.

    The loss takes no memory but the gradients of the outputs, which it makes when the backward pass
    begins. Gradients of parameters are made in every step anew.
    """
    walk = _Walk(recording)
    for tensor in recording.inputs:
        walk.hold(tensor.storage)
    walk.forward()
    for tensor in recording.outputs:
        walk.drop(tensor.storage)
    walk.backward()
    for update in updates:
        walk.note(STEP, update.row, update.bytes)
    return walk.moments


class _Walk:
    """The memory that is alive, by how many hold it."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.sizes = list(recording.tape.storages)
        self.holders = [0] * len(self.sizes)
        self.keepers = [0] * len(self.sizes)
        self.alive = self.saved = self.gradients = 0
        self.moments: list[Moment] = []
        for tensor in recording.inputs:
            self.hold(tensor.storage)
        self.note(FORWARD, 0)

    # Memory.

    def new(self, size: int) -> int:
        """A new memory, held once."""
        self.sizes.append(size)
        self.holders.append(1)
        self.alive += size
        return len(self.sizes) - 1

    def hold(self, storage: int | None) -> None:
        """One more holds it. Parameters (None) are held anyway."""
        if storage is not None:
            if not self.holders[storage]:
                self.alive += self.sizes[storage]
            self.holders[storage] += 1

    def drop(self, storage: int | None) -> None:
        """One less holds it, and with the last one it is gone."""
        if storage is not None:
            self.holders[storage] -= 1
            if not self.holders[storage]:
                self.alive -= self.sizes[storage]

    def keep(self, storage: int) -> None:
        """It is held for the backward pass."""
        self.hold(storage)
        if not self.keepers[storage]:
            self.saved += self.sizes[storage]
        self.keepers[storage] += 1

    def release(self, storage: int) -> None:
        """It is held for the backward pass no more, by one operation."""
        self.keepers[storage] -= 1
        if not self.keepers[storage]:
            self.saved -= self.sizes[storage]
        self.drop(storage)

    def note(self, phase: str, row: int, beside: int = 0) -> None:
        """Add a moment: so much is alive now, and ``beside`` more."""
        self.moments.append(Moment(phase, row, self.alive + beside, self.saved, self.gradients))

    # Passes.

    def forward(self) -> None:
        """Every operation in order; its node keeps what the backward pass needs."""
        for operation, gone in zip(self.recording.tape.operations, self.recording.let_go):
            for output in operation.outputs:
                self.hold(output.storage)
            self.alive += operation.own
            self.note(FORWARD, operation.row)
            if operation.has_node:
                self.saved += operation.own
                for storage in operation.kept:
                    self.keep(storage)
            else:
                self.alive -= operation.own
            for tensor in gone:
                self.drop(tensor.storage)

    def backward(self) -> None:
        """Every operation with a node, in reverse."""
        outputs = [one for one in self.recording.outputs if one.needs_gradient]
        given = {tensor: self.new(tensor.bytes) for tensor in outputs}
        for operation in reversed(self.recording.tape.operations):
            if operation.has_node:
                self.step_back(operation, given)

    def step_back(self, operation: Operation, given: dict[Tensor, int]) -> None:
        """From the gradients that are given for the outputs to those of the inputs."""
        incoming = [given.pop(output) for output in operation.outputs]
        made: list[tuple[Tensor, int]] = []
        for place, read in enumerate(operation.reads):
            if read.needs_gradient and place in operation.passes:
                self.hold(incoming[0])
                made.append((read, incoming[0]))
            elif read.needs_gradient:
                made.append((read, self.new(read.bytes)))
            if read.parameter and read.needs_gradient:
                self.gradients += read.bytes
        self.note(BACKWARD, operation.row, operation.beside)
        for storage in incoming:
            self.drop(storage)
        for storage in operation.kept:
            self.release(storage)
        self.alive -= operation.own
        self.saved -= operation.own
        self.hand_on(operation.row, made, given)

    def hand_on(
        self, row: int, made: Sequence[tuple[Tensor, int]], given: dict[Tensor, int]
    ) -> None:
        """Give the gradients to whom they belong: parameters keep theirs, or a copy in their own
        order, and where there is one already, both are added into a third."""
        added = []
        for tensor, storage in made:
            if tensor.relaid:
                self.new(tensor.bytes)
                self.note(BACKWARD, row)
                self.drop(storage)
            elif tensor.parameter:
                continue
            elif tensor in given:
                total = self.new(tensor.bytes)
                self.note(BACKWARD, row)
                self.drop(given[tensor])
                given[tensor] = total
                added.append(storage)
            else:
                given[tensor] = storage
        for storage in added:
            self.drop(storage)
