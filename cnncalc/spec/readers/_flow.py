"""Tensors of a tool that reorders, splits and merges dimensions freely, as outputs of layers that
do not.

Such a tensor is a list of dimensions. Each consists of atoms: the batch, or a factor of one size of
the layer's output. Reordering and reshaping change only this list; layers that really reorder the
values are added where an operation needs them.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from math import prod
from typing import NamedTuple

BATCH = -1
"""The atom that stands for the batch."""


class Flow(NamedTuple):
    """A tensor: the layer that makes it, and its dimensions.

    ``parts`` lists, for each size of the layer's output, the sizes above 1 that it is a product of;
    these atoms are numbered in order. ``dims`` lists the atoms of each dimension, outermost first.
    """

    tensor: str
    parts: tuple[tuple[int, ...], ...]
    dims: tuple[tuple[int, ...], ...]
    batch: int
    name: str = ""
    """The name of the operation that last changed the dimensions."""

    @classmethod
    def of(cls, tensor: str, sizes: Sequence[int], batch: int) -> "Flow":
        """The output of a layer: the batch, then its sizes."""
        parts = tuple((size,) if size > 1 else () for size in sizes)
        return cls(tensor, parts, ((BATCH,), *_numbered(parts)), batch)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape of the layer's output."""
        return tuple(map(prod, self.parts))

    @property
    def atoms(self) -> tuple[int, ...]:
        """The size of every atom."""
        return tuple(chain(*self.parts))

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return tuple(prod(map(self.size, dim)) for dim in self.dims)

    @property
    def numbers(self) -> tuple[tuple[int, ...], ...]:
        """The atoms of each size of the layer's output."""
        return _numbered(self.parts)

    @property
    def is_plain(self) -> bool:
        """Whether the dimensions are the batch, then the sizes of the layer's output."""
        return self.dims == ((BATCH,), *_numbered(self.parts))

    @property
    def is_batched(self) -> bool:
        """Whether the first dimension is the batch alone."""
        return self.dims[:1] == ((BATCH,),)

    def size(self, atom: int) -> int:
        """The size of an atom."""
        return self.batch if atom == BATCH else self.atoms[atom]

    def whole(self, atoms: Sequence[int]) -> int | None:
        """The position of the size of the layer's output that consists of exactly these atoms; None
        if there is none."""
        found = _numbered(self.parts)
        wanted = tuple(atoms)
        return found.index(wanted) if wanted and wanted in found else None

    def resized(self, made: "Flow", place: int) -> "Flow":
        """``made``, the output of a layer that changed only the size at ``place``, with the
        dimensions of this flow."""
        numbers: dict[int, int] = {BATCH: BATCH}
        count = 0
        for at, atoms in enumerate(self.numbers):
            kept = atoms if at != place else atoms[:1] if made.parts[place] else ()
            numbers |= {atom: count + step for step, atom in enumerate(kept)}
            count += len(kept)
        parts = (*self.parts[:place], made.parts[place], *self.parts[place + 1 :])
        dims = tuple(tuple(numbers[atom] for atom in dim if atom in numbers) for dim in self.dims)
        return made._replace(parts=parts, dims=dims)

    def reordered(self, order: Sequence[int], name: str) -> "Flow":
        """The flow with its dimensions in a different order."""
        return self._replace(dims=tuple(self.dims[place] for place in order), name=name)

    def squeezed(self, places: Sequence[int], name: str) -> "Flow":
        """The flow without these dimensions of size 1; if one is the batch, it joins the next."""
        dims = [*self.dims]
        for place in sorted(places, reverse=True):
            gone = dims.pop(place)
            if gone and place < len(dims):
                dims[place] = gone + dims[place]
        return self._replace(dims=tuple(dims), name=name)

    def unsqueezed(self, places: Sequence[int], name: str) -> "Flow":
        """The flow with dimensions of size 1 added at these positions."""
        dims = [*self.dims]
        for place in sorted(places):
            dims.insert(place, ())
        return self._replace(dims=tuple(dims), name=name)

    def regrouped(self, shape: Sequence[int], name: str) -> "Flow | None":
        """The flow with its dimensions split and merged to these sizes; None if that would cut the
        batch, or if the sizes do not fit into each other."""
        left = [[atom, self.size(atom), 0] for atom in chain(*self.dims)]
        pieces: dict[int, list[int]] = {}
        dims: list[list[tuple[int, int]]] = []
        for wanted in shape:
            size, dim = wanted, list[tuple[int, int]]()
            while left and (size > 1 or (left[0][1] == 1 and not dim)):
                atom, rest, piece = left[0]
                taken = rest if size % rest == 0 else size
                if rest % taken or (atom == BATCH and taken != rest):
                    return None
                pieces.setdefault(atom, []).append(taken)
                dim.append((atom, piece))
                size //= taken
                left[0] = [atom, rest // taken, piece + 1]
                if rest == taken:
                    left.pop(0)
            if size != 1:
                return None
            dims.append(dim)
        if left:
            return None
        numbers = {
            key: number
            for number, key in enumerate(
                (atom, piece)
                for atom in range(len(self.atoms))
                for piece in range(len(pieces[atom]))
            )
        }
        parts = tuple(
            tuple(chain(*(pieces[atom] for atom in atoms))) for atoms in _numbered(self.parts)
        )
        made = tuple(
            tuple(BATCH if key[0] == BATCH else numbers[key] for key in dim) for dim in dims
        )
        return self._replace(parts=parts, dims=made, name=name)


class Move(NamedTuple):
    """A layer that only rearranges values: its kind, its field, and the shape of its output."""

    kind: str
    field: tuple[int, ...] | int | str | None
    sizes: tuple[int, ...]


def arranged(flow: Flow, groups: Sequence[Sequence[int]]) -> tuple[Flow, list[Move]] | None:
    """The flow with each group of atoms as one size of its layer's output, in this order, and the
    layers that lead to it. None if a layer cannot have this number of dimensions."""
    order, sizes = [*chain(*groups)], flow.atoms
    target = tuple(prod(sizes[atom] for atom in group) for group in groups)
    if not 1 <= len(target) <= 4:
        return None
    moves: list[Move] = []
    now = sorted(order)
    if count := groups_shuffled(flow, groups):
        moves.append(Move("channel_shuffle", count, target))
        now = order
    while now != order:
        runs = [*_runs([now.index(atom) for atom in order])]
        if len(runs) > 4:  # bring the next run to its place
            runs = _block(runs, len(now))
        before = sorted(runs)
        apart = tuple(prod(sizes[now[place]] for place in run) for run in before)
        moves += _reshaped(moves[-1].sizes if moves else flow.sizes, apart)
        places = tuple(before.index(run) for run in runs)
        moves.append(Move("permute", places, tuple(apart[place] for place in places)))
        now = [now[place] for place in chain(*runs)]
    moves += _reshaped(moves[-1].sizes if moves else flow.sizes, target)
    numbers = {atom: number for number, atom in enumerate(order)} | {BATCH: BATCH}
    parts = tuple(tuple(sizes[atom] for atom in group) for group in groups)
    dims = tuple(tuple(numbers[atom] for atom in dim) for dim in flow.dims)
    return flow._replace(parts=parts, dims=dims), moves


def groups_shuffled(flow: Flow, groups: Sequence[Sequence[int]]) -> int:
    """The number of groups if the outer atoms of the channels have become the inner ones, and
    nothing else moves; otherwise 0."""
    if len(groups) < 2 or [tuple(group) for group in groups[1:]] != [*flow.numbers[1:]]:
        return 0
    first, own = [*groups[0]], [*flow.numbers[0]]
    cut = own.index(first[0]) if first and first[0] in own else 0
    moved = cut > 0 and first == own[cut:] + own[:cut]
    return prod(flow.atoms[atom] for atom in own[:cut]) if moved else 0


def _reshaped(old: tuple[int, ...], new: tuple[int, ...]) -> list[Move]:
    """The layer between two shapes of the same values."""
    if old == new:
        return []
    if len(new) == 1:
        return [Move("flatten", None, new)]
    if len(new) == 2 and old[0] == new[0] and len(old) > 1:
        return [Move("flatten", "positions", new)]
    return [Move("reshape", new, new)]


def _block(runs: Sequence[tuple[int, ...]], count: int) -> list[tuple[int, ...]]:
    """At most four runs: the atoms already in place, the next run, and the other atoms before and
    after it."""
    done = 0
    while runs[done][0] == sum(map(len, runs[:done])):
        done += 1
    first, block = sum(map(len, runs[:done])), runs[done]
    parts = range(first), block, range(first, block[0]), range(block[-1] + 1, count)
    return [tuple(part) for part in parts if part]


def _runs(order: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The atoms in this order, cut into runs of consecutive numbers."""
    run: list[int] = []
    for atom in order:
        if run and atom != run[-1] + 1:
            yield tuple(run)
            run = []
        run.append(atom)
    yield tuple(run)


def _numbered(parts: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """The numbers of the atoms in each part."""
    count = iter(range(sum(map(len, parts))))
    return tuple(tuple(next(count) for _ in part) for part in parts)
