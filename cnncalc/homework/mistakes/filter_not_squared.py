from cnncalc.formulas import macs, parameters
from cnncalc.formulas.vocabulary import product, share
from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.mistakes._examples import on_ten_filters


def one_side(F: tuple[int, ...], C_in: int, C_out: int, G: int = 1) -> int:
    """F in place of F·F."""
    return F[0] * share(C_in, G) * C_out


def one_side_macs(
    F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], G: int = 1
) -> int:
    """F in place of F·F, at every position."""
    return F[0] * share(C_in, G) * C_out * product(N_out)


def one_side_of_plane(F: tuple[int, ...], C_in: int, multiplier: int = 1) -> int:
    """F in place of F·F."""
    return F[0] * C_in * multiplier


def one_side_of_plane_macs(
    F: tuple[int, ...], C_in: int, N_out: tuple[int, ...], multiplier: int = 1
) -> int:
    """F in place of F·F, at every position."""
    return F[0] * C_in * multiplier * product(N_out)


class FilterNotSquared(WrongRule):
    """You used one side of the filter. A filter has a height and a width: a 5×5 filter covers 25
    pixels of each channel, not 5.
    """

    says = "counted the filter size along one axis only"
    prior = 8
    rules = {
        parameters.conv_weights: one_side,
        parameters.depthwise_weights: one_side_of_plane,
        macs.conv_macs: one_side_macs,
        macs.depthwise_macs: one_side_of_plane_macs,
    }
    examples = (on_ten_filters("parameters", "160", "5·3·10 + 10"),)
