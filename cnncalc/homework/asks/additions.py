from cnncalc.homework.asks._counted import Counted


class Additions(Counted):
    """The number of additions."""

    aliases = ("add", "addition")
    count = "add"
    explained = "operations"
    symbols = ("MACs", "bias additions", "add")
