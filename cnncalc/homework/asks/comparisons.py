"""Comparisons."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Comparisons(Counted):
    """The number of comparisons."""

    aliases: ClassVar = ("compare", "comparison")
    count: ClassVar = "compare"
    explained: ClassVar = "operations"
    symbols: ClassVar = ("compare",)
