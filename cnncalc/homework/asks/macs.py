from cnncalc.homework.asks._counted import Counted


class Macs(Counted):
    """The number of multiply-accumulates: products that are each added to a sum."""

    aliases = (
        "mac",
        "multiply_accumulates",
        "multiply_adds",
        "mult_adds",
        "madds",
        "mac_operations",
    )
    count = "macs"
    unit = "MACs"
    explained = "macs"
    symbols = ("MACs", "MACs of the batch")
