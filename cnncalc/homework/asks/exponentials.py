from cnncalc.homework.asks._counted import Counted


class Exponentials(Counted):
    """The number of exponentials and of operations that count as one (docs/conventions.md)."""

    aliases = ("exponential",)
    count = "exponential"
    explained = "operations"
    symbols = ("exponential",)
