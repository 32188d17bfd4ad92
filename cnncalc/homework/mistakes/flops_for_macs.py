"""Floating-point operations given for multiply-accumulates."""

from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongAsk


class FlopsForMacs(WrongAsk):
    """A multiply-accumulate is one step, although it is two floating-point operations. Where MACs
    are asked for, products are counted and not doubled.
    """

    says: ClassVar = "floating-point operations are given, two for each multiply-accumulate"
    prior: ClassVar = 30
    gives: ClassVar = {"macs": "flops"}
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "macs",
            "1,536,000",
            "75 products for each of 10·32·32 outputs, doubled",
        ),
    )
