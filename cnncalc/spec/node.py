"""One layer of an expanded network."""

from collections.abc import Callable
from typing import NamedTuple

from cnncalc.core.errors import Where
from cnncalc.core.layer import Layer


class Node(NamedTuple):
    """One layer of the expanded network; ``inputs`` are positions in the graph's nodes.

    ``layer`` is None if its text is wrong, so that the rest can still be checked.
    """

    name: str
    layer: Layer | None
    inputs: tuple[int, ...]
    where: Where
    axes: int | None = None
    """The number of spatial axes that the name of its kind implies (``Conv2d``), if any."""
    help: str | Callable[..., str] = ""
    """How to fix the spec if the layer refuses its input, or a function that gives this hint from
    the shapes of its inputs; empty if there is none."""
    shares: int | None = None
    """The node whose weights it uses, if they are not its own."""
    like: int | None = None
    """The node whose shape determines some of its fields."""
    trainable: bool = True
    """Whether its weights are trained."""
    word: str = ""
    """The name of its kind as it is written."""
    part_of: str = ""
    """The name of the layer whose outputs include this node, if the layer has several."""
