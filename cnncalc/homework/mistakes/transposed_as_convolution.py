from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import fields_of
from cnncalc.homework.mistake import Example, WrongLayer


class TransposedAsConvolution(WrongLayer):
    """You used the formula of a convolution. A transposed convolution works the other way round:
    where a convolution makes the map about S times smaller, it makes it about S times larger. Its
    output size is (N − 1)·S − 2P + F.
    """

    says = "treated the transposed convolution as a convolution"
    prior = 25
    examples = (
        Example(
            (
                {
                    "conv_transpose": {
                        "filters": 16,
                        "kernel": 3,
                        "stride": 2,
                        "padding": 1,
                        "output_padding": 1,
                    }
                },
            ),
            "16x6x6",
            "shape",
            "16x3x3",
            "(6 − 3 + 2)/2 + 1 = 3.5, rounded down",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """An ordinary convolution with the same fields."""
        if not hasattr(row.layer, "output_padding"):
            return None
        convolution = layers.load("conv")
        fields = {name: getattr(row.layer, name, None) for name in fields_of(convolution)}
        return convolution.parse({k: value for k, value in fields.items() if value is not None})
