from collections.abc import Iterator

from cnncalc.formulas import window
from cnncalc.homework.mistake import WrongRule, is_pool
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question


def as_many(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """One position for every input."""
    return N


def as_many_sides(N: int, F: int, S: int, P_before: int, P_after: int, D: int = 1) -> int:
    """One position for every input."""
    return N


def as_many_same(N: int, S: int) -> int:
    """One position for every input."""
    return N


def as_many_transposed(N: int, F: int, S: int, P: int = 0, D: int = 1, P_out: int = 0) -> int:
    """One position for every input."""
    return N


class InputPositions(WrongRule):
    """You used the height and width of the input. Those of the output are different, and the number
    of products of an ordinary convolution depends on them, because it applies its filters once for
    every output position.
    """

    says = "used the height and width of the input instead of the output"
    prior = 15
    rules = {
        window.output_size: as_many,
        window.output_size_sides: as_many_sides,
        window.output_size_same: as_many_same,
        window.output_size_transposed: as_many_transposed,
    }
    examples = (on_alexnet("macs", "1,795,682,592", "11·11·3·96 · 227·227"),)

    def other(self, question: Question) -> Iterator[Question]:
        """The question about one layer that is not a pool."""
        if not question.everywhere and question.row is not None and not is_pool(question.row):
            yield from super().other(question)
