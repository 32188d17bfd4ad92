"""Tensors whose axes split or merge the dimensions of a layer's output.

Such a tensor may merge the batch with other axes, as windows do, or have more axes than a map. It
becomes a layer only when a call needs its values.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Protocol

from cnncalc.layers.flatten import Flatten
from cnncalc.layers.reshape import Reshape
from cnncalc.spec.importing.values import BATCH, Regrouped, Unknown, View


class Layers(Protocol):
    """The layers so far, which the walker provides."""

    made: list[Any]

    def make(
        self, kind: str, fields: Mapping[str, Any], reads: Sequence[int], shape: tuple[int, ...]
    ) -> int:
        """Add a layer, whose output must have this shape."""


def regrouped(value: View | Regrouped) -> Regrouped:
    """A view as a regrouped tensor."""
    if isinstance(value, Regrouped):
        return value
    axes = ((BATCH, *value.inside) if axis == BATCH else (axis,) for axis in value.axes)
    return Regrouped(value.layer, value.shape, tuple(axes))


def resized(value: Regrouped, sizes: Sequence[int]) -> Regrouped:
    """The values in the same order with these sizes; −k is k times the batch."""
    atoms = list(value.atoms)
    axes: list[list[int]] = []
    left = [at for axis in value.axes for at in long(value, axis)]
    for size in sizes:
        axis: list[int] = []
        batch, needed = size < 0, abs(size)
        while batch or needed > 1:
            at = left.pop(0) if left else None
            if at is None or (at == BATCH and not batch):
                raise Unknown("its result mixes the batch with other axes")
            if at == BATCH:
                batch = False
            elif needed % atoms[at] == 0:
                needed //= atoms[at]
            elif needed > 1 and atoms[at] % needed == 0:
                atoms[at : at + 1] = [needed, atoms[at] // needed]
                for numbers in (left, axis, *axes):
                    numbers[:] = [one + (one > at) for one in numbers]
                left.insert(0, at + 1)
                needed = 1
            else:
                raise Unknown("its sizes do not divide one another")
            axis.append(at)
        axes.append(axis)
    return Regrouped(value.layer, tuple(atoms), tuple(map(tuple, axes)))


def settled(walker: Layers, value: Regrouped) -> View:
    """The values as a view of a layer; the dimension that has the layer's channels comes first."""
    batch = [place for place, axis in enumerate(value.axes) if BATCH in axis]
    merged = long(value, value.axes[batch[0]]) if batch else ()
    if merged[:1] != (BATCH,):
        raise Unknown("its result mixes the batch with other axes")
    groups = {place: long(value, axis) for place, axis in enumerate(value.axes)}
    groups[batch[0]] = merged[1:]
    if len(merged) == 1:
        del groups[batch[0]]
    first = min((at for group in groups.values() for at in group), default=0)
    order = sorted(groups, key=lambda place: first not in groups[place])
    if len(order) > 4:
        raise Unknown("its result has too many axes")
    layer = arranged(walker, value, [groups[place] for place in order])
    shape = tuple(prod(value.atoms[at] for at in groups[place]) for place in order)
    at_end = {place: at for at, place in enumerate(order)}
    inside = tuple(at_end[place] for place in batch if place in groups)
    axes = (BATCH if n == batch[0] else at_end[n] for n in range(len(value.axes)))
    return View(layer, shape, tuple(axes), inside)


def long(value: Regrouped, axis: Sequence[int]) -> tuple[int, ...]:
    """The atoms of an axis that have a size above 1, and the batch."""
    return tuple(at for at in axis if at == BATCH or value.atoms[at] > 1)


def arranged(
    walker: Layers, value: Regrouped, groups: Sequence[Sequence[int]], shape: Sequence[int] = ()
) -> int:
    """A layer with one dimension for each group of atoms, in this order, or with the values in the
    same order and this shape."""
    layer, atoms = value.layer, value.atoms
    wanted = [at for group in groups for at in group if atoms[at] > 1]
    order = sorted(wanted)
    while order != wanted:
        runs = _runs(order, wanted)
        apart = _cut(runs, atoms, walker.made[layer].shape)
        runs = apart if len(apart) <= 4 else runs
        places = sorted(range(len(runs)), key=lambda place: wanted.index(runs[place][0]))
        if len(runs) > 4:  # move one run at a time, past those between it and its place
            start = next(at for at, place in enumerate(places) if at != place)
            end = places[start]
            cuts = [runs[:start], runs[start:end], [runs[end]], runs[end + 1 :]]
            runs = [[at for run in cut for at in run] for cut in cuts if cut]
            places = [*range(len(runs))]
            moved = 1 if start else 0
            places[moved], places[moved + 1] = moved + 1, moved
        layer = shaped(walker, layer, [prod(atoms[at] for at in run) for run in runs])
        sizes = tuple(walker.made[layer].shape[place] for place in places)
        layer = walker.make("permute", {"order": places}, [layer], sizes)
        order = [at for place in places for at in runs[place]]
    return shaped(walker, layer, shape or [prod(atoms[at] for at in group) for group in groups])


