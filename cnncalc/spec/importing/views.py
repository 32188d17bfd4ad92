"""Operations that change the axes or the sizes, or repeat or move the values.

Each handler reads a call from the walker, and gives the walker the tensor that results.
"""

from collections.abc import Sequence
from typing import Any

from cnncalc.core.call import one_size
from cnncalc.layers._axes import word
from cnncalc.spec.importing.copies import (
    RESHAPES,
    counted,
    is_convolved,
    is_shared,
    laid_out,
    materialized,
    unshuffled,
)
from cnncalc.spec.importing.regrouping import grown, regrouped, repeated, resized, settled, shaped
from cnncalc.spec.importing.values import BATCH, Regrouped, Tensor, Unknown, View
from cnncalc.spec.importing.walker import Handlers, Walker


def same(walker: Walker) -> None:
    """Pass the tensor on unchanged; the type of its elements does not matter here."""
    walker.gives(walker.tensor())


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
    copies = [not laid_out(walker, n).viewed(counted(sizes, n)) for n in (1, 2)]
    kept = (any(copies) and is_shared(walker)) or (all(copies) and is_convolved(walker))
    if kept and isinstance(value, Regrouped):
        value = materialized(walker, value, all(copies))
    walker.gives(value)


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
    source = unshuffled(walker, view, sizes)
    if source is None:
        return None
    shape = walker.made[source].shape
    return View.of(
        walker.make("channel_shuffle", {"groups": view.shape[0]}, [source], shape), shape
    )


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


def repeat_interleave(walker: Walker) -> None:
    """Repeat every position along an axis several times in a row, in a copy."""
    value, axis, count = regrouped(walker.tensor()), walker.axis(), walker.argument("repeats")
    if type(count) is not int:
        raise Unknown("it does not repeat all positions equally often")
    axes = [tuple(at + (at != BATCH) for at in one) for one in value.axes]
    axes[axis] = (*axes[axis], 0)
    layer = repeated(walker, value.layer, count)
    more = Regrouped(layer, (count, *value.atoms), tuple(axes))
    walker.gives(materialized(walker, more, True))


def setitem(walker: Walker) -> None:
    """Replace all values of a tensor."""
    index = walker.done.arguments["1"]
    parts = index if isinstance(index, tuple) else (index,)
    if not all(one in (slice(None), slice(0, None), ...) for one in parts):
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

HANDLERS: Handlers = {
    **dict.fromkeys(SAME.split(), same),
    **dict.fromkeys(RESHAPES.split(), reshape),
    "permute": permute,
    **dict.fromkeys(("movedim", "moveaxis"), movedim),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), transpose),
    **dict.fromkeys(("mT", "t", "T"), matrix_transposed),
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), expand),
    "roll": roll,
    "repeat_interleave": repeat_interleave,
    "setitem": setitem,
}
