"""Memory of the parameters."""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from cnncalc.cost import BYTES
from cnncalc.explain import Derivation
from cnncalc.formulas import memory
from cnncalc.homework.asks._counted import Counted
from cnncalc.report import Report, Row


class ParameterMemory(Counted):
    """The bytes of all that a layer learns, at the size of a number."""

    aliases: ClassVar = ("parameters_memory", "weights_memory", "model_size", "parameter_bytes")
    count: ClassVar = "parameter_bytes"
    unit: ClassVar = "B"
    made_of: ClassVar = ("parameters",)
    explained: ClassVar = "parameters"
    symbols: ClassVar = ("weights", "biases", "params")

    def derive(self, row: Row, report: Report) -> Derivation:
        """The parameters, times the bytes of one."""
        derivation = super().derive(row, report)
        size = BYTES[report.dtype]
        product = f"{row.cost.parameter_bytes // size:,} · {size} = {derivation.answer}"
        return derivation._replace(answer=product)

    def make(self, parts: Sequence[Fraction], report: Report) -> Fraction:
        """The bytes of the parameters."""
        b = BYTES[report.dtype]
        return Fraction(memory.size_in_bytes(elements=parts[0], bytes_each=b))  # type: ignore[arg-type]
