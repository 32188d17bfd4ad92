from cnncalc.homework.asks._counted import Counted


class Multiplications(Counted):
    """The number of multiplications."""

    aliases = ("multiply", "multiplication")
    count = "multiply"
    explained = "operations"
    symbols = ("MACs", "multiply")
