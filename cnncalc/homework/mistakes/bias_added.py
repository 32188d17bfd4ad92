from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields


class BiasAdded(WrongLayer):
    """You counted biases, but this layer has none: only its weights count. Biases are often left
    out before a batch norm, which shifts every channel anyway.
    """

    says = "counted biases that the layer does not have"
    prior = 20
    examples = (
        Example(
            ({"conv": {"filters": 4, "kernel": 2, "bias": False}},),
            "1x3x3",
            "parameters",
            "20",
            "2·2·1·4 + 4, but the layer has no biases",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The layer with biases."""
        return with_fields(row.layer, bias=True)
