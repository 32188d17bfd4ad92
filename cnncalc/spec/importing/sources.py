"""Operands that do not depend on the network's input, as layers."""

from collections.abc import Mapping
from math import prod
from typing import Any

from cnncalc.core.strides import Strided
from cnncalc.spec.importing.record import Done, Ref
from cnncalc.spec.importing.regrouping import shaped
from cnncalc.spec.importing.values import BATCH, Copied, Known, Regrouped, Unknown, Value, View
from cnncalc.spec.importing.walker import Walker, numbers_in


def source(walker: Walker, given: Any, like: View) -> View:
    """An argument that combines with a view: another view, or numbers that do not depend on the
    input, with the view's axes and sizes of 1 where they are broadcast."""
    known = walker.value(given)
    if isinstance(known, View):
        return known
    if len(known.sizes) > len(like.axes):
        raise Unknown("one of its operands has more axes than the other")
    merged = prod(like.shape[place] for place in like.inside)
    sizes: dict[int, int] = {}  # for each dimension of the view
    for axis, size in zip(like.axes[len(like.axes) - len(known.sizes) :], known.sizes):
        if axis != BATCH:
            sizes[axis] = size
        elif size == -merged:
            sizes |= {place: like.shape[place] for place in like.inside}
        elif size not in (1, BATCH):
            raise Unknown("one of its operands differs between images")
    shape = tuple(sizes.get(place, 1) for place in range(len(like.shape)))
    places = [*sizes]
    order = tuple(sorted(range(len(places)), key=places.__getitem__))
    layer = _layer(walker, known, Copied(given.number, tuple(sizes.values()), order), shape)
    return like._replace(layer=layer, shape=shape)


def numbers(walker: Walker, given: Ref) -> Regrouped:
    """Numbers that do not depend on the input, with their own axes."""
    known = walker.value(given)
    sizes = tuple(abs(size) for size in known.sizes if size != BATCH)
    axes: list[tuple[int, ...]] = []
    for size in known.sizes:
        own = () if size == BATCH else (sum(at != BATCH for axis in axes for at in axis),)
        axes.append((BATCH, *own) if size < 0 else own)
    shape = sizes if 0 < len(sizes) <= 4 else (prod(sizes),)
    copied = Copied(given.number, sizes, tuple(range(len(sizes))))
    return Regrouped(_layer(walker, known, copied, shape), sizes, tuple(axes))


def _layer(walker: Walker, known: Known, copied: Copied, shape: tuple[int, ...]) -> int:
    """The layer that outputs the numbers."""
    if (copied, shape) not in walker.sources:
        walker.sources[copied, shape] = _made(walker, known, copied, shape)
    return walker.sources[copied, shape]


def _made(walker: Walker, known: Known, copied: Copied, shape: tuple[int, ...]) -> int:
    """A new layer that outputs the numbers. The tensors that they are computed from are counted
    where they are first used."""
    recording = walker.recording
    origins = {number: recording.tensors[number].origin for number in known.held}
    fields: dict[str, Any] = {"shape": list(shape)}
    plain = len(origins) == 1 and "constant" not in origins.values() and not known.computed
    if plain and known.held[0] not in walker.owners:
        fields |= {} if "parameter" in origins.values() else {"learned": False}
        return walker.make("parameter", fields, (0,), shape, {"weight": known.held[0]})
    laid = _laid(walker, copied)
    if laid and not laid.contiguous and len(laid.sizes) <= len(shape):
        return _turned(walker, known, copied, laid, shape)
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
    fields |= _memory(walker, known, copied.number, held)
    fields |= {"contiguous": True} if laid and laid.contiguous else {}
    calls = [recording.calls[place] for place in sorted(known.calls - walker.counted)]
    walker.counted |= known.calls
    macs = sum(call.macs for call in calls)
    if macs:
        fields["multiply_accumulates"] = macs
        fields["backward_multiply_accumulates"] = sum(_backward(walker, call) for call in calls)
    return walker.make("parameter", fields, (0,), shape, held, macs)


TRAINED = ("dropout", "batch_norm")
"""The endings of the names of functions that save something else in training."""


def _memory(walker: Walker, known: Known, number: int, held: Mapping[str, int]) -> dict[str, Any]:
    """The fields that say where the numbers are, and what computing them saves for backward. What
    it saves is left out if that is not known, as when another layer reads the same storage, or when
    the model computes the numbers again for every image."""
    tensors = walker.recording.tensors
    learned = {one for one in known.held if tensors[one].trainable}
    fields = {"borrows": True} if learned - {*held.values()} else {}
    seen, saved = tensors[number], _saved(walker, known)
    if saved is None:
        return fields
    if seen.storage in {tensors[one].storage for one in known.held}:
        return {**fields, "view": True}
    each = any(size < 0 and step for size, step in zip(seen.sizes, seen.strides))
    if each or seen.room != prod(size for size in seen.sizes if size > 0):
        return fields
    others = [copied.number for copied, _ in walker.sources]
    outputs = {tensors[one].storage for one in others}
    spent = {place for one in others for place in _saved(walker, walker.values[one]) or ()}
    new = {place: size for place, size in saved.items() if place not in spent}
    if seen.storage in outputs | spent or outputs & {*new}:
        return fields
    own = {"saves_output": True} if seen.storage in new else {}
    return {**fields, "saved_bytes": sum(new.values()) - new.get(seen.storage, 0), **own}


def _saved(walker: Walker, value: Value) -> dict[int, int] | None:
    """The bytes of each storage that computing numbers saves for backward; None if not known."""
    saved: dict[int, int] = {}
    calls = value.calls if isinstance(value, Known) else ()
    for call in (walker.recording.calls[place] for place in calls):
        differs = call.name.endswith(TRAINED) and call.arguments.get("p") != 0
        if call.saved is None or differs:
            return None
        saved |= call.saved
    return saved


def _laid(walker: Walker, copied: Copied) -> Strided | None:
    """The sizes and strides of the model's numbers for one image, with the layer's axes. None if
    there are gaps between the numbers, or if they are not the same for all images."""
    seen = walker.recording.tensors[copied.number]
    strides = [step for size, step in zip(seen.sizes, seen.strides) if size != BATCH]
    if len(strides) != len(copied.sizes):
        return None
    laid = Strided(copied.sizes, tuple(strides)).permuted(copied.order)
    return laid if laid.dense else None


def _turned(
    walker: Walker, known: Known, copied: Copied, laid: Strided, shape: tuple[int, ...]
) -> int:
    """A layer that outputs the numbers in their order in memory, and one that reorders them."""
    order = sorted(range(len(laid.sizes)), key=lambda axis: -laid.strides[axis])
    own = copied._replace(order=tuple(copied.order[axis] for axis in order))
    layer = _layer(walker, known, own, laid.permuted(order).sizes)
    back = [order.index(axis) for axis in range(len(order))]
    return shaped(walker, walker.make("permute", {"order": back}, [layer], laid.sizes), shape)


def _backward(walker: Walker, call: Done) -> int:
    """The multiply-accumulates of a call's backward pass: those of the call, once for each factor
    that is learned or computed from learned numbers."""
    tensors = walker.recording.tensors
    factors = [walker.values[number] for number in numbers_in(call.arguments)[:2]]
    held = [one.held for one in factors if isinstance(one, Known)]
    return call.macs * sum(any(tensors[number].trainable for number in one) for one in held)
