from cnncalc.homework.asks._counted import Counted


class Weights(Counted):
    """The number of weights: parameters other than biases."""

    aliases = ("weight",)
    count = "weights"
    explained = "parameters"
    symbols = ("weights",)
