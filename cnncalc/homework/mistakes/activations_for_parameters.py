"""Activations given for parameters."""

from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongAsk


class ActivationsForParameters(WrongAsk):
    """Parameters are the numbers that a layer learns: its weights and biases. They do not depend on
    the height and width of the map; the activations that it puts out do.
    """

    says: ClassVar = "the activations are given, not the parameters"
    prior: ClassVar = 10
    gives: ClassVar = {"parameters": "elements", "parameter_memory": "memory"}
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "parameters",
            "10,240",
            "10·32·32 are put out, (5·5·3 + 1)·10 are learned",
        ),
    )
