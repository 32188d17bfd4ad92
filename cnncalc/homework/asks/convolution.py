from cnncalc.analysis.report import Report, Row
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.written import Matrix, Value


class Convolution(Ask):
    """The output of a convolution of numbers, with its bias, activation and pooling if given."""

    aliases = ("numeric_convolution", "convolve", "output_matrix", "feature_map")
    takes = (Matrix,)
    adds_up = False
    numbers = True

    def of(self, row: Row, report: Report) -> Value:
        """Raise NoAnswer: without numbers there is no output to compute."""
        raise NoAnswer("needs numbers, as in given: {input: 0 1 2; 3 4 5, kernel: 1 -1}")
