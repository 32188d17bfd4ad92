"""Operands that do not depend on the network's input, as layers."""

from math import prod
from typing import Any

from cnncalc.spec.importing.record import Ref
from cnncalc.spec.importing.values import BATCH, Known, Unknown, View
from cnncalc.spec.importing.walker import Walker


def source(walker: Walker, given: Any, like: View) -> View:
    """An argument that combines with a view: another view, or numbers that do not depend on the
    input, with the view's axes and sizes of 1 where they are broadcast."""
    known = walker.value(given)
    if isinstance(known, View):
        return known
    assert isinstance(given, Ref)
    shape = _shape(known, like)
    if (given.number, shape) not in walker.sources:
        walker.sources[given.number, shape] = _layer(walker, known, shape)
    return like._replace(layer=walker.sources[given.number, shape], shape=shape)


def _shape(known: Known, like: View) -> tuple[int, ...]:
    """The sizes of the numbers in the order of the view's dimensions."""
    if len(known.sizes) > len(like.axes):
        raise Unknown("one of its operands has more axes than the other")
    sizes = dict.fromkeys(range(len(like.shape)), 1)
    merged = prod(like.shape[place] for place in like.inside)
    for axis, size in zip(reversed(like.axes), reversed(known.sizes)):
        if axis != BATCH:
            sizes[axis] = size
        elif size == -merged:
            sizes |= {place: like.shape[place] for place in like.inside}
        elif size not in (1, BATCH):
            raise Unknown("one of its operands differs between images")
    return tuple(sizes.values())


def _layer(walker: Walker, known: Known, shape: tuple[int, ...]) -> int:
    """The layer that outputs the numbers. The tensors that they are computed from count where they
    are used first."""
    recording = walker.recording
    if any(recording.calls[place].macs for place in known.calls):
        raise Unknown("one of its operands is computed with multiply-accumulates")
    origins = {number: recording.tensors[number].origin for number in known.held}
    fields: dict[str, Any] = {"shape": list(shape)}
    plain = len(origins) == 1 and "constant" not in origins.values() and not known.computed
    if plain and known.held[0] not in walker.owners:
        fields |= {} if "parameter" in origins.values() else {"learned": False}
        return walker.make("parameter", fields, (0,), shape, {"weight": known.held[0]})
    held = {
        str(number): number
        for number, origin in origins.items()
        if origin != "constant" and number not in walker.owners
    }
    counts = {"parameter": 0, "buffer": 0}
    for number in held.values():
        counts[origins[number]] += prod(walker.sizes(number))
    fields["params"] = counts["parameter"]
    fields |= {"buffers": counts["buffer"]} if counts["buffer"] else {}
    return walker.make("parameter", fields, (0,), shape, held)
