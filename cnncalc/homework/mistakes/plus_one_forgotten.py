from collections.abc import Callable, Iterator
from functools import cache

from cnncalc.formulas import window
from cnncalc.formulas.vocabulary import ceil_div
from cnncalc.homework import formulas as sought
from cnncalc.homework.mistake import Example, WrongRule
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question


def steps(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """The number of steps that the window takes, not of its positions."""
    return (N - (D * (F - 1) + 1) + 2 * P) // S


def steps_sides(N: int, F: int, S: int, P_before: int, P_after: int, D: int = 1) -> int:
    """The same with different padding at the two ends."""
    return (N - (D * (F - 1) + 1) + P_before + P_after) // S


def steps_ceil(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """The same, rounded up."""
    return ceil_div(N - (D * (F - 1) + 1) + 2 * P, S)


def transposed(N: int, F: int, S: int, P: int = 0, D: int = 1, P_out: int = 0) -> int:
    """The same for a transposed window, whose formula ends in + 1."""
    return (N - 1) * S - 2 * P + D * (F - 1) + P_out


def stride_for(N: int, F: int, N_out: int, P: int = 0, D: int = 1) -> int:
    """The distance divided by the number of positions instead of the number of steps."""
    return (N - (D * (F - 1) + 1) + 2 * P) // N_out


@cache
def one_less(rule: Callable[..., int]) -> Callable[..., int]:
    """An output size that is already wrong, with the + 1 forgotten as well."""
    return lambda **given: rule(**given) - 1


class PlusOneForgotten(WrongRule):
    """You mixed up the steps and the positions of the window. It takes (N − F + 2P)/S steps and
    has one position more, because the position where it starts counts too. In a transposed
    convolution, the + 1 belongs to the span of the filter, D·(F − 1) + 1.
    """

    says = "forgot the + 1 in the output size"
    prior = 25
    rules = {
        window.output_size: steps,
        window.output_size_sides: steps_sides,
        window.output_size_ceil: steps_ceil,
        window.output_size_transposed: transposed,
        sought.required_stride: stride_for,
    }
    examples = (
        on_alexnet("shape", "96x54x54", "(227 − 11)/4 = 54"),
        Example(
            ({"conv": {"filters": 1, "kernel": 3, "stride": 4}},),
            "1x23x23",
            "required_stride",
            "3",
            "(23 − 3)/6 = 3.33, but there are only 5 steps between 6 positions",
        ),
        Example(
            ({"conv": {"filters": 8, "kernel": 3, "padding": [[1, 2], [1, 2]]}},),
            "4x6x6",
            "shape",
            "8x6x6",
            "6 − 3 + 1 + 2 = 6",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question without the + 1, in the formula or in a wrong rule that replaces it."""
        wrong = question.rules
        yield question.under(
            {
                right: one_less(wrong[right]) if right in wrong else rule
                for right, rule in self.rules.items()
            }
        )
