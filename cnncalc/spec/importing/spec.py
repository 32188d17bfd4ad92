"""The layers of a walked recording, as a spec."""

from typing import Any, NamedTuple

from cnncalc.spec.importing import (
    arithmetic,
    axes,
    convolutions,
    copies,
    modules,
    parts,
    products,
    views,
)
from cnncalc.spec.importing.builder import Made
from cnncalc.spec.importing.record import Recording
from cnncalc.spec.importing.sources import numbers
from cnncalc.spec.importing.storages import Storages
from cnncalc.spec.importing.values import Copied
from cnncalc.spec.importing.walker import Walker
from cnncalc.spec.readers._wiring import Wiring


class Imported(NamedTuple):
    """A spec as plain data, and for each layer the names of the tensors that it holds."""

    spec: dict[str, Any]
    held: dict[str, dict[str, str]]
    macs: dict[str, int]
    """The MACs that PyTorch counts for each layer."""
    copied: dict[str, Copied]
    """The origin of the numbers of each layer that does not depend on the input."""


def imported(recording: Recording) -> Imported:
    """The spec of a recording. Raises UsageError for outputs that a network cannot have, and
    SpecError for anything else that a spec cannot express."""
    walker = Walker(recording, HANDLERS, numbers)
    walker.walk()
    return _Writer(recording, walker).written()


HANDLERS = {
    **arithmetic.HANDLERS,
    **axes.HANDLERS,
    **convolutions.HANDLERS,
    **copies.HANDLERS,
    **modules.HANDLERS,
    **parts.HANDLERS,
    **products.HANDLERS,
    **views.HANDLERS,
}
"""A function for each operation that ``Walker.kind`` does not read on its own."""


class _Writer:
    """Gives the layers their names, and their shared and frozen weights."""

    def __init__(self, recording: Recording, walker: Walker) -> None:
        self.recording = recording
        self.walker = walker
        self.made = walker.made
        self.wiring = Wiring(recording.name)
        self.owners: dict[tuple[int, ...], str] = {}
        self.held: dict[str, dict[str, str]] = {}
        self.macs: dict[str, int] = {}
        self.copied: dict[str, Copied] = {}
        self.sources = {place: copied for (copied, _), place in walker.sources.items()}
        self.holders: set[str] = set()
        self.kinds: dict[str, set[str]] = {}

    def written(self) -> Imported:
        """The spec."""
        ends = self.walker.ends
        Storages(self.walker, self.read(ends, loose=False)).describe()
        read = self.read(ends)
        kept = {at for at, made in enumerate(self.made) if at in read or not made.is_idle}
        for made in map(self.made.__getitem__, kept):
            self.kinds.setdefault(made.path, set()).add(made.kind)
            dots = (at for at, letter in enumerate(made.path) if letter == ".")
            self.holders |= {made.path[:at] for at in dots}
        for place, made in enumerate(self.made):
            if made.is_input:
                self.wiring.input(made.path, list(made.shape))
                self.wiring.made[f"#{place}"] = self.wiring.made[made.path]
            elif place in kept:
                self.layer(place, made)
        spec = self.wiring.spec(self.recording.name)
        spec |= {"dtype": self.recording.dtype} if self.recording.dtype else {}
        inputs = {at for at, made in enumerate(self.made) if made.is_input}
        if ends != [len(self.made) - 1] or kept - read - inputs:
            spec["outputs"] = [self.wiring.made[f"#{end}"] for end in dict.fromkeys(ends)]
        return Imported(spec, self.held, self.macs, self.copied)

    def read(self, ends: list[int], loose: bool = True) -> set[int]:
        """The layers that others read, or that are outputs. Without ``loose``, only those that lead
        to an output."""
        found = {*ends}
        for place, made in reversed([*enumerate(self.made)]):
            if place in found or (loose and not made.is_idle):
                found |= {*made.reads}
        return found

    def name(self, made: Made) -> str:
        """The module's path, or a name inside it if the module has submodules or becomes several
        kinds of layers."""
        several = len(self.kinds[made.path]) > 1
        inside = made.path in self.holders or several or not made.path
        return f"{made.path}.{made.kind}".lstrip(".") if inside else made.path

    def layer(self, place: int, made: Made) -> None:
        """Write one layer."""
        tensors = self.recording.tensors
        numbers = tuple(made.held.values())
        learned = [tensors[one].trainable for one in numbers if tensors[one].origin == "parameter"]
        beside: dict[str, Any] = {}
        if numbers in self.owners and numbers:
            beside["weights"] = self.owners[numbers]
        elif learned and not any(learned):
            beside["trainable"] = False
        reads = [f"#{one}" for one in made.reads]
        own = self.wiring.layer(
            self.name(made), made.kind, dict(made.fields) or None, reads, **beside
        )
        self.wiring.made[f"#{place}"] = own
        self.macs[own] = made.macs
        self.copied |= {own: self.sources[place]} if place in self.sources else {}
        if numbers:
            self.owners.setdefault(numbers, own)
            self.held[own] = {word: tensors[one].name for word, one in made.held.items()}
