from cnncalc.formulas import receptive
from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.mistakes._examples import on_three_layers


def whole_window(r_in: int, j_in: int, E: int = 1) -> int:
    """E in place of E - 1."""
    return r_in + E * j_in


class FieldMinusOneForgotten(WrongRule):
    """You added the whole filter. Its first tap already covers the receptive field of the previous
    layer; only the other F − 1 taps extend it.
    """

    says = "enlarged the receptive field by F instead of F − 1"
    prior = 20
    rules = {receptive.field_size: whole_window}
    examples = (
        on_three_layers("receptive_field", "12", "1 + 3 + 2 + 3·2, not 1 + 2 + 1 + 2·2 = 8"),
    )
