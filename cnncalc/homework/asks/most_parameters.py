from cnncalc.homework.asks._most import Most


class MostParameters(Most):
    """The layer with the most parameters."""

    aliases = (
        "most_params",
        "layer_with_the_most_parameters",
        "which_layer_has_the_most_parameters",
    )
    count = "params"
    noun = "parameters"
