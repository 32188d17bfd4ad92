"""Sizes and strides of tensors, with PyTorch's rules for views and for results of operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LAST = (1, 3, 2, 0)
"""The axes of a batch of images with channels last, innermost in memory first."""

MAPS = (4, 5)
"""The numbers of axes, batch included, of tensors that can have channels last: images and
volumes."""


class Strided(NamedTuple):
    """The sizes of a tensor, with the batch first, and its strides in elements.

    ``dense`` and ``lies`` compare strides before sizes, because every comparison of recorded sizes
    (``formulas.recorded``) narrows the sizes for which a formula holds.
    """

    sizes: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def contiguous(self) -> bool:
        """Whether the elements lie one after another in the order of the axes."""
        return self.lies(range(len(self.sizes))[::-1])

    @property
    def dense(self) -> bool:
        """Whether the elements lie one after another in any order of the axes."""
        axes, stride = [*range(len(self.sizes))][::-1], 1
        while (axis := next((a for a in axes if self.strides[a] == stride), None)) is not None:
            axes.remove(axis)
            stride *= self.sizes[axis]
        return all(self.sizes[axis] == 1 for axis in axes)

    def lies(self, axes: Sequence[int]) -> bool:
        """Whether the elements lie one after another with the axes in this order, innermost
        first."""
        stride = 1
        for axis in axes:
            if self.strides[axis] != stride and self.sizes[axis] > 1:
                return False
            stride *= self.sizes[axis]
        return True

    @property
    def format(self) -> Sequence[int]:
        """The axes of the memory format in which PyTorch computes, innermost first: channels
        last or first. Empty if axes of size 1 or repeated elements leave it to the operation."""
        if 1 in self.sizes[1:] or 0 in self.strides:
            return ()
        axes = range(len(self.sizes))[::-1]
        last = (1, *axes[:-2], 0)
        return last if len(axes) in MAPS and self._falls(last) else axes

    @property
    def suggested(self) -> Sequence[int]:
        """The axes of the memory format that PyTorch's ``suggest_memory_format`` names, innermost
        first: channels last only if no other order of the axes fits as well."""
        axes = range(len(self.sizes))[::-1]
        last = (1, *axes[:-2], 0)
        if len(axes) not in MAPS or not self.strides[1] or not self._falls(last):
            return axes
        return axes if self.sizes[2] * self.strides[2] == self.strides[1] else last

    def _falls(self, axes: Sequence[int]) -> bool:
        """Whether each of these axes lies outside the one before, perhaps with gaps."""
        least = 0
        for axis in axes:
            if self.strides[axis] < least:
                return False
            least = self.strides[axis] * self.sizes[axis]
        return True

    def permuted(self, order: Sequence[int]) -> Strided:
        """A view with the axes in a different order."""
        return Strided(*(tuple(one[axis] for axis in order) for one in self))

    def expanded(self, sizes: Sequence[int]) -> Strided:
        """A view in which axes of size 1 are repeated to these sizes."""
        pairs = zip(self.sizes, sizes, self.strides)
        return Strided(tuple(sizes), tuple(stride * (old == new) for old, new, stride in pairs))

    def cut(self, sizes: Sequence[int]) -> Strided:
        """A view of a part with these sizes."""
        return Strided(tuple(sizes), self.strides)

    def viewed(self, sizes: Sequence[int]) -> Strided | None:
        """A view in a different shape; None if PyTorch has to copy instead."""
        strides: list[int] = []
        left = [*sizes]
        base, old, new = self.strides[-1], 1, 1
        for axis in reversed(range(len(self.sizes))):
            old *= self.sizes[axis]
            if axis and (self.sizes[axis - 1] == 1 or self.strides[axis - 1] == old * base):
                continue
            while left and (new < old or left[-1] == 1):
                strides.insert(0, new * base)
                new *= left.pop()
            if new != old:
                return None
            if axis:
                base, old, new = self.strides[axis - 1], 1, 1
        return Strided(tuple(sizes), tuple(strides))


def ordered(sizes: Sequence[int], axes: Sequence[int]) -> Strided:
    """A new tensor with its axes in this order in memory, innermost first."""
    strides, stride = [0] * len(sizes), 1
    for axis in axes:
        strides[axis] = stride
        stride *= sizes[axis]
    return Strided(tuple(sizes), tuple(strides))


def contiguous(sizes: Sequence[int]) -> Strided:
    """A new contiguous tensor."""
    return ordered(sizes, range(len(sizes))[::-1])


def joined(sizes: Sequence[int], parts: Sequence[Strided]) -> Strided:
    """A concatenation with these sizes. It has the memory format of the parts if they share
    one."""
    formats = {tuple(one.suggested) for one in parts}
    return ordered(sizes, formats.pop()) if len(formats) == 1 else contiguous(sizes)


def elementwise(*given: Strided) -> Strided:
    """The result of an elementwise operation whose operands have the same number of axes."""
    first = given[0]
    if all(one.sizes == first.sizes for one in given):
        for format in (range(len(first.sizes))[::-1], LAST):
            if len(format) == len(first.sizes) and all(one.lies(format) for one in given):
                return ordered(first.sizes, format)
        if first.dense and all(one.strides == first.strides for one in given):
            return first
    sizes = tuple(map(max, zip(*(one.sizes for one in given))))
    read = [one.expanded(sizes) for one in given]
    axes = [*range(len(sizes))][::-1]
    for start in range(1, len(axes)):
        inner = start
        for place in reversed(range(start)):
            turns = _compared(read, sizes, axes[place], axes[inner])
            if turns < 0:
                break
            if turns > 0:
                axes[place], axes[inner] = axes[inner], axes[place]
                inner = place
    return ordered(sizes, axes)


def _compared(read: Sequence[Strided], sizes: Sequence[int], inner: int, outer: int) -> int:
    """1 if ``inner`` belongs outside ``outer``, -1 if inside, 0 if that is not clear. The first
    operand that tells them apart decides, unless it broadcasts one of the axes."""
    for one in read:
        a, b = one.strides[inner], one.strides[outer]
        if 0 in (a, b):
            continue
        if a != b:
            return 1 if a > b else -1
        if sizes[inner] > sizes[outer]:
            return 1
    return 0
