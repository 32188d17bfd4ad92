"""Parameters given for activations."""

from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongAsk


class ParametersForActivations(WrongAsk):
    """Activations are the numbers that a layer puts out, C·H·W of them; parameters are those that
    it learns. Large maps have many activations and few parameters.
    """

    says: ClassVar = "the parameters are given, not the activations"
    prior: ClassVar = 12
    gives: ClassVar = {"elements": "parameters", "memory": "parameter_memory"}
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "elements",
            "760",
            "(5·5·3 + 1)·10 are learned, 10·32·32 are put out",
        ),
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "memory",
            "3,040 B",
            "760 parameters of 4 bytes",
        ),
    )
