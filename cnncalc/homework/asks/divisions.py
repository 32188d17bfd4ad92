"""Divisions."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Divisions(Counted):
    """The number of divisions."""

    aliases: ClassVar = ("divide", "division")
    count: ClassVar = "divide"
    explained: ClassVar = "operations"
    symbols: ClassVar = ("divide",)
