"""Exponentials."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Exponentials(Counted):
    """The number of exponentials and other transcendental functions."""

    aliases: ClassVar = ("exponential",)
    count: ClassVar = "exponential"
    explained: ClassVar = "operations"
    symbols: ClassVar = ("exponential",)
