"""Exponentials."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Exponentials(Counted):
    """How often a transcendental function is worked out."""

    aliases: ClassVar = ("exponential",)
    count: ClassVar = "exponential"
    explained: ClassVar = "operations"
    symbols: ClassVar = ("exponential",)
