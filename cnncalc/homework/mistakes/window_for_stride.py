from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields


class WindowForStride(WrongLayer):
    """You used the window size as the stride. That is the default for a pooling layer, but this
    layer has a different stride.
    """

    says = "used the window size as the stride"
    prior = 10
    examples = (
        Example(
            ({"max_pool": {"kernel": 3, "stride": 2}},),
            "96x55x55",
            "shape",
            "96x18x18",
            "(55 − 3)/3 + 1 = 18.33",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The layer with the window size as its stride."""
        size = getattr(row.layer, "kernel_size", 1)
        return None if size == 1 else with_fields(row.layer, stride=size)
