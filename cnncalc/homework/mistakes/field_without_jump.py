from cnncalc.formulas import receptive
from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.mistakes._examples import on_three_layers


def next_door(r_in: int, j_in: int, E: int = 1) -> int:
    """E - 1 pixels more, as if neighbouring inputs were one pixel apart."""
    return r_in + (E - 1)


class FieldWithoutJump(WrongRule):
    """You left out the jump. After a layer with a stride above 1, neighbouring values of a map are
    several image pixels apart. This distance, the jump, is the product of all the strides so far,
    and a filter adds (F − 1)·jump pixels to the receptive field.
    """

    says = "left the jump (the product of the earlier strides) out of the receptive field"
    prior = 30
    rules = {receptive.field_size: next_door}
    examples = (
        on_three_layers(
            "receptive_field",
            "6",
            "1 + 2 + 1 + 2, but after the pool, neighbours are 2 pixels apart: 1 + 2 + 1 + 2·2 = 8",
        ),
    )
