"""Numbers of another size."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.core.cost import BYTES
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question


class NumberSize(Mistake):
    """A number takes 8 bytes in double precision (float64), 4 in single precision (float32, the
    usual one) and 2 in half precision (float16).
    """

    says: ClassVar = "the numbers are taken to have another size"
    prior: ClassVar = 8
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 96, "kernel": 11, "stride": 4}},),
            "3x227x227",
            "memory",
            "2.32 MB",
            "96·55·55 numbers of 8 bytes, not of 4",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question for numbers of 2, 4 and 8 bytes."""
        size = BYTES[question.report.dtype]
        for dtype in ("float16", "float32", "float64"):
            if question.ask.unit == "B" and BYTES[dtype] != size:
                yield question.where(dtype=dtype).saying(f"{BYTES[dtype]} bytes, not {size}")
