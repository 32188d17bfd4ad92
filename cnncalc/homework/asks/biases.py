"""Biases."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Biases(Counted):
    """The number of biases."""

    aliases: ClassVar = ("bias",)
    count: ClassVar = "biases"
    explained: ClassVar = "parameters"
    symbols: ClassVar = ("biases",)
