from collections.abc import Iterator

from cnncalc.homework.mistake import Mistake
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question


class ElementsForBytes(Mistake):
    """You counted the numbers themselves. Each of them takes several bytes: 4 in single precision
    (float32). Multiply the count by the bytes per number.
    """

    says = "counted the numbers instead of their bytes"
    prior = 25
    examples = (on_alexnet("memory", "290,400 B", "96·55·55, without the 4 bytes of each"),)

    def other(self, question: Question) -> Iterator[Question]:
        """The question with one byte per number."""
        if question.ask.unit == "B":
            yield question.where(dtype="int8")
