"""Activations."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Elements(Counted):
    """The number of values in a layer's output; a total counts those that are stored."""

    aliases: ClassVar = ("activations", "activation", "activation_size", "outputs", "neurons")
    count: ClassVar = "activation"
    summed: ClassVar = "activations_total"
    explained: ClassVar = "memory"
    symbols: ClassVar = ("elements",)
