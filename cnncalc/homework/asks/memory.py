"""Activation memory."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Stored


class Memory(Stored):
    """The bytes of what a layer puts out; in total, of what is stored."""

    aliases: ClassVar = ("activation_memory", "bytes")
    count: ClassVar = "activation_bytes"
    summed: ClassVar = "activations_total_bytes"
    also: ClassVar = ("elements",)
    made_of: ClassVar = ("elements",)
    explained: ClassVar = "memory"
