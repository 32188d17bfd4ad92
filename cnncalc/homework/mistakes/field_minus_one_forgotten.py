"""The whole window added to the receptive field."""

from typing import ClassVar

from cnncalc.formulas import receptive
from cnncalc.homework.mistake import Example, WrongRule


def whole_window(r_in: int, j_in: int, E: int = 1) -> int:
    """E in place of E - 1."""
    return r_in + E * j_in


class FieldMinusOneForgotten(WrongRule):
    """A window of F covers its first input already with the field that this one has: only the
    F − 1 others add to it.
    """

    says: ClassVar = "the receptive field grows by F, not by F − 1"
    prior: ClassVar = 20
    rules: ClassVar = {receptive.field_size: whole_window}
    examples: ClassVar = (
        Example(
            (
                {"conv": {"filters": 4, "kernel": 3}},
                {"max_pool": 2},
                {"conv": {"filters": 4, "kernel": 3}},
            ),
            "1x28x28",
            "receptive_field",
            "12",
            "1 + 3 + 2 + 3·2, not 1 + 2 + 1 + 2·2 = 8",
        ),
    )