def merged(walker: Layers, value: Regrouped, axis: int) -> Regrouped:
    """The values with a single atom for an axis. Atoms that lie apart are moved together."""
    value.size(axis)  # raises Unknown for the batch
    atoms, inner = value.atoms, long(value, value.axes[axis])
    earlier = [at for one in value.axes[:axis] for at in one]
    first = min(inner, default=max(earlier, default=BATCH) + 1)  # size 1 fits anywhere
    others = [at for at in range(len(atoms)) if atoms[at] > 1 and at not in inner]
    before = [at for at in others if at < first]
    after = [at for at in others if at >= first]
    layer = value.layer
    if inner != (*range(first, first + len(inner)),):
        layer = arranged(walker, value, [before, inner, after])
    order = {BATCH: BATCH, **{at: place for place, at in enumerate([*before, None, *after])}}
    axes = [tuple(order[at] for at in one if at in order) for one in value.axes]
    axes[axis] = (len(before),)
    size = prod(atoms[at] for at in inner)
    return Regrouped(
        layer, (*(atoms[at] for at in before), size, *(atoms[at] for at in after)), tuple(axes)
    )


def _runs(order: Sequence[int], wanted: Sequence[int]) -> list[list[int]]:
    """The atoms in order; those that stay together form one run."""
    runs: list[list[int]] = []
    for at in order:
        if runs and wanted.index(at) == wanted.index(runs[-1][-1]) + 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _cut(
    runs: Sequence[Sequence[int]], atoms: Sequence[int], shape: Sequence[int]
) -> list[list[int]]:
    """The runs of a layer's atoms, cut where one of its dimensions begins, because merging
    dimensions may copy them."""
    starts = {prod(shape[:place]) for place in range(len(shape))}
    found: list[list[int]] = []
    before = 1
    for run in runs:
        for place, at in enumerate(run):
            if place == 0 or before in starts:
                found.append([])
            found[-1].append(at)
            before *= atoms[at]
    return found


def like(walker: Layers, value: Regrouped, other: Regrouped) -> int:
    """A layer with the values in the order of another tensor of the same sizes."""
    order = [at for axis in other.axes for at in long(other, axis)]
    found = resized(value, [BATCH if at == BATCH else other.atoms[at] for at in order])
    axes = {at: axis for at, axis in zip(order, found.axes) if at != BATCH}
    listed = [at for one in sorted(axes) for at in axes[one]]
    return arranged(walker, found, [listed], walker.made[other.layer].shape)


def grown(walker: Layers, value: Regrouped, sizes: tuple[int, ...]) -> Regrouped:
    """The values repeated along axes of size 1 to these sizes; −k is k times the batch."""
    value = value._replace(axes=(*[()] * (len(sizes) - len(value.axes)), *value.axes))
    pairs = enumerate(zip(sizes, value.sizes))
    grown = [axis for axis, (size, old) in pairs if size != old]
    counts = [sizes[axis] for axis in grown]
    if not grown:
        return value
    axes = [tuple(at + len(grown) * (at != BATCH) for at in axis) for axis in value.axes]
    for place, axis in enumerate(grown):
        axes[axis] = (place,)
    layer = repeated(walker, value.layer, prod(counts))
    return Regrouped(layer, (*counts, *value.atoms), tuple(axes))


def repeated(walker: Layers, layer: int, count: int) -> int:
    """A layer with the values of another one several times, along a new first dimension. The other
    dimensions are merged, which may copy them, only if there are too many."""
    shape = tuple(size for size in walker.made[layer].shape if size > 1)
    shape = shape if len(shape) < 4 else (prod(shape),)
    layer = shaped(walker, layer, [1, *shape])
    shape = (count, *shape)
    return walker.make("expand", {"shape": list(shape)}, [layer], shape)


def shaped(walker: Layers, layer: int, sizes: Sequence[int]) -> int:
    """The values of a layer in this shape; any reshapes before it are skipped."""
    shape = tuple(sizes)
    layer = unshaped(walker, layer, shape)
    old = walker.made[layer].shape
    if shape == old:
        return layer
    if len(shape) == 1 and len(old) > 1:
        return walker.make("flatten", {}, [layer], shape)
    if len(shape) == 2 < len(old) and shape[0] == old[0]:
        return walker.make("flatten", {"over": "positions"}, [layer], shape)
    return walker.make("reshape", {"shape": list(shape) or [1]}, [layer], shape)


def unshaped(walker: Layers, layer: int, shape: Sequence[int] = ()) -> int:
    """The layer before any reshapes, or the reshape that already has this shape."""
    while walker.made[layer].shape != shape and walker.made[layer].layer in (Reshape, Flatten):
        (layer,) = walker.made[layer].reads
    return layer
