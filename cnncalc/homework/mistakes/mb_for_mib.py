"""MB and MiB mixed up."""

from dataclasses import replace
from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongWriting
from cnncalc.homework.written import Number, Value, Written


class MbForMib(WrongWriting):
    """A MB is 1,000,000 bytes, a MiB is 1,024·1,024 = 1,048,576. So there are fewer MiB than MB in
    the same memory: 1.16 MB are 1.11 MiB.
    """

    says: ClassVar = "the unit MB (of 1,000,000 bytes) is confused with MiB (of 1,048,576)"
    prior: ClassVar = 20
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 96, "kernel": 11, "stride": 4}},),
            "3x227x227",
            "memory",
            "1.16 MiB",
            "1,161,600 bytes are 1.16 MB",
        ),
    )

    def meant(self, written: Written, truth: Value) -> Written | None:
        """The same digits with the other unit."""
        if not isinstance(written, Number) or not written.suffix.power:
            return None
        if written.suffix.unit != "B":
            return None
        other = written.suffix._replace(binary=not written.suffix.binary)
        return replace(written, suffix=other)
