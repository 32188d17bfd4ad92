"""SCALE-Sim 3: a topology in CSV, one convolution per line.

The tool supports neither padding nor groups. A line has the size of the part of the input that is
read, padding included. A depthwise convolution takes one line, whose name begins with DP and which
the tool expands; any other grouped convolution takes a line per group. A fully connected layer
becomes a 1×1 convolution.
"""

import re
from collections.abc import Iterator

from cnncalc.core.errors import LayerError, UsageError
from cnncalc.core.nest import Window
from cnncalc.render.simulators import Product, Workload, each

TOOL = "SCALE-Sim"
SUFFIX = ".csv"
HEADER = (
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
    "Strides,"
)
DEPTHWISE = "DP"
MOST_LINES = 100_000


def render(workload: Workload) -> str:
    """The header, then the lines. Each ends with a comma, because the tool drops what follows the
    last comma. Raises UsageError for too many lines, and for products that the tool cannot
    describe."""
    number = sum(1 if one.nest.channels == 1 else one.nest.groups for one in workload.products)
    if number > MOST_LINES:
        raise UsageError(f"{TOOL} would need {number:,} lines; the limit is {MOST_LINES:,}")
    lines = each(TOOL, workload.products, lambda one: [*_lines(one)])
    return "".join(f"{line}\n" for line in [HEADER, *(one for some in lines for one in some)])


def _lines(product: Product) -> Iterator[str]:
    """The lines of a product. Raises LayerError if the tool cannot describe it."""
    groups, filters, channels, axes = product.nest
    if len(axes) > 2:
        raise LayerError(f"it has {len(axes)} spatial axes, not 2")
    axes = (Window(1, 1),) * (2 - len(axes)) + axes
    if any(axis.dilation > 1 and axis.taps > 1 for axis in axes):
        raise LayerError("it is dilated")
    strides = {axis.stride for axis in axes if axis.places > 1} or {1}
    if len(strides) > 1:
        raise LayerError("it has a different stride along each axis")
    (stride,) = strides
    read = [(axis.places - 1) * stride + axis.taps for axis in axes]
    sizes = [*read, *(axis.taps for axis in axes)]
    name = re.sub(r"[^\w.-]", "_", product.name).replace(DEPTHWISE, "D_P")
    if groups > 1 and channels == 1:
        yield _line(f"{DEPTHWISE}_{name}", *sizes, groups, filters, stride)
        return
    for group in range(1, groups + 1):
        own = f"{name}_g{group}" if groups > 1 else name
        yield _line(own, *sizes, channels, filters, stride)


def _line(*cells: str | int) -> str:
    return ", ".join(map(str, cells)) + ","
