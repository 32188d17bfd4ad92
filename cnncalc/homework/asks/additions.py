"""Additions."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Additions(Counted):
    """The number of additions."""

    aliases: ClassVar = ("add", "addition")
    count: ClassVar = "add"
    explained: ClassVar = "operations"
    symbols: ClassVar = ("MACs", "bias additions", "add")
