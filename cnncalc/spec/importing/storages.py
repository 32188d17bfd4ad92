"""Where numbers that do not depend on the network's input are in memory, and what computing them
saves for the backward pass."""

from collections.abc import Collection, Mapping
from math import prod
from typing import Any, NamedTuple

from cnncalc.spec.importing.record import Seen
from cnncalc.spec.importing.walker import CONSTANTS, Walker, numbers_in


class _Source(NamedTuple):
    """A layer that outputs numbers, and their tensor. ``saved`` has the bytes of each storage that
    computing them saves, or is None if these are not known. ``computed`` means that they are
    computed from others, ``learns`` that the layer holds learned numbers."""

    place: int
    seen: Seen
    saved: Mapping[int, int] | None
    computed: bool
    learns: bool

    @property
    def each(self) -> bool:
        """Whether the model computes the numbers for every image."""
        return any(size < 0 and step for size, step in zip(self.seen.sizes, self.seen.strides))

    @property
    def room(self) -> int:
        """How many numbers fit in their storage, per image if they are computed for every image; at
        most 0 if that is not known."""
        return -self.seen.room if self.each else self.seen.room


class Storages:
    """The storages of the numbers that the layers in ``used`` output: the layers that lead to an
    output of the network."""

    def __init__(self, walker: Walker, used: Collection[int]) -> None:
        self.walker = walker
        self.homes: dict[int, _Source] = {}
        """The first layer with numbers in a storage, unless a parameter or buffer is there."""
        self.savers: dict[int, _Source] = {}
        """The first layer that saves a storage."""
        calls, tensors = walker.recording.calls, walker.recording.tensors
        self.makers = {number: call for call in calls for number in call.made}
        held = {one.storage for one in tensors if one.origin in ("parameter", "buffer")}
        placed = {place: copied.number for (copied, _), place in walker.sources.items()}
        self.sources = [self.source(one, placed[one]) for one in sorted({*used} & placed.keys())]
        for one in self.sources:
            if one.seen.storage not in held:
                self.homes.setdefault(one.seen.storage, one)
            for storage in one.saved or ():
                self.savers.setdefault(storage, one)

    def source(self, place: int, number: int) -> _Source:
        """The layer at this place, which outputs the tensor with this number."""
        tensors, made = self.walker.recording.tensors, self.walker.made[place]
        learns = any(tensors[one].trainable for one in made.held.values())
        return _Source(place, tensors[number], self.saved(number), "params" in made.fields, learns)

    def saved(self, number: int) -> dict[int, int] | None:
        """The bytes of each storage that computing a tensor saves for its gradient; None if they
        are not known."""
        saved: dict[int, int] = {}
        read, passed = {number}, {number}  # what it is computed from; what its gradient reaches
        for at in range(number, -1, -1):
            call = self.makers.get(at)
            if at not in read or call is None:
                continue
            given = call.arguments
            evaluated = not given.get("training", given.get("train", True))  # saves something else
            if call.saved is None or (evaluated and given.get("p") != 0):
                return None
            read |= {*numbers_in(given)} if not call.name.startswith(CONSTANTS) else {*()}
            if at in passed and self.walker.recording.tensors[at].trainable:
                saved |= call.saved
                passed |= {*numbers_in(given)}
        return saved

    def describe(self) -> None:
        """Record in each layer where its numbers are, and what computing them saves."""
        for one in self.sources:
            made, home = self.walker.made[one.place], self.homes.get(one.seen.storage, one)
            fields = {**made.fields, **self.fields(one, prod(made.shape))}
            reads = made.reads if home is one else (home.place,)
            self.walker.made[one.place] = made._replace(fields=fields, reads=reads)

    def fields(self, one: _Source, numbers: int) -> dict[str, Any]:
        """The fields that say where a layer's numbers are and what computing them saves;
        ``numbers`` is how many it outputs."""
        fields: dict[str, Any] = {"borrows": True} if one.seen.trainable > one.learns else {}
        home, known = self.homes.get(one.seen.storage), self.is_known(one)
        fields |= {"per_image": True} if one.each and (one.computed or known) else {}
        if not known:
            return fields | {"storage": "unknown"}
        if home is None:
            return fields | ({"storage": "held"} if one.computed else {})
        if home is not one:
            return fields | {"storage": "input"}
        if not one.computed:
            return fields | {"storage": "new"}
        fields |= {"room": one.room} if one.room != numbers else {}
        fields["saved_bytes"] = sum(self.own(one))
        return fields | ({"saves_output": True} if one.seen.storage in self.savers else {})

    def is_known(self, one: _Source) -> bool:
        """Whether it is known where the numbers of a layer are, and what computing them saves."""
        home, learns = self.homes.get(one.seen.storage), one.seen.trainable
        if one.saved is None or one.learns > learns:
            return False
        own = self.own(one)
        if home is None:
            return not own and not one.each
        if home is not one:
            return not own and one.room > 0 and home.seen.trainable == learns
        is_saved = one.seen.storage in self.savers
        return one.room > 0 and min(own, default=0) >= 0 and (one.computed and learns) >= is_saved

    def own(self, one: _Source) -> list[int]:
        """The bytes that a layer is the first to save, apart from what layers output."""
        saved = (one.saved or {}).items()
        return [n for at, n in saved if self.savers[at] is one and at not in self.homes]
