"""The kernel flipped, or not."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.homework.mistake import Example
from cnncalc.homework.numeric import Numbers, Numeric, WrongNumbers
from cnncalc.homework.question import Question


class KernelFlipped(WrongNumbers):
    """A convolution turns the kernel around along every axis before it is laid on the input, a
    cross-correlation lays it on as it stands. Networks compute cross-correlations, whatever they
    are called.
    """

    says: ClassVar = "the kernel is laid on the wrong way round"
    prior: ClassVar = 30
    examples: ClassVar = (
        Example(
            ({"kernel": "0 1; 2 3"},),
            "0 1 2; 3 4 5; 6 7 8",
            "convolution",
            "5 11; 23 29",
            "0·3 + 1·2 + 3·1 + 4·0 = 5 in the first place, though 0·0 + 1·1 + 3·2 + 4·3 = 19",
            of=None,
        ),
    )

    def instead(self, given: Numbers) -> Numbers | None:
        """The kernels laid on the other way."""
        return given._replace(flip=not given.flip)

    def other(self, question: Question) -> Iterator[Question]:
        """The same, with a word on which way is wrong."""
        for changed in super().other(question):
            assert isinstance(changed, Numeric)
            assert changed.numbers is not None
            yield changed.saying("flipped" if changed.numbers.flip else "not flipped")
