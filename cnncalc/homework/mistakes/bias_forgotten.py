"""The biases left out."""

from typing import ClassVar

from cnncalc.formulas import parameters
from cnncalc.homework.mistake import Example, WrongRule


def none_per_filter(C_out: int) -> int:
    """No bias."""
    return 0


def none_per_output(n_out: int) -> int:
    """No bias."""
    return 0


class BiasForgotten(WrongRule):
    """Every filter, and every neuron, has one bias beside its weights; it is learned as they are.

    So it counts: F·F·C_in weights and 1 bias make (F·F·C_in + 1) for each filter.
    """

    says: ClassVar = "the biases are left out"
    prior: ClassVar = 30
    rules: ClassVar = {
        parameters.conv_biases: none_per_filter,
        parameters.linear_biases: none_per_output,
    }
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 96, "kernel": 11, "stride": 4}},),
            "3x227x227",
            "parameters",
            "34,848",
            "11·11·3·96, without + 96",
        ),
        Example(({"linear": 100},), "784", "parameters", "78,400", "784·100, without + 100"),
    )
