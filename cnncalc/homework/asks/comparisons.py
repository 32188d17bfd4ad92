"""Comparisons."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Comparisons(Counted):
    """How often two numbers are compared."""

    aliases: ClassVar = ("compare", "comparison")
    count: ClassVar = "compare"
    explained: ClassVar = "operations"
    symbols: ClassVar = ("compare",)
