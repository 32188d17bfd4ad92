"""Operations that rearrange values: they change axes or sizes, or keep only some of the values.

Each handler reads a call from the walker, and gives the walker the tensor that results.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from math import prod
from operator import mul
from typing import Any

from cnncalc import layers
from cnncalc.core.call import one_size
from cnncalc.core.strides import Strided
from cnncalc.layers._arithmetic import Arithmetic
from cnncalc.layers._axes import word
from cnncalc.layers._elementwise import Elementwise
from cnncalc.layers._norm import Norm
from cnncalc.layers.reshape import Reshape
from cnncalc.layers.softmax import Softmax
from cnncalc.spec.importing.regrouping import (
    arranged,
    grown,
    long,
    merged,
    regrouped,
    resized,
    settled,
    shaped,
    unshaped,
)
from cnncalc.spec.importing.values import BATCH, Regrouped, Tensor, Unknown, View
from cnncalc.spec.importing.walker import Handlers, Walker, numbers_in


def same(walker: Walker) -> None:
    """Pass the tensor on unchanged; a different type has the same values."""
    walker.gives(walker.tensor())


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
    try:
        layer = walker.plain(walker.data())
    except Unknown:
        whole = regrouped(value)
        if known and whole.axes[0][:1] == (BATCH,):
            walker.gives(_materialized(walker, whole, True))
            return
        known, layer = False, value.layer
    else:
        value = View.of(layer, walker.result())
    layer = copy(walker, layer, "contiguous" if known else "unknown")
    walker.gives(value._replace(layer=layer))


def copy(walker: Walker, layer: int, how: str) -> int:
    """A copy of a layer's output."""
    return walker.make("identity", {"copy": how}, [layer], walker.made[layer].shape)


def laid_out(walker: Walker, batch: int) -> Strided:
    """The sizes and strides of the current call's input in the model, for this batch size."""
    seen = walker.recording.tensors[walker.done.arguments["input"].number]
    return Strided(_counted(seen.sizes, batch), seen.alone if batch == 1 else seen.strides)


def _is_shuffled(walker: Walker, value: Tensor) -> bool:
    """Whether the next call makes a channel shuffle of these values, which copies them once."""
    (made,) = walker.done.made
    calls = [one for one in walker.recording.calls if made in numbers_in(one.arguments)]
    sizes = walker.sizes(calls[0].made[0]) if calls else ()
    return isinstance(value, View) and _unshuffled(walker, value, sizes) is not None


def _is_reshaped(walker: Walker, laid: Strided, batch: int) -> bool:
    """Whether the result of the current call is only reshaped, perhaps to a list of matrices by a
    product, and that would copy the call's input anyway."""
    (made,) = walker.done.made
    calls = [one for one in walker.recording.calls if made in numbers_in(one.arguments)]
    sizes = [_counted(walker.sizes(one.made[0]), batch) for one in calls]
    sizes = [
        (prod(laid.sizes[:-2]), *laid.sizes[-2:]) if one.name == "matmul" else size
        for one, size in zip(calls, sizes)
        if one.name in RESHAPES.split() or (one.name == "matmul" and size[:-2] == laid.sizes[:-2])
    ]
    return len(sizes) == len(calls) < 2 and not any(map(laid.viewed, sizes))


def _counted(sizes: Sequence[int], batch: int) -> tuple[int, ...]:
    return tuple(-size * batch if size < 0 else size for size in sizes)


def permuted(walker: Walker, order: Sequence[int]) -> None:
    """Reorder the axes: axis i of the result is axis ``order[i]`` of the tensor."""
    view = walker.tensor()
    axes: Any = tuple(view.axes[place] for place in order)
    walker.gives(view._replace(axes=axes))


def permute(walker: Walker) -> None:
    """Reorder all axes: ``Tensor.permute``."""
    rank = len(walker.tensor().axes)
    given = walker.done.arguments
    listed = given.get("dims", [one for name, one in given.items() if name.isdecimal()])
    if isinstance(listed, int):  # x.permute(0, 2, 1): only the first is bound to its name
        listed = [listed, *(one for name, one in given.items() if name.isdecimal())]
    permuted(walker, [place % rank for place in listed])


def movedim(walker: Walker) -> None:
    """Move one axis or several: ``Tensor.movedim``."""
    rank = len(walker.tensor().axes)
    given = walker.done.arguments
    ends = [given.get("source", given.get("1")), given.get("destination", given.get("2"))]
    source, target = ([one] if isinstance(one, int) else list(one) for one in ends)
    source, target = ([place % rank for place in listed] for listed in (source, target))
    order = [place for place in range(rank) if place not in source]
    for place, old in sorted(zip(target, source)):
        order.insert(place, old)
    permuted(walker, order)


