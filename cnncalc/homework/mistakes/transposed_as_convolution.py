from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import fields_of
from cnncalc.homework.mistake import WrongLayer
from cnncalc.homework.mistakes._examples import on_transposed


class TransposedAsConvolution(WrongLayer):
    """You used the formula of a convolution. A transposed convolution works the other way round: it
    makes the map about S times larger, not smaller. Its output size is (N − 1)·S − 2P + F, plus any
    ``output_padding``.
    """

    says = "treated the transposed convolution as a convolution"
    prior = 25
    examples = (on_transposed("16x3x3", "(6 − 3 + 2)/2 + 1 = 3.5, rounded down"),)

    def instead(self, row: Row) -> Layer | None:
        """An ordinary convolution with the same fields."""
        if not hasattr(row.layer, "output_padding"):
            return None
        convolution = layers.load("conv")
        fields = {name: getattr(row.layer, name, None) for name in fields_of(convolution)}
        return convolution.parse({k: value for k, value in fields.items() if value is not None})
