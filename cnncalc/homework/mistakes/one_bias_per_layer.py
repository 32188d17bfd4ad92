"""One bias for the whole layer."""

from typing import ClassVar

from cnncalc.formulas import parameters
from cnncalc.homework.mistake import Example, WrongRule


def one_for_all_filters(C_out: int) -> int:
    """A single bias."""
    return 1


def one_for_all_outputs(n_out: int) -> int:
    """A single bias."""
    return 1


class OneBiasPerLayer(WrongRule):
    """The bias belongs to the filter, not to the layer: K filters have K biases, and a fully
    connected layer has one for each of its outputs.
    """

    says: ClassVar = "one bias is counted for the layer, not one for each filter or output"
    prior: ClassVar = 16
    rules: ClassVar = {
        parameters.conv_biases: one_for_all_filters,
        parameters.linear_biases: one_for_all_outputs,
    }
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 96, "kernel": 11, "stride": 4}},),
            "3x227x227",
            "parameters",
            "34,849",
            "11·11·3·96 + 1",
        ),
        Example(({"linear": 100},), "784", "parameters", "78,401", "784·100 + 1"),
    )
