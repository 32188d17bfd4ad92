from cnncalc.homework.asks._counted import Counted


class Biases(Counted):
    """The number of biases."""

    aliases = ("bias",)
    count = "biases"
    explained = "parameters"
    symbols = ("biases",)
