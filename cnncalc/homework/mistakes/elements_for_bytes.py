"""Numbers given for bytes."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question


class ElementsForBytes(Mistake):
    """Every number takes several bytes: 4 in single precision (float32). So there are as many times
    more bytes than numbers.
    """

    says: ClassVar = "the numbers are counted, not their bytes"
    prior: ClassVar = 25
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 96, "kernel": 11, "stride": 4}},),
            "3x227x227",
            "memory",
            "290,400 B",
            "96·55·55, without the 4 bytes of each",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question for numbers of one byte, where bytes are asked for."""
        if question.ask.unit == "B":
            yield question.where(dtype="int8")
