from cnncalc.homework.asks._counted import Stored


class Memory(Stored):
    """The bytes of a layer's output; a total counts the outputs that are stored."""

    aliases = ("activation_memory", "output_memory", "bytes")
    count = "activation_bytes"
    summed = "activations_total_bytes"
    also = ("elements", "memory_without_input")
    made_of = ("elements",)
    explained = "memory"
