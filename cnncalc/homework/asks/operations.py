from cnncalc.homework.asks._counted import Counted


class Operations(Counted):
    """All arithmetic: multiplications, additions, comparisons, divisions and exponentials."""

    aliases = ("ops", "operation")
    count = "operations_total"
    explained = "operations"