def transpose(walker: Walker) -> None:
    """Swap two axes."""
    rank = len(walker.tensor().axes)
    given = walker.done.arguments
    first, second = ((given.get(f"dim{end}", given.get(f"axis{end}")) % rank) for end in (0, 1))
    order = [*range(rank)]
    order[first], order[second] = second, first
    permuted(walker, order)


def matrix_transposed(walker: Walker) -> None:
    """Swap the last two axes."""
    rank = len(walker.tensor().axes)
    permuted(walker, [*range(rank - 2), rank - 1, rank - 2])


def reshape(walker: Walker) -> None:
    """Change the sizes to those that PyTorch returned."""
    view, sizes = walker.tensor(), walker.sizes(walker.done.made[0])
    value = reshaped(walker, view, sizes)
    copies = [not laid_out(walker, n).viewed(_counted(sizes, n)) for n in (1, 2)]
    if isinstance(value, Regrouped) and any(copies) and _is_shared(walker):
        value = _materialized(walker, value, all(copies))
    walker.gives(value)


def _is_shared(walker: Walker) -> bool:
    """Whether several calls read the result of the current one, or one takes a part of it or
    keeps its shape. Any other single call copies it itself, in the order that it needs."""
    found = [layers.known(f"torch.{name}") for name in _readers(walker)]
    simple = any(one and issubclass(one.kind, SIMPLE) for one in found)
    return simple or _has_readers(walker)


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


SIMPLE = (Elementwise, Arithmetic, Softmax, Norm)
"""The classes of kinds that keep the shape, and read a tensor in any order."""


def _materialized(walker: Walker, value: Regrouped, always: bool) -> Tensor:
    """A copy of the values in the order of the axes; unless ``always``, PyTorch makes it only for
    batches of several images, because then the batch cannot be merged with another axis."""
    (place,) = (n for n, axis in enumerate(value.axes) if BATCH in axis)
    if place or not always:
        return _merged_images(walker, value, place, always)
    inner = value.axes[0][1:]
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


