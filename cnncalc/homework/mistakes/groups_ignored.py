from cnncalc.formulas import macs, parameters
from cnncalc.formulas.vocabulary import product
from cnncalc.homework.mistake import Example, WrongRule


def dense_weights(F: tuple[int, ...], C_in: int, C_out: int, G: int = 1) -> int:
    """Every filter reads all channels."""
    return product(F) * C_in * C_out


def dense_macs(
    F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], G: int = 1
) -> int:
    """Every filter reads all channels, at every position."""
    return product(F) * C_in * C_out * product(N_out)


def dense_transposed(
    F: tuple[int, ...], C_in: int, C_out: int, N_in: tuple[int, ...], G: int = 1
) -> int:
    """Every input channel contributes to every output channel."""
    return product(F) * C_in * C_out * product(N_in)


def undivided_weights(F: tuple[int, ...], C_in: int, multiplier: int = 1) -> int:
    """A filter as deep as the input in place of every single-channel filter."""
    return product(F) * C_in * C_in * multiplier


def undivided_macs(
    F: tuple[int, ...], C_in: int, N_out: tuple[int, ...], multiplier: int = 1
) -> int:
    """A filter as deep as the input in place of every single-channel filter, at every position."""
    return product(F) * C_in * C_in * multiplier * product(N_out)


def ordinary_weights(F: tuple[int, ...], C_in: int, C_out: int, multiplier: int = 1) -> int:
    """An ordinary convolution in place of both halves of a separable one."""
    return product(F) * C_in * C_out


def ordinary_biases(C_in: int, C_out: int, multiplier: int = 1) -> int:
    """The biases of an ordinary convolution."""
    return C_out


def ordinary_macs(
    F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], multiplier: int = 1
) -> int:
    """An ordinary convolution at every position."""
    return product(F) * C_in * C_out * product(N_out)


class GroupsIgnored(WrongRule):
    """You let every filter read all input channels. With G groups, a filter reads only the C_in/G
    channels of its own group, so there are G times fewer weights and products. In a depthwise
    convolution, which is also the first half of a separable one, every channel is a group of its
    own.
    """

    says = "ignored the groups and let every filter read all channels"
    prior = 25
    rules = {
        parameters.conv_weights: dense_weights,
        parameters.depthwise_weights: undivided_weights,
        parameters.separable_weights: ordinary_weights,
        parameters.separable_biases: ordinary_biases,
        macs.conv_macs: dense_macs,
        macs.depthwise_macs: undivided_macs,
        macs.transposed_macs: dense_transposed,
        macs.separable_macs: ordinary_macs,
    }
    examples = (
        Example(
            ({"conv": {"filters": 256, "kernel": 5, "padding": 2, "groups": 2}},),
            "96x27x27",
            "parameters",
            "614,656",
            "5·5·96·256 + 256, but each filter reads only 48 channels",
        ),
        Example(
            ({"depthwise_conv": {"kernel": 3, "padding": 1, "bias": False}},),
            "32x112x112",
            "parameters",
            "9,216",
            "3·3·32·32, but each filter reads only one channel",
        ),
        Example(
            ({"separable_conv": {"filters": 6, "kernel": 3}},),
            "4x6x6",
            "parameters",
            "222",
            "3·3·4·6 + 6, as in an ordinary convolution",
        ),
        Example(
            ({"separable_conv": {"filters": 6, "kernel": 3}},),
            "4x6x6",
            "macs",
            "3,456",
            "3·3·4·6 for each of 4·4 positions",
        ),
        Example(
            ({"conv_transpose": {"filters": 4, "kernel": 2, "stride": 2, "groups": 2}},),
            "4x3x3",
            "macs",
            "576",
            "2·2·4·4 at each of 3·3 positions, but each group has 2 input and 2 output channels",
        ),
    )
