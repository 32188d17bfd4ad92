from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from cnncalc.analysis.report import Report
from cnncalc.formulas import parameters
from cnncalc.homework.asks._counted import Counted


class Parameters(Counted):
    """The number of learnable parameters: weights and biases."""

    aliases = (
        "params",
        "learnable_parameters",
        "trainable_parameters",
        "weights_and_biases",
        "weights + biases",
        "weights & biases",
        "weights + bias",
    )
    stored_as = "parameter_memory"
    count = "params"
    made_of = ("weights", "biases")
    explained = "parameters"
    symbols: ClassVar[tuple[str, ...]] = ("weights", "biases", "params")

    def make(self, parts: Sequence[Fraction], report: Report) -> Fraction:
        """Weights and biases."""
        weights, biases = parts
        return Fraction(parameters.total(weights=weights, biases=biases))  # type: ignore[arg-type]
