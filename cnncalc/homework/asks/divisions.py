from cnncalc.homework.asks._counted import Counted


class Divisions(Counted):
    """The number of divisions."""

    aliases = ("divide", "division")
    count = "divide"
    explained = "operations"
    symbols = ("divide",)
