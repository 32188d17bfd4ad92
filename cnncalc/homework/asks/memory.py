"""Activation memory."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Memory(Counted):
    """The bytes of what a layer puts out; in total, of what is stored."""

    aliases: ClassVar = ("activation_memory", "bytes")
    count: ClassVar = "activation_bytes"
    summed: ClassVar = "activations_total_bytes"
    unit: ClassVar = "B"
    also: ClassVar = ("elements",)
    explained: ClassVar = "memory"
