"""The named kernels.

A kernel is a function of a position, counted from 0 along each axis, and of its size.
"""

from collections.abc import Callable
from fractions import Fraction
from itertools import product as places
from math import comb, prod
from typing import NamedTuple

from cnncalc.core.errors import UsageError, did_you_mean
from cnncalc.core.shape import Map
from cnncalc.homework.convolution.matrix import Number, Tensor, plain

LARGEST_SIZE = 15

Place = tuple[int, ...]


class Kernel(NamedTuple):
    """A named kernel: its weight at a position, its source, and the numbers of axes and the sizes
    that it supports."""

    weight: Callable[[Place, int], Number]
    source: str
    axes: tuple[int, ...] = (1, 2)
    sizes: tuple[int, ...] = tuple(range(3, LARGEST_SIZE + 1, 2))


def box(place: Place, size: int) -> Number:
    """The mean of all cells: ``1/9 · [1 1 1; 1 1 1; 1 1 1]``."""
    return Fraction(1, size ** len(place))


def gaussian(place: Place, size: int) -> Number:
    """The binomial coefficients along each axis: ``1/16 · [1 2 1; 2 4 2; 1 2 1]``."""
    row = size - 1
    return Fraction(prod(comb(row, i) for i in place), 2 ** (row * len(place)))


def identity(place: Place, size: int) -> Number:
    """1 in the centre and 0 around it."""
    return int(all(i == size // 2 for i in place))


def sharpen(place: Place, size: int) -> Number:
    """Twice the centre minus the mean."""
    return 2 * identity(place, size) - box(place, size)


def edge(place: Place, size: int) -> Number:
    """The centre minus the mean, scaled to integers: ``[-1 -1 -1; -1 8 -1; -1 -1 -1]``."""
    return int(size ** len(place)) * identity(place, size) - 1


def sobel_x(place: Place, size: int) -> Number:
    """Right minus left, smoothed along the height: ``[-1 0 1; -2 0 2; -1 0 1]``."""
    row, column = place
    return comb(2, row) * (column - 1)


def sobel_y(place: Place, size: int) -> Number:
    """Above minus below, smoothed along the width: ``[1 2 1; 0 0 0; -1 -2 -1]``."""
    row, column = place
    return comb(2, column) * (1 - row)


KERNELS = {
    "box": Kernel(box, "TUM and ASU lectures, box filter"),
    "edge": Kernel(edge, "TUM lecture, edge detection"),
    "gaussian": Kernel(gaussian, "TUM lecture, Gaussian blur"),
    "identity": Kernel(identity, "ASU lecture, practice with linear filters"),
    "sharpen": Kernel(sharpen, "ASU lecture, sharpening filter"),
    "sobel_x": Kernel(sobel_x, "NTU lecture, example 2", axes=(2,), sizes=(3,)),
    "sobel_y": Kernel(sobel_y, "NTU lecture, example 2", axes=(2,), sizes=(3,)),
}
"""All named kernels."""


def named(word: str, axes: int) -> Tensor:
    """The kernel with this name and number of axes: ``box``, or ``box:5`` for a size other than 3.

    Raises UsageError for an unknown name, or for a size or number of axes that the kernel does not
    support.
    """
    name, colon, text = word.partition(":")
    if name not in KERNELS:
        hint = did_you_mean(name, KERNELS) or f"; choose from {', '.join(KERNELS)}"
        raise UsageError(f"no kernel is named {name[:40]!r}{hint}")
    kernel = KERNELS[name]
    sizes = {str(size): size for size in kernel.sizes}
    if colon and text not in sizes:
        known = "3" if len(sizes) == 1 else f"an odd number from 3 to {LARGEST_SIZE}"
        raise UsageError(f"the size of {name} must be {known}, not {text[:20]!r}")
    if axes not in kernel.axes:
        raise UsageError(f"{name} is for images, not for signals; use -1 0 1 for a signal")
    size = sizes[text] if colon else 3
    plane = (plain(kernel.weight(place, size)) for place in places(range(size), repeat=axes))
    return Tensor(Map(1, (size,) * axes), (tuple(plane),), name=word)
