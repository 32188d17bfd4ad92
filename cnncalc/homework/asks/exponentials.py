from cnncalc.homework.asks._counted import Counted


class Exponentials(Counted):
    """The number of exponentials and other transcendental functions."""

    aliases = ("exponential",)
    count = "exponential"
    explained = "operations"
    symbols = ("exponential",)