def reshaped(walker: Walker, view: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """The tensor with these sizes, the batch included, and its values in the same order."""
    batch, *rest = sizes or (0,)
    fits = batch == BATCH and min(rest, default=1) > 0 and len(rest) <= 4
    if not fits or isinstance(view, Regrouped) or view.inside or view.axes[0] != BATCH:
        return _resized(walker, regrouped(view), sizes)
    if sizes == view.sizes:
        return view
    if not view.in_order and (kept := _without_ones(view.sizes, sizes)):
        return _dropped(walker, view, kept)
    if shuffled := _shuffled(walker, view, sizes):
        return shuffled
    return View.of(shaped(walker, walker.plain(view), rest), tuple(rest))


def _resized(walker: Walker, value: Regrouped, sizes: tuple[int, ...]) -> Regrouped:
    """The values with different sizes, which may split a merged axis differently."""
    try:
        return resized(value, sizes)
    except Unknown:
        return resized(regrouped(settled(walker, value)), sizes)


def _shuffled(walker: Walker, view: View, sizes: tuple[int, ...]) -> View | None:
    """A channel shuffle, if the sizes interleave the groups that channels were split into."""
    source = _unshuffled(walker, view, sizes)
    if source is None:
        return None
    shape = walker.made[source].shape
    return View.of(
        walker.make("channel_shuffle", {"groups": view.shape[0]}, [source], shape), shape
    )


def _unshuffled(walker: Walker, view: View, sizes: tuple[int, ...]) -> int | None:
    """The layer whose channels these sizes interleave; None if they do something else."""
    split = walker.made[view.layer]
    if split.layer is not Reshape or view.axes != (BATCH, 1, 0, *range(2, len(view.shape))):
        return None
    (source,) = split.reads
    shape = walker.made[source].shape
    return source if sizes == (BATCH, *shape) and view.shape[2:] == shape[1:] else None


def _without_ones(before: tuple[int, ...], sizes: tuple[int, ...]) -> list[int]:
    """The axes that remain if the sizes result from dropping axes of size 1; empty otherwise."""
    kept: list[int] = []
    for axis, size in enumerate(before):
        if len(kept) < len(sizes) and sizes[len(kept)] == size:
            kept.append(axis)
        elif size != 1:
            return []
    return kept if len(kept) == len(sizes) else []


def _dropped(walker: Walker, view: View, kept: list[int]) -> View:
    """A view without some axes, all of which have size 1."""
    left = sorted(view.axes[axis] for axis in kept if view.axes[axis] != BATCH)
    shape = tuple(view.shape[place] for place in left)
    kind, fields = ("reshape", {"shape": list(shape)}) if len(shape) > 1 else ("flatten", {})
    layer = walker.make(kind, fields, [view.layer], shape)
    axes = tuple(view.axes[axis] for axis in kept)
    return View(layer, shape, tuple(BATCH if a == BATCH else left.index(a) for a in axes))


def sliced(walker: Walker, view: Tensor, axis: int, start: int, stop: int) -> Tensor:
    """The positions from start up to, but not including, stop along an axis."""
    if isinstance(view, Regrouped):
        return _part(walker, view, axis, start, stop)
    place = view.at(axis)
    size = view.shape[place]
    if (start, stop) == (0, size):
        return view
    fields: dict[str, Any] = {"start": start} if start else {}
    fields |= {"stop": stop} if stop < size else {}
    fields |= {"along": word(view.shape, place)} if place else {}
    shape = (*view.shape[:place], stop - start, *view.shape[place + 1 :])
    return view._replace(layer=walker.make("slice", fields, [view.layer], shape), shape=shape)


def _part(walker: Walker, value: Regrouped, axis: int, start: int, stop: int) -> Regrouped:
    """The positions along an axis of a tensor whose dimensions are split or merged."""
    if (start, stop) == (0, value.size(axis)):
        return value
    value = merged(walker, value, axis)
    (at,), atoms, layer = value.axes[axis], value.atoms, value.layer
    before, size = prod(atoms[:at]), atoms[at]
    shape = walker.made[layer].shape
    leads = [n for n, one in enumerate(shape) if prod(shape[:n]) == before and one % size == 0]
    if not leads:  # no dimension begins with this axis
        layer = shaped(walker, layer, _parted(shape, before, size))
        shape = walker.made[layer].shape
        leads = [n for n, one in enumerate(shape) if prod(shape[:n]) == before and one % size == 0]
    step = shape[leads[0]] // size
    cut = sliced(walker, View.of(layer, shape), leads[0] + 1, start * step, stop * step)
    return Regrouped(cut.layer, (*atoms[:at], stop - start, *atoms[at + 1 :]), value.axes)


def _parted(shape: Sequence[int], before: int, size: int) -> list[int]:
    """Sizes, one of which is that of an axis; those in front of it multiply to ``before``. Other
    dimensions of the shape are kept apart, because merging them may copy, unless that gives too
    many sizes or some that do not divide evenly."""
    end = before * size
    ends = {one for one in accumulate(shape, mul) if not before < one < end} | {before, end}
    bounds = [1, *sorted(ends - {1})]
    split = all(two % one == 0 for one, two in pairwise(bounds)) and len(bounds) <= 5
    return [two // one for one, two in pairwise(bounds if split else [1, before, end, prod(shape)])]


def ranged(walker: Walker, view: Tensor, ranges: Mapping[int, tuple[int, int]]) -> Tensor:
    """Ranges along several axes: a single crop of a view if it cuts several axes, but not the
    channels; otherwise a slice for each."""
    if isinstance(view, Regrouped):
        for axis, (start, stop) in ranges.items():
            view = sliced(walker, view, axis, start, stop)
        return view
    cuts = {view.at(axis): ends for axis, ends in ranges.items()}
    cuts = {place: ends for place, ends in cuts.items() if ends != (0, view.shape[place])}
    if len(cuts) < 2 or 0 in cuts:
        for axis, (start, stop) in ranges.items():
            view = sliced(walker, view, axis, start, stop)
        return view
    shape, sides = list(view.shape), [[0, 0] for _ in view.shape]
    for place, (start, stop) in cuts.items():
        sides[place] = [start, shape[place] - stop]
        shape[place] = stop - start
    layer = walker.make("crop", {"crop": one_size(sides[1:])}, [view.layer], tuple(shape))
    return view._replace(layer=layer, shape=tuple(shape))


def split(walker: Walker) -> None:
    """Cut an axis into consecutive parts."""
    view, axis, start = walker.tensor(), walker.axis(default=0), 0
    parts = []
    for number in walker.done.made:
        size = walker.sizes(number)[axis]
        parts.append(sliced(walker, view, axis, start, start + size))
        start += size
    walker.gives(*parts)


def unbind(walker: Walker) -> None:
    """Take every position along an axis as a separate tensor."""
    view, axis = walker.tensor(), walker.axis(default=0)
    walker.gives(
        *(
            reshaped(walker, sliced(walker, view, axis, place, place + 1), walker.sizes(number))
            for place, number in enumerate(walker.done.made)
        )
    )


def narrow(walker: Walker) -> None:
    """Keep some consecutive positions along an axis."""
    view, axis = walker.tensor(), walker.axis()
    start, length = walker.argument("start"), walker.argument("length")
    walker.gives(sliced(walker, view, axis, start, start + length))


def select(walker: Walker) -> None:
    """Take a single position along an axis, and drop the axis."""
    view, axis, place = walker.tensor(), walker.axis(), walker.argument("index")
    place %= view.size(axis)
    part = sliced(walker, view, axis, place, place + 1)
    walker.gives(reshaped(walker, part, walker.sizes(walker.done.made[0])))


def getitem(walker: Walker) -> None:
    """Index with slices, positions, None and an ellipsis: ``x[:, 2:5, 0]``."""
    view = walker.tensor()
    index = walker.done.arguments["1"]
    parts = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        missing = len(view.axes) - sum(part is not None for part in parts) + 1
        parts[at : at + 1] = [slice(None)] * missing
    axis = 0
    ranges: dict[int, tuple[int, int]] = {}
    for part in parts:
        if part is None:
            continue
        if isinstance(part, slice) and part != slice(None):
            start, stop, step = part.indices(view.size(axis))
            if step != 1:
                view = _every(walker, view, axis, start, step)
            else:
                ranges[axis] = (start, stop)
        elif type(part) is int:
            place = part % view.size(axis)
            view = sliced(walker, view, axis, place, place + 1)
        elif part != slice(None):
            raise Unknown("its index is neither a position nor a range")
        axis += 1
    view = ranged(walker, view, ranges)
    walker.gives(reshaped(walker, view, walker.sizes(walker.done.made[0])))


def _every(walker: Walker, view: Tensor, axis: int, start: int, step: int) -> Tensor:
    """Every ``step``-th position along an axis. Raises Unknown unless the step divides the axis's
    size and is larger than the start."""
    size, sizes = view.size(axis), view.sizes
    if size % step or start >= step:
        raise Unknown(f"it has a step of {step} along an axis of {size}")
    parts = (*sizes[:axis], size // step, step, *sizes[axis + 1 :])
    part = sliced(walker, resized(regrouped(view), parts), axis + 1, start, start + 1)
    return reshaped(walker, part, (*sizes[:axis], size // step, *sizes[axis + 1 :]))


def expand(walker: Walker) -> None:
    """Repeat the values along axes of size 1."""
    value, sizes = walker.tensor(), walker.sizes(walker.done.made[0])
    if isinstance(value, Regrouped) or value.inside:
        walker.gives(grown(walker, regrouped(value), sizes))
        return
    layer = walker.plain(value)
    shape = walker.result()
    if shape != walker.made[layer].shape:
        layer = walker.make("expand", {"shape": list(shape)}, [layer], shape)
    walker.gives(View.of(layer, shape))


def repeated(walker: Walker) -> None:
    """Repeat every position along an axis several times in a row."""
    value, axis, count = regrouped(walker.tensor()), walker.axis(), walker.argument("repeats")
    if type(count) is not int:
        raise Unknown("it does not repeat all positions equally often")
    axes = [tuple(at + (at != BATCH) for at in one) for one in value.axes]
    axes[axis] = (*axes[axis], 0)
    n = prod(value.atoms)
    layer = shaped(walker, value.layer, [1, n])
    layer = walker.make("expand", {"shape": [count, n]}, [layer], (count, n))
    walker.gives(Regrouped(layer, (count, *value.atoms), tuple(axes)))


def setitem(walker: Walker) -> None:
    """Replace all values of a tensor."""
    index = walker.done.arguments["1"]
    parts = index if isinstance(index, tuple) else (index,)
    whole = all(isinstance(one, slice) and one in (slice(None), slice(0, None)) for one in parts)
    if not whole:
        raise Unknown("it changes some values of a tensor")
    walker.gives(walker.tensor("2"))


def roll(walker: Walker) -> None:
    """Shift the values along some axes cyclically."""
    view, shifts = walker.straight(walker.data()), walker.argument("shifts")
    dims = walker.argument("dims", ())
    shifts, dims = ([one] if isinstance(one, int) else [*one] for one in (shifts, dims))
    if not dims:
        raise Unknown("it shifts all values")
    words = [word(view.shape, view.at(axis % len(view.axes))) for axis in dims]
    fields = {"shift": one_size(shifts), "over": words}
    walker.gives(view._replace(layer=walker.make("roll", fields, [view.layer], view.shape)))


SAME = "detach to float type type_as alias half double requires_grad long int"
RESHAPES = "view reshape flatten unflatten squeeze unsqueeze view_as reshape_as ravel"

HANDLERS: Handlers = {
    **dict.fromkeys(SAME.split(), same),
    **dict.fromkeys(("contiguous", "clone"), copied),
    **dict.fromkeys(RESHAPES.split(), reshape),
    "permute": permute,
    **dict.fromkeys(("movedim", "moveaxis"), movedim),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), transpose),
    **dict.fromkeys(("mT", "t", "T"), matrix_transposed),
    **dict.fromkeys(("chunk", "split", "tensor_split", "split_with_sizes"), split),
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), expand),
    "unbind": unbind,
    "roll": roll,
    "repeat_interleave": repeated,
    "narrow": narrow,
    "select": select,
    "getitem": getitem,
    "setitem": setitem,
}
