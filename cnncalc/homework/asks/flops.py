"""Floating-point operations."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Flops(Counted):
    """Two for every multiply-accumulate."""

    aliases: ClassVar = ("flop", "floating_point_operations")
    count: ClassVar = "flops"
    unit: ClassVar = "FLOPs"
    explained: ClassVar = "macs"
