"""The window's size taken for the stride."""

from typing import ClassVar

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields


class WindowForStride(WrongLayer):
    """A window need not move by its own size. Only where a pool is given no stride does it step
    from one window to the next without overlap; here another stride is given.
    """

    says: ClassVar = "the stride is taken to be the size of the window"
    prior: ClassVar = 10
    examples: ClassVar = (
        Example(
            ({"max_pool": {"kernel": 3, "stride": 2}},),
            "96x55x55",
            "shape",
            "96x18x18",
            "(55 − 3)/3 + 1 = 18.33",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The same with steps as long as the window."""
        size = getattr(row.layer, "kernel_size", 1)
        return None if size == 1 else with_fields(row.layer, stride=size)
