"""Weights."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Weights(Counted):
    """The number of weights: parameters other than biases."""

    aliases: ClassVar = ("weight",)
    count: ClassVar = "weights"
    explained: ClassVar = "parameters"
    symbols: ClassVar = ("weights",)
