"""From a recording to layers: calls that kinds describe become layers, and views are followed.

A call that no kind describes becomes an opaque layer.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from cnncalc.core.errors import LayerError, UsageError, some
from cnncalc.layers._rearrangement import Rearrangement
from cnncalc.layers.flatten import Flatten
from cnncalc.layers.permute import Permute
from cnncalc.layers.reshape import Reshape
from cnncalc.layers.slice import Slice
from cnncalc.layers.softmax import Softmax
from cnncalc.spec.importing.builder import Builder
from cnncalc.spec.importing.record import Done, Recording, Ref
from cnncalc.spec.importing.regrouping import settled
from cnncalc.spec.importing.values import Copied, Known, Lost, Regrouped, Unknown, Value, View

CONSTANTS = ("zeros", "ones", "empty", "full", "new_", "rand", "arange", "eye", "linspace")
"""Prefixes of functions whose result does not depend on the values that they read."""
SAME_VALUES = {"view", "reshape", "unsqueeze", "squeeze", "flatten", "contiguous", "detach",
               "to", "float"}  # fmt: skip
"""Functions whose result counts as the same parameter."""
REPEATS = {"expand", "expand_as", "repeat"}
"""Functions whose result counts as the same parameter if they only repeat it for every image."""
VIEWS = (Flatten, Permute, Reshape, Slice)
"""The classes of kinds that usually output a view."""
LONGEST = 200
"""The longest description of an opaque layer, in characters."""


class Walker(Builder):
    """Walks the calls of a recording."""

    def __init__(
        self,
        recording: Recording,
        handlers: "Handlers",
        numbers: "Callable[[Walker, Ref], Regrouped]",
    ) -> None:
        super().__init__(recording)
        self.handlers = handlers
        self.numbers = numbers
        """Makes a layer of numbers that do not depend on the input."""
        self.place: int  # the position of the current call
        self.counted: frozenset[int] = frozenset()  # the calls whose cost a layer already has
        self.ends: list[int] = []
        self.sources: dict[tuple[Copied, tuple[int, ...]], int] = {}
        """The layers of tensors that do not depend on the input, by tensor and shape."""
        self.pooled: dict[int, tuple[int, bool]] = {}
        """The layer that a max pool reads, and the pool's ceil_mode, by the number of the tensor
        that holds the pool's indices."""

    def walk(self) -> None:
        """Read all calls, in order."""
        for place, done in enumerate(self.recording.calls):
            self.place, self.done = place, done
            before, counted = len(self.made), self.counted
            self.unsettled = {}
            values = [self.values[number] for number in numbers_in(self.done.arguments)]
            constant = self.done.name.startswith(CONSTANTS) or self.is_empty()
            alike = all(isinstance(v, Known) for v in values)
            if constant or (alike and not self.repeats()):
                self.compute(values)
                continue
            try:
                for number in numbers_in(self.done.arguments) if alike else ():
                    if min(self.sizes(number), default=0) < 0:
                        self.values[number] = settled(self, self.numbers(self, Ref(number)))
                lost = any(isinstance(value, Lost) for value in values)
                if lost and not self.done.name.startswith("max_unpool"):
                    raise Unknown("it follows an operation that no kind describes")
                self.handlers.get(self.done.name, Walker.kind)(self)
                if self.done.arguments.get("inplace"):
                    self.overwrite(before)
            except (Unknown, LayerError):
                del self.made[before:]
                self.counted = counted
                self.values.update(self.unsettled)
                self.sources = {one: at for one, at in self.sources.items() if at < before}
                self.owners = {one: at for one, at in self.owners.items() if at < before}
                self.lose(values)
        if not self.recording.outputs:
            raise UsageError(f"{self.recording.name} returns no tensor, so it is not a network")
        self.ends = [self.end(self.values[number]) for number in self.recording.outputs]

    def overwrite(self, before: int) -> None:
        """After a call that overwrites only part of a storage, mark the place of its result in
        memory as unknown, unless the layer's kind describes it. ``before`` is the number of layers
        before the call."""
        number = self.done.made[0]
        value, given = self.values[number], self.done.arguments.get("input")
        if isinstance(value, View | Regrouped) and isinstance(given, Ref) and value.layer >= before:
            part, layer = self.recording.tensors[given.number], self.made[value.layer]
            whole = abs(part.room) == prod(map(abs, part.sizes))
            moves = issubclass(layer.layer, Rearrangement)
            idle = self.done.arguments.get("p") == 0  # a dropout that keeps all values
            fits = whole and (idle or not self.is_saved(given))
            if not (fits or moves or "inplace" in layer.fields):
                unknown = self.make("identity", {"copy": "unknown"}, [value.layer], layer.shape)
                self.values[number] = value._replace(layer=unknown)

    def is_saved(self, given: Ref) -> bool:
        """Whether an argument is a view of an output that its layer saves for backward. If it is
        overwritten, PyTorch refuses the backward pass."""
        value = self.raw(given)
        made = self.made[value.layer]
        while issubclass(made.layer, VIEWS):
            made = self.made[made.reads[0]]
        saves = getattr(made.layer, "keeps_output", False) or made.fields.get("saves_output")
        return bool(saves) or issubclass(made.layer, Softmax)

    def compute(self, values: Sequence[Value]) -> None:
        """Read a call that depends on no input."""
        held = [one for value in values if isinstance(value, Known) for one in value.held]
        calls = self.calls_of(values)
        if values and isinstance(first := values[0], Known):
            sizes = self.sizes(self.done.made[0])
            each = [max(size, 1) for size in sizes]  # one image stands for all
            repeats = self.done.name in REPEATS and prod(each) == prod(first.sizes)
            ends = numbers_in(self.done.arguments)[0], self.done.made[0]
            learns = {self.recording.tensors[number].trainable for number in ends}
            if (self.done.name in SAME_VALUES or repeats) and len(learns) == 1:
                self.values[self.done.made[0]] = first._replace(sizes=sizes, calls=calls)
                return
        for number in self.done.made:
            once = tuple(dict.fromkeys(held))
            self.values[number] = Known(self.sizes(number), once, True, calls)

    def repeats(self) -> bool:
        """Whether the current call multiplies and adds the same numbers for every image."""
        made = (size for number in self.done.made for size in self.sizes(number))
        return bool(self.done.macs) and min(made, default=0) < 0

    def is_empty(self) -> bool:
        """Whether the current call makes a tensor without elements."""
        return len(self.done.made) == 1 and 0 in self.sizes(self.done.made[0])

    def calls_of(self, values: Sequence[Value]) -> frozenset[int]:
        """The current call, and those that made these values but did not become layers."""
        before = [value.calls for value in values if isinstance(value, Known | Lost)]
        return frozenset([self.place]).union(*before)

    def lose(self, values: Sequence[Value]) -> None:
        """Read a call that no kind describes: it becomes an opaque layer once the shape of its
        output is known."""
        reads: dict[int, None] = {}
        for value in values:
            reads |= dict.fromkeys((value.layer,) if isinstance(value, View | Regrouped) else ())
            reads |= dict.fromkeys(value.reads if isinstance(value, Lost) else ())
        calls = self.calls_of(values)
        for place, number in enumerate(self.done.made):
            try:
                shape = self.result(place)
            except Unknown:
                self.values[number] = Lost(tuple(reads), calls)
            else:
                self.values[number] = View.of(self.opaque(tuple(reads), calls, shape), shape)

    def opaque(self, reads: tuple[int, ...], calls: frozenset[int], shape: tuple[int, ...]) -> int:
        """An opaque layer for these calls, with the tensors that they hold and their MACs, each
        counted once."""
        new = sorted(calls - self.counted)
        self.counted |= calls
        done = [self.recording.calls[place] for place in new]
        tensors = self.recording.tensors
        numbers = dict.fromkeys(one for call in done for one in numbers_in(call.arguments))
        held = {
            str(number): number
            for number in numbers
            if tensors[number].origin in ("parameter", "buffer") and number not in self.owners
        }
        sizes = {"parameter": 0, "buffer": 0}
        for number in held:
            seen = tensors[int(number)]
            sizes[seen.origin] += prod(seen.sizes)
        names = dict.fromkeys(call.name for call in done)
        macs = sum(call.macs for call in done)
        fields = {
            "shape": list(shape or (1,)),
            "what": some(names)[:LONGEST] if names else self.done.name,
            "params": sizes["parameter"],
            "buffers": sizes["buffer"],
            "multiply_accumulates": macs,
        }
        return self.make("opaque", fields, reads, shape, held, macs)

    def end(self, value: Value) -> int:
        """The layer that produces an output of the model."""
        if isinstance(value, Regrouped):
            try:
                value = settled(self, value)
            except Unknown as why:
                fact = f"{self.recording.name}: one of its outputs cannot be described: {why}"
                raise UsageError(fact) from None
        if not isinstance(value, View):
            raise UsageError(
                f"{self.recording.name}: one of its outputs is computed in a way that no kind "
                "describes, or does not depend on the input"
            )
        self.done = Done("output", "", {}, ())
        if value.inside:
            fact = "one of its outputs merges the batch with another axis"
            raise UsageError(f"{self.recording.name}: {fact}")
        layer = self.ordered(value)
        if self.made[layer].is_input:  # a spec's outputs are layers
            return self.make("identity", {}, [layer], value.shape)
        return layer


Handlers = Mapping[str, Callable[[Walker], None]]
"""Functions that read an operation, by its name; ``Walker.kind`` reads all others."""


def numbers_in(value: Any) -> list[int]:
    """The numbers of the tensors in arguments."""
    if isinstance(value, Ref):
        return [value.number]
    if isinstance(value, Mapping):
        return [number for one in value.values() for number in numbers_in(one)]
    if isinstance(value, tuple | list):
        return [number for one in value for number in numbers_in(one)]
    return []
