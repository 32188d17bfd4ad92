"""Walks a recording forward and backward, and counts live memory at every operation.

The order is PyTorch's. In the backward pass the operations run in reverse. While one runs, its
incoming gradient, its saved tensors and the gradients it produces are live. Then the incoming
gradient and the saved tensors are freed, and only then are gradients that meet at a fork summed.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cnncalc.core.tape import Operation, Tensor
from cnncalc.footprint.recording import Recording

FORWARD, BACKWARD, STEP = "forward", "backward", "step"
"""The phases of training."""


class Moment(NamedTuple):
    """Live memory in bytes while an operation runs; ``row`` is the index of its layer's row.

    ``alive`` counts everything that is not resident (parameters, buffers and optimizer state). Of
    it, ``saved`` is saved for backward, and ``gradients`` are parameter gradients.
    """

    phase: str
    row: int
    alive: int
    saved: int = 0
    gradients: int = 0


class Saved(NamedTuple):
    """The bytes that a row saves for backward."""

    row: int
    bytes: int


class Update(NamedTuple):
    """The temporary bytes of updating one parameter of a row."""

    row: int
    bytes: int


def saved(recording: Recording, segments: Sequence[range] = ()) -> list[Saved]:
    """The bytes saved for backward, each storage counted once, for the first operation that saves
    it; a checkpointed segment saves only its inputs."""
    operations, sizes = recording.tape.operations, recording.tape.storages
    seen: set[int] = set()
    found = []
    inside = {place: segment for segment in segments for place in segment}
    for place, operation in enumerate(operations):
        segment = inside.get(place)
        if segment is None:
            kept, own = operation.kept, operation.own
        else:
            first = place == segment.start
            kept, own = entering(recording, segment) if first else frozenset[int](), 0
        if segment is not None or operation.has_node:
            new = kept - seen
            seen |= new
            found.append(Saved(operation.row, sum(sizes[one] for one in new) + own))
    return found


def entering(recording: Recording, segment: range) -> frozenset[int]:
    """The storages that a segment reads but does not create; none if it saves nothing."""
    tape = recording.tape
    inside = tape.operations[segment.start : segment.stop]
    if not any(operation.keeps for operation in inside):
        return frozenset()
    read = {tensor.storage for operation in inside for tensor in operation.reads}
    born = tape.born
    first = {tensor.storage for tensor in recording.inputs}
    return frozenset(
        one for one in read if one is not None and (one in first or born[one] < segment.start)
    )


def forward(recording: Recording) -> list[Moment]:
    """A forward pass; the caller keeps no reference to the inputs."""
    walk = _Walk(recording)
    walk.forward(range(len(recording.tape.operations)), FORWARD, keeps=True)
    return walk.moments


def training(
    recording: Recording, updates: Sequence[Update], segments: Sequence[range] = ()
) -> list[Moment]:
    """A forward pass, a backward pass and the parameter updates; the caller references the inputs
    throughout.

    The loss allocates only the gradients of the outputs, at the start of the backward pass.
    Parameter gradients are allocated anew in every step. The operations of ``segments`` save only
    their inputs, and are recomputed when the backward pass reaches them.
    """
    walk = _Walk(recording)
    for tensor in recording.inputs:
        walk.hold(tensor.storage)
    walk.train(segments)
    for update in updates:
        walk.note(STEP, update.row, update.bytes)
    return walk.moments


class _Walk:
    """Live memory, by reference count of each storage."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.operations = recording.tape.operations
        self.sizes = list(recording.tape.storages)
        self.holders = [0] * len(self.sizes)
        self.keepers = [0] * len(self.sizes)
        self.alive = self.saved = self.gradients = 0
        self.given: dict[Tensor, int] = {}
        """The storage of the gradient accumulated so far, by tensor."""
        self.moments: list[Moment] = []
        for tensor in recording.inputs:
            self.hold(tensor.storage)
        self.note(FORWARD, 0)

    # Memory.

    def new(self, size: int) -> int:
        """A new storage with one reference."""
        self.sizes.append(size)
        self.holders.append(1)
        self.alive += size
        return len(self.sizes) - 1

    def hold(self, storage: int | None) -> None:
        """Add a reference. Parameters (None) are resident anyway."""
        if storage is not None:
            if not self.holders[storage]:
                self.alive += self.sizes[storage]
            self.holders[storage] += 1

    def drop(self, storage: int | None) -> None:
        """Drop a reference; the last one frees the storage."""
        if storage is not None:
            self.holders[storage] -= 1
            if not self.holders[storage]:
                self.alive -= self.sizes[storage]

    def keep(self, storage: int) -> None:
        """Save a storage for backward."""
        self.hold(storage)
        if not self.keepers[storage]:
            self.saved += self.sizes[storage]
        self.keepers[storage] += 1

    def release(self, storage: int) -> None:
        """Release a storage that one operation saved for backward."""
        self.keepers[storage] -= 1
        if not self.keepers[storage]:
            self.saved -= self.sizes[storage]
        self.drop(storage)

    def note(self, phase: str, row: int, beside: int = 0) -> None:
        """Add a moment with the live memory, plus ``beside`` temporary bytes."""
        self.moments.append(Moment(phase, row, self.alive + beside, self.saved, self.gradients))

    # Passes.

    def train(self, segments: Sequence[range]) -> None:
        """Run forward and backward, with these segments checkpointed."""
        ends = [*(segment.start for segment in segments), len(self.operations)]
        begins = [0, *(segment.stop for segment in segments)]
        between = [range(begin, end) for begin, end in zip(begins, ends)]
        for places, segment in zip(between, segments):
            self.forward(places, FORWARD, keeps=True)
            for storage in entering(self.recording, segment):
                self.keep(storage)
            self.forward(segment, FORWARD)
        self.forward(between[-1], FORWARD, keeps=True)
        outputs = self.recording.outputs
        for tensor in {*outputs}:
            self.drop(tensor.storage)
        made = [(one, self.new(one.bytes)) for one in outputs if one.needs_gradient]
        for tensor, storage in made:
            self.give(tensor, storage, self.operations[-1].row)
            self.drop(storage)
        self.backward(between[-1])
        for places, segment in zip(reversed(between[:-1]), reversed(segments)):
            self.again(segment)
            self.backward(places)

    def forward(self, places: range, phase: str, *, keeps: bool = False) -> list[Tensor]:
        """Run these operations in order; with ``keeps``, they save tensors for backward. Returns
        the outputs that are still referenced."""
        held: dict[Tensor, None] = {}
        for place in places:
            operation = self.operations[place]
            for output in operation.outputs:
                self.hold(output.storage)
                held[output] = None
            self.alive += operation.own
            self.note(phase, operation.row)
            if keeps and operation.has_node:
                self.saved += operation.own
                for storage in operation.kept:
                    self.keep(storage)
            else:
                self.alive -= operation.own
            for tensor in self.recording.let_go[place]:
                if tensor in held or phase == FORWARD:
                    self.drop(tensor.storage)
                held.pop(tensor, None)
        return list(held)

    def again(self, segment: range) -> None:
        """Run backward through a segment. The first need of a saved tensor triggers recomputation,
        which stops as soon as the last saved tensor exists."""
        keeping = [place for place in segment if self.operations[place].keeps]
        if not keeping:
            self.backward(segment)
            return
        first, last = keeping[0], keeping[-1]
        self.backward(range(last + 1, segment.stop))
        runs = last + 1 if self.operations[last].keeps_what_it_makes else last
        held = self.forward(range(segment.start, runs), BACKWARD, keeps=True)
        if runs == last:
            for storage in self.operations[last].kept:
                self.keep(storage)
        for tensor in held:
            self.drop(tensor.storage)
        self.backward(range(first + 1, last + 1))
        self.step_back(self.operations[first], also=entering(self.recording, segment))
        self.backward(range(segment.start, first))

    def backward(self, places: range) -> None:
        """Run the backward pass of these operations, in reverse; some have no autograd node."""
        for place in reversed(places):
            if self.operations[place].has_node:
                self.step_back(self.operations[place])

    def step_back(self, operation: Operation, also: Iterable[int] = ()) -> None:
        """Turn the gradients of an operation's outputs into those of its inputs. Frees its saved
        tensors, and those in ``also``."""
        incoming = [self.given.pop(output) for output in operation.outputs]
        made: list[tuple[Tensor, int]] = []
        for place, read in enumerate(operation.reads):
            if not read.needs_gradient:
                continue
            if place in operation.passes:
                self.hold(incoming[0])
                made.append((read, incoming[0]))
            else:
                made.append((read, self.new(read.bytes)))
            if read.parameter:
                self.gradients += read.bytes
        self.note(BACKWARD, operation.row, operation.beside)
        for storage in incoming:
            self.drop(storage)
        for storage in [*operation.kept, *also]:
            self.release(storage)
        self.alive -= operation.own
        self.saved -= operation.own
        for tensor, storage in made:
            if not tensor.parameter:
                self.give(tensor, storage, operation.row)
        for tensor, storage in made:
            if tensor.relaid:  # the parameter's gradient is copied into its own layout
                self.new(tensor.bytes)
                self.note(BACKWARD, operation.row)
            if tensor.relaid or not tensor.parameter:
                self.drop(storage)

    def give(self, tensor: Tensor, storage: int, row: int) -> None:
        """Pass a gradient to a tensor. A second one is summed with the first into a new tensor; on
        CUDA in place, if nothing else references the first and it is not a view of a larger one."""
        before = self.given.get(tensor)
        if before is None:
            self.hold(storage)
            self.given[tensor] = storage
            return
        alone = self.holders[before] == 1 and self.sizes[before] == tensor.bytes
        if not (self.recording.tape.cuda and alone):
            self.given[tensor] = self.new(tensor.bytes)
            self.note(BACKWARD, row)
            self.drop(before)
