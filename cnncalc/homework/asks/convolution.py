"""Convolutions with numbers."""

from typing import ClassVar

from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.homework.ask import Ask
from cnncalc.homework.written import Matrix, Value


class Convolution(Ask):
    """What the numbers of a map become: the sums of a convolution, then bias, activation and
    pooling where these are given."""

    aliases: ClassVar = ("numeric_convolution", "convolve", "output_matrix", "feature_map")
    takes: ClassVar = (Matrix,)
    adds_up: ClassVar = False
    numbers: ClassVar = True

    def of(self, row: Row, report: Report) -> Value:
        """Raise LayerError: a network without numbers has none to put out."""
        raise LayerError("needs numbers, as in given: {input: 0 1 2; 3 4 5, kernel: 1 -1}")
