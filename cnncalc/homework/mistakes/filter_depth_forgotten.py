from cnncalc.formulas import macs, parameters
from cnncalc.formulas.vocabulary import product, share
from cnncalc.homework.mistake import Example, WrongRule
from cnncalc.homework.mistakes._examples import on_ten_filters


def flat_weights(F: tuple[int, ...], C_in: int, C_out: int, G: int = 1) -> int:
    """Filters of one plane."""
    return product(F) * C_out


def flat_local_weights(F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...]) -> int:
    """Filters of one plane, one at every position."""
    return product(F) * C_out * product(N_out)


def flat_macs(F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], G: int = 1) -> int:
    """Filters of one plane, at every position."""
    return product(F) * C_out * product(N_out)


def flat_transposed(
    F: tuple[int, ...], C_in: int, C_out: int, N_in: tuple[int, ...], G: int = 1
) -> int:
    """Filters of one plane, at every position of the input."""
    return product(F) * share(C_out, G) * product(N_in)


class FilterDepthForgotten(WrongRule):
    """You counted flat filters. A filter is as deep as its input: on 3 channels, a 5×5 filter has
    5·5·3 weights, not 5·5.
    """

    says = "forgot the depth of the filters"
    prior = 20
    rules = {
        parameters.conv_weights: flat_weights,
        parameters.local_weights: flat_local_weights,
        macs.conv_macs: flat_macs,
        macs.transposed_macs: flat_transposed,
    }
    examples = (
        on_ten_filters("parameters", "260", "(5·5 + 1)·10"),
        on_ten_filters("macs", "256,000", "5·5 · 10 · 32·32"),
        Example(
            ({"locally_connected": {"filters": 2, "kernel": 2}},),
            "3x3x3",
            "parameters",
            "40",
            "2·2·2 at each of 2·2 positions, and 8 biases",
        ),
    )
