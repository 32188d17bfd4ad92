"""Padding forgotten."""

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, WrongLayer, with_fields
from cnncalc.homework.question import Question


class PaddingForgotten(WrongLayer):
    """The padding makes the input larger before the window moves over it, by P on both sides."""

    says: ClassVar = "the padding is forgotten"
    prior: ClassVar = 25
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "shape",
            "10x28x28",
            "32 − 5 + 1 = 28",
        ),
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
        """The same without padding."""
        return with_fields(row.layer, padding=0)

    def other(self, question: Question) -> Iterator[Question]:
        """Without padding, or without that of the output."""
        yield from super().other(question)
        kept = question.with_layers(lambda row: with_fields(row.layer, output_padding=0))
        if kept is not None:
            yield kept.saying("of the output")
