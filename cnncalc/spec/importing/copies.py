"""The copies of a tensor that a model makes, if the rebuilt network would not make the same."""

from collections.abc import Sequence
from math import prod

from cnncalc import layers
from cnncalc.core.layer import Layer
from cnncalc.core.strides import Strided
from cnncalc.layers._arithmetic import Arithmetic
from cnncalc.layers._elementwise import Elementwise
from cnncalc.layers._norm import Norm
from cnncalc.layers.conv import Conv
from cnncalc.layers.reshape import Reshape
from cnncalc.layers.softmax import Softmax
from cnncalc.spec.importing.record import Done
from cnncalc.spec.importing.regrouping import arranged, long, regrouped, shaped, unshaped
from cnncalc.spec.importing.values import BATCH, Regrouped, Tensor, Unknown, View
from cnncalc.spec.importing.walker import Handlers, Walker, numbers_in

RESHAPES = "view reshape flatten unflatten squeeze unsqueeze view_as reshape_as ravel"
"""Functions that change the sizes."""
SIMPLE = (Elementwise, Arithmetic, Softmax, Norm)
"""The classes of kinds that keep the shape, and read a tensor in any order."""


def copied(walker: Walker) -> None:
    """Pass the tensor on, or a copy if the model makes one that the rebuilt network would not."""
    value, kept = walker.tensor(), walker.done.name == "contiguous"
    laid = [laid_out(walker, batch) for batch in (1, 2)]
    same = [kept and one.contiguous for one in laid]
    left = all(no or _is_reshaped(walker, laid[n], n + 1) for n, no in enumerate(same))
    if left and (all(same) or not _has_readers(walker) or _is_shuffled(walker, value)):
        walker.gives(value)
        return
    known = not any(same) and (kept or all(one.contiguous for one in laid))
    # A single image may already lie in order. A convolution then saves it rather than its copy.
    known = known or (kept and same == [True, False] and is_convolved(walker))
    try:
        layer = walker.plain(walker.data())
    except Unknown:
        whole = regrouped(value)
        if known and whole.axes[0][:1] == (BATCH,):
            walker.gives(materialized(walker, whole, True))
            return
        known, layer = False, value.layer
    else:
        value = View.of(layer, walker.result())
    layer = copy(walker, layer, "contiguous" if known else "unknown")
    walker.gives(value._replace(layer=layer))


def copy(walker: Walker, layer: int, how: str) -> int:
    """A copy of a layer's output."""
    return walker.make("identity", {"copy": how}, [layer], walker.made[layer].shape)


def laid_out(walker: Walker, batch: int, name: str = "input") -> Strided:
    """The sizes and strides of an argument of the current call in the model, for this batch
    size."""
    return laid_at(walker, walker.done.arguments[name].number, batch)


def _is_shuffled(walker: Walker, value: Tensor) -> bool:
    """Whether the next call makes a channel shuffle of these values, which copies them once."""
    (made,) = walker.done.made
    calls = [one for one in walker.recording.calls if made in numbers_in(one.arguments)]
    sizes = walker.sizes(calls[0].made[0]) if calls else ()
    return isinstance(value, View) and unshuffled(walker, value, sizes) is not None


def unshuffled(walker: Walker, view: View, sizes: tuple[int, ...]) -> int | None:
    """The layer whose channels these sizes interleave; None if they do something else."""
    split = walker.made[view.layer]
    if split.layer is not Reshape or view.axes != (BATCH, 1, 0, *range(2, len(view.shape))):
        return None
    (source,) = split.reads
    shape = walker.made[source].shape
    return source if sizes == (BATCH, *shape) and view.shape[2:] == shape[1:] else None


def _is_reshaped(walker: Walker, laid: Strided, batch: int) -> bool:
    """Whether the result of the current call is only reshaped, perhaps to a list of matrices by a
    product, and that would copy the call's input anyway."""
    (made,) = walker.done.made
    calls = [one for one in walker.recording.calls if made in numbers_in(one.arguments)]
    sizes = [counted(walker.sizes(one.made[0]), batch) for one in calls]
    sizes = [
        (prod(laid.sizes[:-2]), *laid.sizes[-2:]) if one.name == "matmul" else size
        for one, size in zip(calls, sizes)
        if one.name in RESHAPES.split() or (one.name == "matmul" and size[:-2] == laid.sizes[:-2])
    ]
    return len(sizes) == len(calls) < 2 and not any(map(laid.viewed, sizes))


def is_only_copied(walker: Walker) -> bool:
    """Whether the current call copies its input in the same order, and later calls only copy that
    copy again: then nothing saves it."""
    (made,) = walker.done.made
    laid = [(laid_out(walker, batch), laid_at(walker, made, batch)) for batch in (1, 2)]
    if not all(before.dense and before == after for before, after in laid):
        return False
    views = {made}
    for call in walker.recording.calls[walker.place + 1 :]:
        if not views.isdisjoint(numbers_in(call.arguments)):
            found = {_is_view(walker, call, batch) for batch in (1, 2)}
            if len(found) > 1 or None in found:
                return False
            views |= {*call.made} if True in found else {*()}
    return views.isdisjoint(walker.recording.outputs)


