from collections.abc import Iterator

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.question import Question


class PaddingForgotten(WrongLayer):
    """You left out the padding. It adds P pixels on each side of the input before the window slides
    over it. In a transposed convolution, ``output_padding`` makes the output larger in the same
    way.
    """

    says = "forgot the padding"
    prior = 25
    examples = (
        on_ten_filters("shape", "10x28x28", "32 − 5 + 1 = 28"),
        Example(
            (
                {
                    "conv_transpose": {
                        "filters": 16,
                        "kernel": 3,
                        "stride": 2,
                        "padding": 1,
                        "output_padding": 1,
                    }
                },
            ),
            "16x6x6",
            "shape",
            "16x11x11",
            "5·2 − 2 + 3 = 11, without the output_padding of 1",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """The layer without padding."""
        return with_fields(row.layer, padding=0)

    def other(self, question: Question) -> Iterator[Question]:
        """Without padding, or without output padding."""
        yield from super().other(question)
        kept = question.with_layers(lambda row: with_fields(row.layer, output_padding=0))
        if kept is not None:
            yield kept.saying("of the output")
