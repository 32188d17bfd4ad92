from collections.abc import Iterator

from cnncalc.formulas import window
from cnncalc.formulas.vocabulary import ceil_div
from cnncalc.homework.mistake import Example, WrongRule
from cnncalc.homework.question import Question


def rounded_down(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """N/S, rounded down."""
    return N // S


def rounded_up(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """N/S, rounded up."""
    return ceil_div(N, S)


class DividedByStride(WrongRule):
    """You divided the size by the stride. That is right only in special cases, such as a 2×2 window
    with stride 2 and no padding. In general, the size is ⌊(N − F + 2P)/S⌋ + 1.
    """

    says = "divided the size by the stride and ignored the window and the padding"
    prior = 6
    alone = True
    rules = {window.output_size: rounded_up}
    examples = (
        Example(
            ({"max_pool": {"kernel": 3, "stride": 2}},),
            "96x55x55",
            "shape",
            "96x28x28",
            "55/2 = 27.5, rounded up; (55 − 3)/2 + 1 = 27",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question with N/S, rounded up or down, if the layer has a stride above 1."""
        row = question.row
        axes = getattr(row.layer, "axes", None) if row and not question.everywhere else None
        if axes and any(axis.S > 1 for axis in axes(row.inputs[0])):  # type: ignore[union-attr]
            for rule in (rounded_up, rounded_down):
                yield question.under({window.output_size: rule})
