"""The smallest input that a network accepts, found by trial."""

from cnncalc.analysis.walk import takes
from cnncalc.core.layer import Input
from cnncalc.core.shape import Map, Shape
from cnncalc.spec.graph import Graph

TRIED = 256
"""Every size up to here is tried, because some networks (U-Net) accept one size but not the
next."""


def smallest(graph: Graph) -> Graph:
    """The network with its inputs cut to the fewest pixels that all layers accept.

    All sides are cut to the same length; shorter sides, channels and vectors stay as they are.
    Above 256 pixels, the length is found by bisection, which is exact if all lengths above the
    smallest one work. A network that no size can fix is returned unchanged.
    """
    longest = max((side for shape in _inputs(graph) for side in _sides(shape)), default=1)
    for size in range(1, min(longest, TRIED + 1)):
        if takes(cut := _cut(graph, size)):
            return cut
    refused, taken = min(longest, TRIED + 1) - 1, longest
    while taken - refused > 1:
        middle = (refused + taken) // 2
        if takes(_cut(graph, middle)):
            taken = middle
        else:
            refused = middle
    return _cut(graph, taken)


def _inputs(graph: Graph) -> list[Shape]:
    return [node.layer.shape for node in graph.nodes if isinstance(node.layer, Input)]


def _sides(shape: Shape) -> tuple[int, ...]:
    return shape.spatial if isinstance(shape, Map) else ()


def _cut(graph: Graph, size: int) -> Graph:
    """The network with every side of an input limited to this length."""
    nodes = [
        node._replace(layer=Input(shape=_no_longer(node.layer.shape, size)))
        if isinstance(node.layer, Input)
        else node
        for node in graph.nodes
    ]
    return graph._replace(nodes=tuple(nodes))


def _no_longer(shape: Shape, size: int) -> Shape:
    if not isinstance(shape, Map):
        return shape
    return Map(shape.channels, tuple(min(side, size) for side in shape.spatial))
