"""A bias where there is none."""

from typing import ClassVar

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields


class BiasAdded(WrongLayer):
    """The layer is said to have no bias, so only its weights count. It is often left out where a
    batch norm follows, which shifts every channel anyway.
    """

    says: ClassVar = "biases are counted where there are none"
    prior: ClassVar = 20
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 4, "kernel": 2, "bias": False}},),
            "1x3x3",
            "parameters",
            "20",
            "2·2·1·4 + 4, though there are no biases",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The same with biases."""
        return with_fields(row.layer, bias=True)
