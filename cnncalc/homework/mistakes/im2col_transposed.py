from collections.abc import Iterator
from dataclasses import replace

from cnncalc.homework.asks._im2col import Im2col
from cnncalc.homework.mistake import WrongWriting
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question
from cnncalc.homework.written import Size, Value, Written


class Im2colTransposed(WrongWriting):
    """You swapped the rows and columns. The matrix of the filters has a row for each filter, and
    the matrix of the input has a column for each position of the window, so that you can multiply
    the two.
    """

    says = "swapped the rows and columns of the matrix"
    prior = 30
    examples = (
        on_alexnet(
            "im2col_input",
            "3025x363",
            "the matrix has 11·11·3 = 363 rows and 55·55 = 3,025 columns",
        ),
        on_alexnet("im2col_filters", "363x96", "the matrix has 96 rows of 11·11·3 = 363 weights"),
    )

    def meant(self, written: Written, truth: Value) -> Written | None:
        """The sides in the other order."""
        return replace(written, sizes=written.sizes[::-1]) if isinstance(written, Size) else None

    def other(self, question: Question) -> Iterator[Question]:
        """The question about a matrix."""
        if isinstance(question.ask, Im2col):
            yield from super().other(question)
