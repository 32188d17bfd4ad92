"""The positions forgotten."""

from typing import ClassVar

from cnncalc.formulas import macs
from cnncalc.formulas.vocabulary import product, share
from cnncalc.homework.mistake import Example, WrongRule


def at_one_place(
    F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], G: int = 1
) -> int:
    """Every filter once."""
    return product(F) * share(C_in, G) * C_out


def planes_at_one_place(
    F: tuple[int, ...], C_in: int, N_out: tuple[int, ...], multiplier: int = 1
) -> int:
    """Every filter plane once."""
    return product(F) * C_in * multiplier


def from_one_place(
    F: tuple[int, ...], C_in: int, C_out: int, N_in: tuple[int, ...], G: int = 1
) -> int:
    """Every filter once."""
    return product(F) * C_in * share(C_out, G)


class PositionsForgotten(WrongRule):
    """The weights of a filter are used again at every position of the output: each weight takes
    H_out·W_out products, not one.
    """

    says: ClassVar = "the filters are applied at one position only"
    prior: ClassVar = 20
    rules: ClassVar = {
        macs.conv_macs: at_one_place,
        macs.depthwise_macs: planes_at_one_place,
        macs.transposed_macs: from_one_place,
    }
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "macs",
            "750",
            "5·5·3·10, without the 32·32 positions",
        ),
    )
