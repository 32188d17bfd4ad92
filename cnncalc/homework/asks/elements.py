from cnncalc.homework.asks._counted import Counted


class Elements(Counted):
    """The number of values in a layer's output; a total counts those that are stored."""

    aliases = ("activations", "activation", "activation_size", "outputs", "neurons")
    stored_as = "memory"
    count = "activation"
    summed = "activations_total"
    explained = "memory"
    symbols = ("elements",)
