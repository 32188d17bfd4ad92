"""The sliding window of a layer."""

from cnncalc.analysis.report import Row
from cnncalc.core.shape import Map
from cnncalc.derivations.stride import Axis
from cnncalc.homework.ask import NoAnswer
from cnncalc.layers import _window


def axes(row: Row) -> tuple[Axis, ...]:
    """The window of a layer along each axis; raises NoAnswer if it has none.

    If the padding differs between the two ends, the difference is part of N.
    """
    sliding = getattr(row.layer, "axes", None)
    maps = all(isinstance(x, Map) for x in row.inputs)
    found = sliding(row.inputs[0]) if sliding and maps else ()
    if not found or not all(isinstance(axis, _window.Axis) for axis in found):
        raise NoAnswer("has no sliding window")
    return tuple(
        Axis(axis.N + axis.after - axis.before, axis.F, axis.S, axis.before, axis.D)
        for axis in found
    )
