"""The field of one layer alone."""

from typing import ClassVar

from cnncalc.formulas import receptive
from cnncalc.homework.mistake import Example, WrongRule


def own_window(r_in: int, j_in: int, E: int = 1) -> int:
    """What is seen of the input of the layer."""
    return E


class FieldOfOneLayer(WrongRule):
    """The receptive field is what one output sees of the image, through all layers before; the
    filter's size is only what it sees of the layer before.
    """

    says: ClassVar = "the window of this layer is given, not what it sees of the image"
    prior: ClassVar = 20
    rules: ClassVar = {receptive.field_size: own_window}
    examples: ClassVar = (
        Example(
            (
                {"conv": {"filters": 4, "kernel": 3}},
                {"max_pool": 2},
                {"conv": {"filters": 4, "kernel": 3}},
            ),
            "1x28x28",
            "receptive_field",
            "3",
            "the last filter alone; through all layers it sees 8 pixels",
        ),
    )
