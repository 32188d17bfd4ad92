from collections.abc import Iterator

from cnncalc.homework.mistakes._examples import on_numbers
from cnncalc.homework.mistakes._numbers import WrongNumbers
from cnncalc.homework.numeric import Numbers, Numeric
from cnncalc.homework.question import Question


class KernelFlipped(WrongNumbers):
    """You applied the kernel the wrong way round. A convolution in the mathematical sense flips the
    kernel along every axis first; a cross-correlation applies it as it is. Deep-learning frameworks
    compute cross-correlations, although they call them convolutions.
    """

    says = "applied the kernel the wrong way round"
    prior = 30
    examples = (
        on_numbers(
            "0 1 2; 3 4 5; 6 7 8",
            "5 11; 23 29",
            "the first output is 0·3 + 1·2 + 3·1 + 4·0 = 5 instead of 0·0 + 1·1 + 3·2 + 4·3 = 19",
            kernel="0 1; 2 3",
        ),
    )

    def instead(self, given: Numbers) -> Numbers | None:
        """The kernels applied the other way round."""
        return given._replace(flip=not given.flip)

    def other(self, question: Question) -> Iterator[Question]:
        """The question, with a note on how the student applied the kernel."""
        for changed in super().other(question):
            assert isinstance(changed, Numeric)
            assert changed.numbers is not None
            yield changed.saying("flipped" if changed.numbers.flip else "not flipped")
