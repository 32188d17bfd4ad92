"""The inputs that one output of a layer reads along an axis."""

from typing import NamedTuple

from cnncalc.core.shape import Map, Shape


class Cut(NamedTuple):
    """Windows that move by a fraction of an input, or that differ in size.

    Every input is cut into ``per`` pieces. Output i reads the inputs that contain any of the pieces
    ``begin + i·step`` to ``end + i·step``, both included: all of them, or with ``gaps`` only some.
    """

    step: int
    per: int
    begin: int
    end: int
    gaps: bool = False


class Reach(NamedTuple):
    """The inputs that one output reads along one axis.

    A window spans ``extent`` inputs and moves by ``stride``; the first one starts ``before`` inputs
    before the map does. If there is a ``cut``, it describes the windows instead: ``extent`` is the
    size of the largest, and ``stride`` is not used. With ``bound``, an output may read less.
    ``wraps`` is the size of the map if a window that leaves it at one end continues at the other,
    otherwise 0; with ``copies``, the part of a window beyond an end reads inputs at that end
    instead.
    """

    extent: int
    stride: int = 1
    before: int = 0
    cut: Cut | None = None
    bound: bool = False
    wraps: int = 0
    copies: bool = False


def everything(x: Shape, bound: bool = False) -> tuple[Reach, ...]:
    """The reach of a layer whose outputs each read the whole map; with ``bound``, at most that."""
    spatial = x.spatial if isinstance(x, Map) else ()
    return tuple(Reach(size, 0, bound=bound) for size in spatial)
