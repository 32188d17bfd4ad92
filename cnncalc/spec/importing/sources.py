"""Operands that do not depend on the network's input, as layers."""

from collections.abc import Mapping
from math import prod
from typing import Any

from cnncalc.core.strides import Strided
from cnncalc.spec.importing.record import Done, Ref
from cnncalc.spec.importing.values import BATCH, Copied, Known, Regrouped, Unknown, View
from cnncalc.spec.importing.walker import Walker, numbers_in

Sizes = tuple[int, ...]
Steps = Mapping[int, int]


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
    steps: dict[int, int] = {}
    axes = like.axes[len(like.axes) - len(known.sizes) :]
    strides = walker.recording.tensors[given.number].strides
    for axis, size, step in zip(axes, known.sizes, strides):
        steps |= {axis: step} if axis != BATCH or size < 0 else {}
        if axis != BATCH:
            sizes[axis] = size
        elif size == -merged:
            sizes |= {place: like.shape[place] for place in like.inside}
        elif size not in (1, BATCH):
            raise Unknown("one of its operands differs between images")
    shape = tuple(sizes.get(place, 1) for place in range(len(like.shape)))
    places = [*sizes]
    order = tuple(sorted(range(len(places)), key=places.__getitem__))
    copied = Copied(given.number, tuple(sizes.values()), order)
    layer = _layer(walker, known, copied, shape, steps)
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
    pairs = [*zip(known.sizes, walker.recording.tensors[given.number].strides)]
    strides = tuple(step for size, step in pairs if size != BATCH)
    laid = Strided(sizes, strides).viewed(shape) if sizes else None
    steps = dict(enumerate(laid.strides if laid else ()))
    steps[BATCH] = sum(step * -size for size, step in pairs if size < 0)  # from image to image
    return Regrouped(_layer(walker, known, copied, shape, steps), sizes, tuple(axes))


def _layer(walker: Walker, known: Known, copied: Copied, shape: Sizes, steps: Steps) -> int:
    """The layer that outputs the numbers. ``steps`` has the strides of their tensor for each
    dimension of the layer, and for the batch."""
    if (copied, shape) not in walker.sources:
        walker.sources[copied, shape] = _made(walker, known, copied, shape, steps)
    return walker.sources[copied, shape]


def _made(walker: Walker, known: Known, copied: Copied, shape: Sizes, steps: Steps) -> int:
    """A new layer that outputs the numbers. The tensors that they are computed from are counted
    where they are first used."""
    recording = walker.recording
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
    fields |= _laid(shape, steps)
    calls = [recording.calls[place] for place in sorted(known.calls - walker.counted)]
    walker.counted |= known.calls
    macs = sum(call.macs for call in calls)
    if macs:
        fields["multiply_accumulates"] = macs
        fields["backward_multiply_accumulates"] = sum(_backward(walker, call) for call in calls)
    return walker.make("parameter", fields, (0,), shape, held, macs)


def _laid(shape: Sizes, steps: Steps) -> dict[str, Any]:
    """The fields that say how the numbers are laid out, if that is known."""
    laid = Strided(shape, tuple(steps.get(place, 0) for place in range(len(shape))))
    if any(size > 1 and place not in steps for place, size in enumerate(shape)):
        return {}
    span = 1 + sum((size - 1) * step for size, step in zip(*laid))  # of the numbers for one image
    images = steps.get(BATCH, 0)
    if images in (0, span) and laid.contiguous:
        return {"contiguous": True}
    if not images:
        return {"strides": [*laid.strides]}
    return {"strides": [images, *laid.strides], "per_image": True} if images >= span else {}


def _backward(walker: Walker, call: Done) -> int:
    """The multiply-accumulates of a call's backward pass: those of the call, once for each factor
    that needs a gradient."""
    tensors = walker.recording.tensors
    learns = any(tensors[number].trainable for number in call.made)
    factors = numbers_in(call.arguments)[:2] if learns else []
    return call.macs * sum(tensors[number].trainable for number in factors)
