from collections.abc import Iterator

from cnncalc.core.cost import BYTES
from cnncalc.homework.mistake import Mistake
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question


class NumberSize(Mistake):
    """You used a different number format. A value takes 8 bytes in double precision (float64), 4 in
    single precision (float32, the default) and 2 in half precision (float16).
    """

    says = "used the wrong number of bytes per value"
    prior = 8
    examples = (on_alexnet("memory", "2.32 MB", "96·55·55 values of 8 bytes instead of 4"),)

    def other(self, question: Question) -> Iterator[Question]:
        """The question with each wrong size: 2, 4 or 8 bytes per value."""
        size = BYTES[question.report.dtype]
        for dtype in ("float16", "float32", "float64"):
            if question.ask.unit == "B" and BYTES[dtype] != size:
                yield question.where(dtype=dtype).saying(f"{BYTES[dtype]} bytes, not {size}")
