"""Operations that keep only some of the values: consecutive ones along an axis, or every n-th.

Each handler reads a call from the walker, and gives the walker the resulting tensors.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from math import prod
from operator import mul
from typing import Any

from cnncalc.core.call import one_size
from cnncalc.layers._axes import word
from cnncalc.spec.importing.regrouping import merged, regrouped, resized, shaped
from cnncalc.spec.importing.values import Regrouped, Tensor, Unknown, View
from cnncalc.spec.importing.views import reshaped
from cnncalc.spec.importing.walker import Handlers, Walker


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
    start, length = walker.argument("start") % view.size(axis), walker.argument("length")
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
                view = _every(walker, view, axis, range(start, stop, step))
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


def _every(walker: Walker, view: Tensor, axis: int, places: range) -> Tensor:
    """Every n-th position along an axis. Raises Unknown unless n divides the axis's size, and there
    is a position in each group of n."""
    size, sizes, start, step = view.size(axis), view.sizes, places.start, places.step
    if start >= step or len(places) * step != size:
        raise Unknown(f"it has a step of {step} along an axis of {size}")
    parts = (*sizes[:axis], size // step, step, *sizes[axis + 1 :])
    part = sliced(walker, resized(regrouped(view), parts), axis + 1, start, start + 1)
    return reshaped(walker, part, (*sizes[:axis], size // step, *sizes[axis + 1 :]))


HANDLERS: Handlers = {
    **dict.fromkeys(("chunk", "split", "tensor_split", "split_with_sizes"), split),
    "unbind": unbind,
    "narrow": narrow,
    "select": select,
    "getitem": getitem,
}
