"""Multiplications."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Multiplications(Counted):
    """The number of multiplications."""

    aliases: ClassVar = ("multiply", "multiplication")
    count: ClassVar = "multiply"
    explained: ClassVar = "operations"
    symbols: ClassVar = ("MACs", "multiply")
