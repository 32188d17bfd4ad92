"""The base class of mistakes that concern the numbers of a convolution."""

from abc import abstractmethod
from collections.abc import Iterator

from cnncalc.homework.mistake import Mistake
from cnncalc.homework.numeric import Numbers, Numeric
from cnncalc.homework.question import Question


class WrongNumbers(Mistake):
    """A mistake that uses different numbers, or applies the kernels differently."""

    @abstractmethod
    def instead(self, given: Numbers) -> Numbers | None:
        """The numbers that were used; None if they are the same."""

    def other(self, question: Question) -> Iterator[Question]:
        """The question about the other numbers, if it is about numbers."""
        if isinstance(question, Numeric):
            changed = question.with_numbers(self.instead)
            if changed is not None:
                yield changed
