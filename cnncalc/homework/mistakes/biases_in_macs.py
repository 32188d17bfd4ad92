"""Biases counted as multiply-accumulates."""

from typing import ClassVar

from cnncalc.formulas import macs
from cnncalc.formulas.vocabulary import product, share
from cnncalc.homework.mistake import Example, WrongRule


def with_bias(F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], G: int = 1) -> int:
    """One more for every output."""
    return (product(F) * share(C_in, G) + 1) * C_out * product(N_out)


def planes_with_bias(
    F: tuple[int, ...], C_in: int, N_out: tuple[int, ...], multiplier: int = 1
) -> int:
    """One more for every output."""
    return (product(F) + 1) * C_in * multiplier * product(N_out)


def linear_with_bias(n_in: int, n_out: int) -> int:
    """One more for every output."""
    return (n_in + 1) * n_out


class BiasesInMacs(WrongRule):
    """A bias is added once to each output and multiplied with nothing, so that it is no
    multiply-accumulate.
    """

    says: ClassVar = "the biases are counted as multiply-accumulates"
    prior: ClassVar = 12
    rules: ClassVar = {
        macs.conv_macs: with_bias,
        macs.depthwise_macs: planes_with_bias,
        macs.linear_macs: linear_with_bias,
    }
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "macs",
            "778,240",
            "(5·5·3 + 1)·10 · 32·32",
        ),
    )
