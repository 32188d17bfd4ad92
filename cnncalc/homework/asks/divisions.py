"""Divisions."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Divisions(Counted):
    """How often one number is divided by another."""

    aliases: ClassVar = ("divide", "division")
    count: ClassVar = "divide"
    explained: ClassVar = "operations"
    symbols: ClassVar = ("divide",)
