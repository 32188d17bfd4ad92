"""Shapes and layers in words, as a teacher would put them in a question."""

import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.analysis.report import Row
from cnncalc.core.fields import SIDES, as_written
from cnncalc.core.shape import Map, Shape

UNCOUNTED = r"(?<!embedd)ing$|ization$|attention$"
"""Names of layers that take no article: max pooling, batch normalization."""
COUNTED = r"(convolution|layer|unit|network|operation|reduction|expansion|division|product)$"
"""Names that need no "layer" after them: a convolution, but a dropout layer."""
PROPER = ("Gaussian", "LeNet-5")
"""First words that keep their capital."""
TAIL = r"(?=,| with| of| over| by| along| for| that| \()"
"""The start of the words after a name that describe it further: a reduction over axes."""
COLOURS = (1, 3)
"""The numbers of channels that an image has: grey or colour."""
APART = ("kernel_size", "stride", "out_channels", "out_features")
"""The fields that come first in a phrase."""


def described(shape: Shape) -> str:
    """A shape in words: ``A 3×32×32 image``, ``An 8×27×27 map`` or ``A vector of 40 numbers``."""
    if not isinstance(shape, Map):
        return f"A vector of {_several(shape.elements, 'number')}"
    article = "An" if str(shape.channels).startswith("8") or shape.channels in (11, 18) else "A"
    image = shape.channels in COLOURS and len(shape.spatial) == 2
    return f"{article} {shape} {'image' if image else 'map'}"


def phrase(row: Row) -> str:
    """A layer in words, with everything that its output and its costs depend on: ``a convolution
    with 16 filters of 5×5, stride 1, padding 2``."""
    return ", ".join([f"{_title(row)}{_size(row)}", *_rest(row)])


def _title(row: Row) -> str:
    """The name of a layer's kind: ``a convolution``, ``max pooling``, ``a dropout layer``."""
    title = (sys.modules[type(row.layer).__module__].__doc__ or row.kind).strip(".\n")
    title = re.sub("^An? ", "", title)
    if not title.startswith(PROPER):
        title = title[:1].lower() + title[1:]
    name, *tail = re.split(TAIL, title, maxsplit=1)
    if not re.search(UNCOUNTED, name):
        article = "an" if name[0] in "aeiou" else "a"
        name = f"{article} {name}{'' if tail or re.search(COUNTED, name) else ' layer'}"
    return "".join([name, *tail])


def _size(row: Row) -> str:
    """The filters, window or units of a layer, with their number and size in words; empty if it has
    none."""
    layer: Any = row.layer
    axes = len(row.inputs[0].dimensions) - 1
    units = (
        f" with {_several(layer.out_features, 'unit')}" if hasattr(layer, "out_features") else ""
    )
    if not hasattr(layer, "kernel_size"):
        return units
    window = _sizes(layer.kernel_size, axes)
    if hasattr(layer, "out_channels"):
        return f" with {_several(layer.out_channels, 'filter')} of {window}"
    return f" with a window of {window}"


def _rest(row: Row) -> Iterator[str]:
    """The stride, and the fields that differ from the defaults, in words."""
    layer: Any = row.layer
    if hasattr(layer, "kernel_size"):
        stride = getattr(layer, "stride", 1)
        yield f"stride {_joined(layer.kernel_size if stride is None else stride)}"
    for name, value in layer.given.items():
        if name not in APART:
            yield _field(name, value)


def _field(name: str, value: Any) -> str:
    """A field and its value, in words."""
    if name == "bias":
        return "with biases" if value else "without biases"
    words = name.removeprefix("num_").replace("_", " ")
    if value is True:
        return words
    if isinstance(value, int) and (name == "groups" or name.startswith("num_")):
        return _several(value, words.removesuffix("s"))
    if name == "padding" and isinstance(value, tuple) and not _is_whole(value):
        return f"padding {_sides(value)}"
    return f"{words} {_joined(value)}"


def _sides(padding: Sequence[Any]) -> str:
    """Padding that differs between sides: ``1 at the top and 2 at the left``."""
    pairs = [(one, one) if isinstance(one, int) else one for one in padding]
    sides = {side: pairs[axis][end] for side, (axis, end) in SIDES.items() if -axis <= len(pairs)}
    *others, last = [f"{size} at the {side}" for side, size in sides.items() if size] or ["0"]
    return f"{', '.join(others)} and {last}" if others else last


def _several(number: int, noun: str) -> str:
    """``1 filter``, ``16 filters``."""
    return f"{number} {noun}{'s' * (number != 1)}"


def _sizes(size: Any, axes: int) -> str:
    """A size per axis: ``5×5``."""
    return _joined((size,) * axes if isinstance(size, int) else size)


def _joined(size: Any) -> str:
    """``3×5`` for sizes; anything else as a spec writes it."""
    return "×".join(map(str, size)) if _is_whole(size) else as_written(size)


def _is_whole(size: Any) -> bool:
    """Whether a value is a whole number for each axis."""
    return isinstance(size, tuple) and all(isinstance(one, int) for one in size)
