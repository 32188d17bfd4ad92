from cnncalc.homework.mistakes._examples import on_numbers
from cnncalc.homework.mistakes._numbers import WrongNumbers
from cnncalc.homework.numeric import Numbers


class SumsWithoutBias(WrongNumbers):
    """You left out the bias. Every output of a filter is the sum of its products plus the bias of
    the filter.
    """

    says = "did not add the bias to the sums"
    prior = 25
    examples = (
        on_numbers(
            "0 1 2; 3 4 5; 6 7 8",
            "19 25; 37 43",
            "0·0 + 1·1 + 3·2 + 4·3 = 19, without + 10",
            kernel="0 1; 2 3",
            bias=10,
        ),
    )

    def instead(self, given: Numbers) -> Numbers | None:
        """The numbers without biases."""
        return given._replace(bias=None) if given.bias else None