def _is_view(walker: Walker, call: Done, batch: int) -> bool | None:
    """Whether a call that moves or reshapes a tensor returns a view rather than a copy; None for
    other calls."""
    given = laid_at(walker, numbers_in(call.arguments)[0], batch)
    if call.name in TURNS:
        return True
    if call.name in RESHAPES.split():
        return given.viewed(counted(walker.sizes(call.made[0]), batch)) is not None
    return given.contiguous if call.name == "contiguous" else None


TURNS = ("permute", "transpose", "movedim", "mT", "T", "t")
"""Functions that only change the order of the axes."""


def laid_at(walker: Walker, number: int, batch: int) -> Strided:
    """The sizes and strides of the tensor with this number in the model, for this batch size."""
    seen = walker.recording.tensors[number]
    return Strided(counted(seen.sizes, batch), seen.alone if batch == 1 else seen.strides)


def counted(sizes: Sequence[int], batch: int) -> tuple[int, ...]:
    """The sizes for this batch size."""
    return tuple(-size * batch if size < 0 else size for size in sizes)


def is_shared(walker: Walker) -> bool:
    """Whether several calls read the result of the current one, or one takes a part of it or keeps
    its shape. Any other single call copies it itself, in the order that it needs."""
    return _is_read_by(walker, SIMPLE) or _has_readers(walker)


def is_convolved(walker: Walker) -> bool:
    """Whether a convolution, which keeps the memory format, reads the result of the current
    call."""
    return _is_read_by(walker, (Conv,))


def _is_read_by(walker: Walker, kinds: tuple[type[Layer], ...]) -> bool:
    """Whether a layer of these kinds reads the result of the current call, or a view of it."""
    found = [layers.known(f"torch.{name}") for name in _readers(walker)]
    return any(one and issubclass(one.kind, kinds) for one in found)


def _has_readers(walker: Walker) -> bool:
    """Whether several calls read the result of the current one, or a call takes a part of it."""
    tensors, (made,) = walker.recording.tensors, walker.done.made
    same = [seen for seen in tensors if seen.storage == tensors[made].storage]
    cut = any(prod(seen.sizes) != prod(tensors[made].sizes) for seen in same)
    return cut or len(_readers(walker)) > 1


def _readers(walker: Walker) -> list[str]:
    """The names of the calls that read the result of the current one, or a view of it."""
    tensors, (made,) = walker.recording.tensors, walker.done.made
    same = {n for n, seen in enumerate(tensors) if seen.storage == tensors[made].storage}
    return [
        call.name
        for call in walker.recording.calls[walker.place + 1 :]
        for number in numbers_in(call.arguments)
        if number in same and not same.issuperset(call.made)
    ]


def materialized(walker: Walker, value: Regrouped, always: bool) -> Tensor:
    """A copy of the values in the order of the axes; unless ``always``, PyTorch makes it only for
    batches of several images, because then the batch cannot be merged with another axis."""
    (place,) = (n for n, axis in enumerate(value.axes) if BATCH in axis)
    if place or not always:
        return _merged_images(walker, value, place, always)
    inner = long(value, value.axes[0])[1:]
    listed = [[*axis] for axis in (inner, *value.axes[1:]) if axis]
    groups = [[at for group in listed[:-3] for at in group], *listed[-3:]]
    layer = arranged(walker, value, [group for group in groups if group])
    shape = walker.made[layer].shape
    layer = shaped(walker, copy(walker, unshaped(walker, layer), "contiguous"), shape)
    sizes = [abs(size) for size in value.sizes if size != BATCH]
    if not inner and len(sizes) == len(shape):
        return View.of(layer, shape)
    axes = [(place,) for place in range(len(sizes))]
    return Regrouped(layer, tuple(sizes), ((BATCH, *axes.pop(0)) if inner else (BATCH,), *axes))


def _merged_images(walker: Walker, value: Regrouped, place: int, always: bool) -> Regrouped:
    """The values after the batch was merged with the rest of the axis at this place."""
    inner = long(value, value.axes[place])
    axes = [*value.axes[:place], inner[1:], *value.axes[place + 1 :]]
    if inner[:1] != (BATCH,) or (len(inner) == 1 and not always) or len(axes) > 4:
        return value._replace(layer=copy(walker, value.layer, "unknown"))
    layer = arranged(walker, value, axes)
    sizes = walker.made[layer].shape
    fields = {"copy": "contiguous"} if always else {}
    layer = walker.make("identity", {**fields, "merges": place}, [layer], sizes)
    return Regrouped(
        layer, sizes, tuple((BATCH, at) if at == place else (at,) for at in range(len(axes)))
    )


HANDLERS: Handlers = dict.fromkeys(("contiguous", "clone"), copied)
