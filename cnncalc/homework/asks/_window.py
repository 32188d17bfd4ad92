"""What the asks share that are about a window."""

from cnncalc.errors import LayerError
from cnncalc.report import Row
from cnncalc.stride import Axis


def axes(row: Row) -> tuple[Axis, ...]:
    """The window of a layer along each axis; raises LayerError where it has none."""
    reach = row.layer.reach(*row.inputs)
    sliding = getattr(row.layer, "axes", None)
    if not reach or sliding is None:
        raise LayerError("has no sliding window")
    return tuple(
        Axis(axis.N + axis.after - axis.before, axis.F, axis.S, axis.before, axis.D)
        for axis in sliding(*row.inputs)
    )
