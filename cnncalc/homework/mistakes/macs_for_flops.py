"""Multiply-accumulates given for floating-point operations."""

from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongAsk


class MacsForFlops(WrongAsk):
    """A multiply-accumulate is two floating-point operations: a multiplication and an addition."""

    says: ClassVar = "multiply-accumulates are given, half as many as FLOPs"
    prior: ClassVar = 30
    gives: ClassVar = {"flops": "macs"}
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "flops",
            "768,000",
            "75 products for each of 10·32·32 outputs, not doubled",
        ),
    )
