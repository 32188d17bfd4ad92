from typing import Any

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields


class HalfKernelForSame(WrongLayer):
    """You padded half a window on each side. That keeps the size only if the window is odd; with an
    even window, the output gets too large. At stride 1, ``same`` adds F − 1 zeros in total, so one
    side gets one zero more than the other.
    """

    says = "padded F/2 on each side, which is too much for an even window"
    prior = 15
    examples = (
        Example(
            ({"conv": {"filters": 8, "kernel": 4, "padding": "same"}},),
            "3x32x32",
            "shape",
            "8x33x33",
            "32 − 4 + 2·2 + 1 = 33; same adds 3 zeros in total, and the size stays 32",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The layer with this padding; None unless it has ``same`` padding and an even window."""
        layer: Any = row.layer
        if not str(getattr(layer, "padding", "")).startswith("same"):
            return None
        axes = layer.axes(row.inputs[0])
        if all(axis.F % 2 for axis in axes):
            return None
        return with_fields(layer, padding=[axis.D * (axis.F // 2) for axis in axes])
