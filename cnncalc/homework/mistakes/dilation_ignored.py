"""Dilation ignored."""

from typing import ClassVar

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields


class DilationIgnored(WrongLayer):
    """With dilation D the taps of a filter stand D pixels apart, so that it spans D·(F − 1) + 1
    pixels while it has no more weights.
    """

    says: ClassVar = "the dilation is ignored"
    prior: ClassVar = 25
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 8, "kernel": 3, "dilation": 2}},),
            "1x9x9",
            "shape",
            "8x7x7",
            "9 − 3 + 1 = 7, though the filter spans 5",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The same with neighbouring taps."""
        return with_fields(row.layer, dilation=1)
