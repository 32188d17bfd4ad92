"""Multiply-accumulates."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Macs(Counted):
    """The number of multiply-accumulates: products, each added to a sum."""

    aliases: ClassVar = ("mac", "multiply_accumulates", "multiply_adds", "mult_adds", "madds")
    count: ClassVar = "macs"
    unit: ClassVar = "MACs"
    explained: ClassVar = "macs"
    symbols: ClassVar = ("MACs", "MACs of the batch")
