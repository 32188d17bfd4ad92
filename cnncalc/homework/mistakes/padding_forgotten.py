"""Padding forgotten."""

from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongLayer, with_field
from cnncalc.layer import Layer


class PaddingForgotten(WrongLayer):
    """The padding makes the input larger before the window moves over it, by P on both sides."""

    says: ClassVar = "the padding is forgotten"
    prior: ClassVar = 25
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "shape",
            "10x28x28",
            "32 − 5 + 1 = 28",
        ),
    )

    def instead(self, layer: Layer) -> Layer | None:
        """The same without padding."""
        return with_field(layer, "padding", 0)
