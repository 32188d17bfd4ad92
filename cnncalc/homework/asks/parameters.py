"""Trained parameters."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Parameters(Counted):
    """All that a layer learns: weights and biases."""

    aliases: ClassVar = ("params", "parameter", "param")
    count: ClassVar = "params"
    explained: ClassVar = "parameters"
    symbols: ClassVar = ("weights", "biases", "params")
