"""Multiplications."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Multiplications(Counted):
    """How often two numbers are multiplied."""

    aliases: ClassVar = ("multiply", "multiplication")
    count: ClassVar = "multiply"
    explained: ClassVar = "operations"
    symbols: ClassVar = ("MACs", "multiply")
