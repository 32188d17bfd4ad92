from collections.abc import Iterator

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import WrongLayer, with_fields
from cnncalc.homework.mistakes._examples import on_ten_filters, on_transposed
from cnncalc.homework.question import Question


class PaddingForgotten(WrongLayer):
    """You left out the padding, which adds P pixels on each side of the input. In a transposed
    convolution, the padding crops the output instead, and ``output_padding`` makes the output
    larger.
    """

    says = "forgot the padding"
    prior = 25
    examples = (
        on_ten_filters("shape", "10x28x28", "32 − 5 + 1 = 28"),
        on_transposed("16x11x11", "5·2 − 2 + 3 = 11, without the output_padding of 1"),
    )

    def instead(self, row: Row) -> Layer | None:
        """The layer without padding."""
        return with_fields(row.layer, padding=0)

    def other(self, question: Question) -> Iterator[Question]:
        """The question without padding, or without output padding."""
        yield from super().other(question)
        kept = question.with_layers(lambda row: with_fields(row.layer, output_padding=0))
        if kept is not None:
            yield kept.saying("output padding")
