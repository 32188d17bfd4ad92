from cnncalc.formulas import receptive
from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.mistakes._examples import on_three_layers


def own_window(r_in: int, j_in: int, E: int = 1) -> int:
    """The part of the layer's own input that an output sees."""
    return E


class FieldOfOneLayer(WrongRule):
    """You gave the size of this layer's own filter or window, which is what an output sees of the
    previous layer. The receptive field is what it sees of the image, through this layer and all
    earlier ones.
    """

    says = "gave the filter size of this layer instead of what it sees of the image"
    prior = 20
    rules = {receptive.field_size: own_window}
    examples = (
        on_three_layers(
            "receptive_field",
            "3",
            "the last filter by itself; through all three layers an output sees 8 pixels",
        ),
    )
