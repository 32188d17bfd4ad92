"""Activation memory."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Stored


class Memory(Stored):
    """The bytes of a layer's output; a total counts the outputs that are stored."""

    aliases: ClassVar = ("activation_memory", "bytes")
    count: ClassVar = "activation_bytes"
    summed: ClassVar = "activations_total_bytes"
    also: ClassVar = ("elements", "memory_without_input")
    made_of: ClassVar = ("elements",)
    explained: ClassVar = "memory"
