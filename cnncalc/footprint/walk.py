"""A recording followed forward and backward: how many bytes are alive at every operation.

The order is PyTorch's. Backward, the operations run in reverse. While one runs, the gradient that
it is given, what it keeps, and the gradients that it makes are alive; then what it was given and
what it kept are let go, and only then are gradients that meet at a fork added up.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cnncalc.core.tape import Operation, Tensor
from cnncalc.footprint.recording import Recording

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


def saved(recording: Recording, segments: Sequence[range] = ()) -> list[Saved]:
    """What autograd keeps until the backward pass begins, every memory once, with the first
    operation that keeps it; of checkpointed segments, what they read from before."""
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
    """The memory that a segment reads and others made, if it keeps anything at all."""
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
    """A forward pass whose inputs nobody else holds."""
    walk = _Walk(recording)
    walk.forward(range(len(recording.tape.operations)), FORWARD, keeps=True)
    return walk.moments


def training(
    recording: Recording, updates: Sequence[Update], segments: Sequence[range] = ()
) -> list[Moment]:
    """A forward pass, a backward pass and the updates of the parameters, while the caller holds the
    inputs.

    The loss takes no memory but the gradients of the outputs, which it makes when the backward pass
    begins. Gradients of parameters are made in every step anew. The operations of ``segments`` keep
    only what they read from before, and run again when the backward pass comes to them.
    """
    walk = _Walk(recording)
    for tensor in recording.inputs:
        walk.hold(tensor.storage)
    walk.train(segments)
    for update in updates:
        walk.note(STEP, update.row, update.bytes)
    return walk.moments


class _Walk:
    """The memory that is alive, by how many hold it."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.operations = recording.tape.operations
        self.sizes = list(recording.tape.storages)
        self.holders = [0] * len(self.sizes)
        self.keepers = [0] * len(self.sizes)
        self.alive = self.saved = self.gradients = 0
        self.given: dict[Tensor, int] = {}
        """The memory of the gradients that wait for the operation that made their tensor."""
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

    def train(self, segments: Sequence[range]) -> None:
        """Forward and backward."""
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
        """These operations in order; their nodes keep what the backward pass needs. What they made
        and have not let go."""
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
        """Backward through a segment. It runs again when something that it kept is needed, and
        until the last of it is there."""
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
        """These operations in reverse, as far as they have nodes."""
        for place in reversed(places):
            if self.operations[place].has_node:
                self.step_back(self.operations[place])

    def step_back(self, operation: Operation, also: Iterable[int] = ()) -> None:
        """From the gradients that are given for the outputs to those of the inputs; with what it
        kept, ``also`` this is let go."""
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
            if tensor.relaid:  # a parameter keeps a copy in its own order
                self.new(tensor.bytes)
                self.note(BACKWARD, operation.row)
            if tensor.relaid or not tensor.parameter:
                self.drop(storage)

    def give(self, tensor: Tensor, storage: int, row: int) -> None:
        """A gradient reaches a tensor. Where one is there already, both are added up in a third; on
        CUDA in the first, if nobody else holds that and it is whole."""
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
