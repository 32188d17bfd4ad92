from cnncalc.homework.asks._most import Most


class MostMacs(Most):
    """The layer with the most multiply-accumulates."""

    aliases = (
        "most_computation",
        "layer_with_the_most_macs",
        "which_layer_has_the_most_macs",
    )
    count = "macs"
    noun = "MACs"
