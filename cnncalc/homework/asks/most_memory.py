from cnncalc.homework.asks._most import Most


class MostMemory(Most):
    """The layer with the most bytes in its output."""

    aliases = (
        "most_activations",
        "layer_with_the_most_memory",
        "which_layer_has_the_most_memory",
    )
    count = "activation_bytes"
    noun = "bytes"
