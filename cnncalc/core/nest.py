"""The products of a layer as nested loops, for tools that only understand convolutions."""

from typing import NamedTuple


class Window(NamedTuple):
    """A filter along one axis: the size of the input, the number of output positions, the filter's
    size, stride and dilation, and the padding before and after the input."""

    size: int
    places: int
    taps: int = 1
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0


class Nest(NamedTuple):
    """A convolution: in every group, each filter reads all channels of the group at each position.

    ``filters`` and ``channels`` are those of one group. Without axes, it is the product of a matrix
    and a vector.
    """

    groups: int
    filters: int
    channels: int
    axes: tuple[Window, ...] = ()
