"""Bits given for bytes."""

from typing import ClassVar

from cnncalc.formulas import memory
from cnncalc.homework.mistake import Example, WrongRule


def in_bits(elements: int, bytes_each: int) -> int:
    """Eight for every byte."""
    return elements * bytes_each * 8


class BitsForBytes(WrongRule):
    """A byte is 8 bits: a number in single precision has 32 bits, which are 4 bytes."""

    says: ClassVar = "bits are given, not bytes"
    prior: ClassVar = 12
    rules: ClassVar = {memory.size_in_bytes: in_bits}
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "memory",
            "327,680 B",
            "10·32·32 numbers of 32 bits",
        ),
    )
