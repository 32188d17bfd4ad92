"""Shapes and layers in words, as a teacher would put them in a question."""

import sys
from collections.abc import Iterator
from typing import Any

from cnncalc.analysis.report import Row
from cnncalc.core.parsing import fields_of
from cnncalc.core.shape import Map, Shape

UNCOUNTED = ("ing", "ization", "dropout")
"""The endings of names that take no article: max pooling, batch normalization."""
COLOURS = (1, 3)
"""The numbers of channels of an image."""


def described(shape: Shape) -> str:
    """A shape in words: ``A 3×32×32 image``, ``An 8×27×27 map`` or ``A vector of 40 numbers``."""
    if not isinstance(shape, Map):
        return f"A vector of {shape} numbers"
    article = "An" if str(shape.channels).startswith("8") or shape.channels in (11, 18) else "A"
    image = shape.channels in COLOURS and len(shape.spatial) == 2
    return f"{article} {shape} {'image' if image else 'map'}"


def phrase(row: Row) -> str:
    """A layer in words: ``a convolution with 16 filters of 5×5, stride 1, padding 2``."""
    title = (sys.modules[type(row.layer).__module__].__doc__ or row.kind).strip(".\n")
    article = "" if title.endswith(UNCOUNTED) else "a "
    return ", ".join([f"{article}{title[:1].lower()}{title[1:]}{_size(row)}", *_rest(row)])


def _size(row: Row) -> str:
    """The filters or units of a layer, and their size, in words."""
    layer: Any = row.layer
    axes = len(row.output.dimensions) - 1
    units = f" with {layer.out_features} units" if hasattr(layer, "out_features") else ""
    if not hasattr(layer, "kernel_size"):
        return units
    window = _sizes(layer.kernel_size, axes)
    if hasattr(layer, "out_channels"):
        return f" with {layer.out_channels} filters of {window}"
    return f" with a window of {window}"


def _rest(row: Row) -> Iterator[str]:
    """The stride; and padding, dilation, groups and biases if they differ from the defaults."""
    given = {name: getattr(row.layer, name) for name in fields_of(type(row.layer))}
    if "kernel_size" in given:
        stride = given.get("stride", 1)
        yield f"stride {_joined(given['kernel_size'] if stride is None else stride)}"
    for name, usual in (("padding", 0), ("dilation", 1)):
        if given.get(name, usual) != usual:
            yield f"{name} {_joined(given[name])}"
    if given.get("groups", 1) != 1:
        yield f"{given['groups']} groups"
    if given.get("bias") is False:
        yield "without biases"


def _sizes(size: Any, axes: int) -> str:
    """A size per axis: ``5×5``."""
    return _joined((size,) * axes if isinstance(size, int) else size)


def _joined(size: Any) -> str:
    return "×".join(map(str, size)) if isinstance(size, tuple) else str(size)
