"""Activation memory."""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from cnncalc import units
from cnncalc.cost import BYTES
from cnncalc.explain import Derivation
from cnncalc.formulas import memory
from cnncalc.homework.asks._counted import Counted
from cnncalc.report import Report, Row


class Memory(Counted):
    """The bytes of what a layer puts out; in total, of what is stored."""

    aliases: ClassVar = ("activation_memory", "bytes")
    count: ClassVar = "activation_bytes"
    summed: ClassVar = "activations_total_bytes"
    unit: ClassVar = "B"
    also: ClassVar = ("elements",)
    made_of: ClassVar = ("elements",)
    explained: ClassVar = "memory"

    def make(self, parts: Sequence[Fraction], report: Report) -> Fraction:
        """The bytes of the elements."""
        b = BYTES[report.dtype]
        return Fraction(memory.size_in_bytes(elements=parts[0], bytes_each=b))  # type: ignore[arg-type]

    def derive(self, row: Row, report: Report) -> Derivation:
        """The elements and their bytes, in MB and MiB as well."""
        derivation = super().derive(row, report)
        size = row.cost.activation_bytes
        in_units = f"{units.in_bytes(size)} = {units.in_binary(size)}"
        answer = f"{derivation.answer} = {in_units}" if size >= 1024 else derivation.answer
        return derivation._replace(answer=answer)
