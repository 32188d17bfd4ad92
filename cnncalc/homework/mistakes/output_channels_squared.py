from cnncalc.formulas import macs, parameters
from cnncalc.formulas.vocabulary import product
from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.mistakes._examples import on_alexnet, on_ten_filters


def squared_weights(F: tuple[int, ...], C_in: int, C_out: int, G: int = 1) -> int:
    """Filters as deep as the output."""
    return product(F) * C_out * C_out


def squared_macs(
    F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], G: int = 1
) -> int:
    """Filters as deep as the output, at every position."""
    return product(F) * C_out * C_out * product(N_out)


class OutputChannelsSquared(WrongRule):
    """You used the number of filters as the depth of each filter. A filter is as deep as the
    layer's input; the number of filters is the depth of the output.
    """

    says = "used the number of filters as the depth of each filter"
    prior = 9
    rules = {
        parameters.conv_weights: squared_weights,
        macs.conv_macs: squared_macs,
    }
    examples = (
        on_alexnet("parameters", "1,115,232", "11·11·96·96 + 96"),
        on_ten_filters("macs", "2,560,000", "5·5·10·10·32·32"),
    )
