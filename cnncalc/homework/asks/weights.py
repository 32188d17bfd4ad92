"""Weights."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Weights(Counted):
    """Parameters without the biases."""

    aliases: ClassVar = ("weight",)
    count: ClassVar = "weights"
    explained: ClassVar = "parameters"
    symbols: ClassVar = ("weights",)
