from cnncalc.homework.asks._counted import Counted


class Comparisons(Counted):
    """The number of comparisons."""

    aliases = ("compare", "comparison")
    count = "compare"
    explained = "operations"
    symbols = ("compare",)
