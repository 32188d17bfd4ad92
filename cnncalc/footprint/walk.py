"""Follows a recording forward and backward, and records the live bytes at every operation.

The order is PyTorch's: the backward pass runs the operations in reverse. While an operation runs,
its incoming gradient, its saved tensors and the gradients that it produces are live. Then the
first two are freed, and only then are gradients that meet at a fork added up.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cnncalc.core.operation import Operation, Tensor
from cnncalc.footprint.recording import Recording

FORWARD, BACKWARD, STEP = "forward", "backward", "step"
"""The phases of training."""


class Moment(NamedTuple):
    """Live memory while an operation of a layer runs.

    ``row`` is the layer's position in the report. ``alive`` includes everything except parameters,
    buffers and optimizer state. ``saved`` is the part saved for backward, ``gradients`` the part
    for parameter gradients.
    """

    phase: str
    row: int
    alive: int
    saved: int = 0
    gradients: int = 0

    @property
    def transient(self) -> int:
        """The part for the batch, activations and gradients in use, and temporary tensors."""
        return self.alive - self.gradients - self.saved


class Saved(NamedTuple):
    """Bytes saved for backward by a row."""

    row: int
    bytes: int


class Update(NamedTuple):
    """The temporary bytes while a parameter of a row is updated."""

    row: int
    bytes: int


def saved(recording: Recording, segments: Sequence[range] = ()) -> list[Saved]:
    """The bytes that autograd holds for the backward pass when the forward pass has ended. Every
    storage counts once, for the first operation that saves it; a checkpointed segment saves only
    its inputs, and a row that leads to no output saves nothing."""
    operations, sizes = recording.tape.operations, recording.tape.storages
    seen: set[int] = set()
    found = []
    inside = {place: segment for segment in segments for place in segment}
    for place, operation in enumerate(operations):
        if operation.row in recording.unused:
            continue
        segment = inside.get(place)
        if segment is None:
            kept, own = operation.kept, operation.own
        else:
            first = place == segment.start
            kept, own = segment_inputs(recording, segment) if first else frozenset[int](), 0
        if segment is not None or operation.has_node:
            new = kept - seen
            seen |= new
            found.append(Saved(operation.row, sum(sizes[one] for one in new) + own))
    return found


def segment_inputs(recording: Recording, segment: range) -> frozenset[int]:
    """The storages that a segment reads from outside, if it saves anything at all."""
    inside = recording.tape.operations[segment.start : segment.stop]
    if not any(operation.keeps for operation in inside):
        return frozenset()
    return outside(recording, segment)


def outside(recording: Recording, segment: range) -> frozenset[int]:
    """The storages that a segment reads from outside."""
    tape = recording.tape
    inside = tape.operations[segment.start : segment.stop]
    read = {tensor.storage for operation in inside for tensor in operation.reads}
    born = tape.born
    first = {tensor.storage for tensor in recording.inputs}
    return frozenset(
        one for one in read if one is not None and (one in first or born[one] < segment.start)
    )


def forward(recording: Recording) -> list[Moment]:
    """The moments of a forward pass whose inputs nothing else references."""
    walk = _Walk(recording)
    walk.forward(range(len(recording.tape.operations)), FORWARD, keeps=True)
    return walk.moments


def training(
    recording: Recording, updates: Sequence[Update], segments: Sequence[range] = ()
) -> list[Moment]:
    """The moments of a forward pass, a backward pass and the parameter updates, while the caller
    holds a reference to the inputs.

    The loss needs no memory except the gradients of the outputs, which the backward pass allocates
    first. Parameter gradients are allocated anew in every step. The operations of ``segments`` save
    only the inputs of their segment and run again when the backward pass reaches them.
    """
    walk = _Walk(recording)
    for tensor in recording.inputs:
        walk.hold(tensor.storage)
    walk.train(segments)
    for update in updates:
        walk.note(STEP, update.row, update.bytes)
    return walk.moments


class _Walk:
    """Tracks live memory by counting references to storages."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.operations = recording.tape.operations
        self.sizes = list(recording.tape.storages)
        self.holders = [0] * len(self.sizes)
        self.savers = [0] * len(self.sizes)
        self.alive = self.saved = self.gradients = 0
        self.given: dict[Tensor, int] = {}
        """The storage of each gradient until the operation that produced its tensor runs
        backward; that of a parameter's gradient is kept to the end."""
        self.moments: list[Moment] = []
        for tensor in recording.inputs:
            self.hold(tensor.storage)
        self.note(FORWARD, 0)

    # Memory.

    def new(self, size: int) -> int:
        """Allocate a storage with one reference."""
        self.sizes.append(size)
        self.holders.append(1)
        self.alive += size
        return len(self.sizes) - 1

    def hold(self, storage: int | None) -> None:
        """Add a reference. Parameters (None) are not counted."""
        if storage is not None:
            if not self.holders[storage]:
                self.alive += self.sizes[storage]
            self.holders[storage] += 1

    def drop(self, storage: int | None) -> None:
        """Remove a reference; the last one frees the storage."""
        if storage is not None:
            self.holders[storage] -= 1
            if not self.holders[storage]:
                self.alive -= self.sizes[storage]

    def keep(self, storage: int) -> None:
        """Save a storage for backward."""
        self.hold(storage)
        if not self.savers[storage]:
            self.saved += self.sizes[storage]
        self.savers[storage] += 1

    def release(self, storage: int) -> None:
        """Release a storage that one operation saved for backward."""
        self.savers[storage] -= 1
        if not self.savers[storage]:
            self.saved -= self.sizes[storage]
        self.drop(storage)

    def note(self, phase: str, row: int, beside: int = 0) -> None:
        """Add a moment with the live bytes, plus ``beside``."""
        self.moments.append(Moment(phase, row, self.alive + beside, self.saved, self.gradients))

    # Passes.

    def train(self, segments: Sequence[range]) -> None:
        """Forward and backward."""
        ends = [*(segment.start for segment in segments), len(self.operations)]
        begins = [0, *(segment.stop for segment in segments)]
        between = [range(begin, end) for begin, end in zip(begins, ends)]
        for places, segment in zip(between, segments):
            self.forward(places, FORWARD, keeps=True)
            read = outside(self.recording, segment)  # the caller holds it while the segment runs
            for storage in read:
                self.hold(storage)
            for storage in segment_inputs(self.recording, segment):
                self.keep(storage)
            self.forward(segment, FORWARD)
            for storage in read:
                self.drop(storage)
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
            self.backward_checkpointed(segment)
            self.backward(places)

    def forward(self, places: range, phase: str, *, keeps: bool = False) -> list[Tensor]:
        """Run these operations in order. With ``keeps``, save what the backward pass needs.
        Return the tensors that the operations created and did not free."""
        live: dict[Tensor, None] = {}
        for place in places:
            operation = self.operations[place]
            for output in operation.outputs:
                self.hold(output.storage)
                live[output] = None
            self.alive += operation.own
            self.note(phase, operation.row)
            if keeps and operation.has_node:
                self.saved += operation.own
                for storage in operation.kept:
                    self.keep(storage)
            else:
                self.alive -= operation.own
            for tensor in self.recording.freed[place]:
                if tensor in live or phase == FORWARD:
                    self.drop(tensor.storage)
                live.pop(tensor, None)
        return list(live)

    def backward_checkpointed(self, segment: range) -> None:
        """Run a segment backward. When a tensor that it would have saved is first needed, the
        segment is recomputed up to the last of these tensors."""
        keeping = [place for place in segment if self.operations[place].keeps]
        if not keeping:
            self.backward(segment)
            return
        first, last = keeping[0], keeping[-1]
        self.backward(range(last + 1, segment.stop))
        runs = last + 1 if self.operations[last].keeps_what_it_makes else last
        live = self.forward(range(segment.start, runs), BACKWARD, keeps=True)
        if runs == last:
            for storage in self.operations[last].kept:
                self.keep(storage)
        for tensor in live:
            self.drop(tensor.storage)
        self.backward(range(first + 1, last + 1))
        self.step_back(self.operations[first], also=segment_inputs(self.recording, segment))
        self.backward(range(segment.start, first))

    def backward(self, places: range) -> None:
        """Run these operations in reverse, if they have nodes."""
        for place in reversed(places):
            if self.operations[place].has_node:
                self.step_back(self.operations[place])

    def step_back(self, operation: Operation, also: Iterable[int] = ()) -> None:
        """Turn the output gradients of an operation into input gradients. Free what the operation
        saved, and the storages in ``also``."""
        incoming = [self.given.pop(output) for output in operation.outputs]
        made: list[tuple[Tensor, int]] = []
        for place, read in enumerate(operation.reads):
            if not read.needs_gradient:
                continue
            if place in operation.passes:
                self.hold(incoming[0])
                made.append((read, incoming[0]))
            else:
                made.append((read, self.new(max(read.bytes, operation.room))))
            if read.parameter and read not in self.given:
                self.gradients += read.bytes
        self.note(BACKWARD, operation.row, operation.beside)
        for storage in incoming:
            self.drop(storage)
        for storage in [*operation.kept, *also]:
            self.release(storage)
        self.alive -= operation.own
        self.saved -= operation.own
        self.deliver([one for one in made if not one[0].copies_gradient], operation.row)
        for tensor, storage in made:
            if tensor.copies_gradient:  # a parameter keeps a copy in its own memory format
                self.new(tensor.bytes)
                self.note(BACKWARD, operation.row)
                self.drop(storage)

    def deliver(self, made: Iterable[tuple[Tensor, int]], row: int) -> None:
        """Give gradients to their tensors. Only after all have been delivered does PyTorch free
        those that it added to another."""
        added = []
        for tensor, storage in made:
            is_first = tensor not in self.given
            self.give(tensor, storage, row)
            if is_first:
                self.drop(storage)
            else:
                added.append(storage)
        for storage in added:
            self.drop(storage)

    def give(self, tensor: Tensor, storage: int, row: int) -> None:
        """Deliver a gradient to a tensor. A second one is added to the first in a new tensor or, on
        CUDA, in place if nothing else references the first and it is a whole tensor."""
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
