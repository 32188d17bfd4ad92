from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields


class DilationIgnored(WrongLayer):
    """You treated the filter as if its taps were adjacent. With dilation D, they are D pixels
    apart, so the filter spans D·(F − 1) + 1 pixels. Its number of weights stays the same.
    """

    says = "ignored the dilation"
    prior = 25
    examples = (
        Example(
            ({"conv": {"filters": 8, "kernel": 3, "dilation": 2}},),
            "1x9x9",
            "shape",
            "8x7x7",
            "9 − 3 + 1 = 7, but the filter spans 5 pixels",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The layer without dilation."""
        return with_fields(row.layer, dilation=1)
