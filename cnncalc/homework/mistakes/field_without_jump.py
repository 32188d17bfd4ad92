"""The receptive field added without the jump."""

from typing import ClassVar

from cnncalc.formulas import receptive
from cnncalc.homework.mistake import Example, WrongRule


def next_door(r_in: int, j_in: int, E: int = 1) -> int:
    """Neighbouring outputs taken to be one pixel apart."""
    return r_in + (E - 1)


class FieldWithoutJump(WrongRule):
    """Behind a stride, neighbouring numbers of a map stand several pixels of the image apart: the
    jump, the product of all strides before. A window adds (F − 1)·jump pixels to the field.
    """

    says: ClassVar = "the receptive field grows without the jump (the strides before)"
    prior: ClassVar = 30
    rules: ClassVar = {receptive.field_size: next_door}
    examples: ClassVar = (
        Example(
            (
                {"conv": {"filters": 4, "kernel": 3}},
                {"max_pool": 2},
                {"conv": {"filters": 4, "kernel": 3}},
            ),
            "1x28x28",
            "receptive_field",
            "6",
            "1 + 2 + 1 + 2, though behind the pool the pixels are 2 apart: 1 + 2 + 1 + 2·2 = 8",
        ),
    )
