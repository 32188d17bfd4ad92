from cnncalc.formulas import window
from cnncalc.formulas.vocabulary import ceil_div, holds
from cnncalc.homework import formulas as sought
from cnncalc.homework.mistake import Example, WrongRule
from cnncalc.homework.mistakes._examples import on_ten_filters


def one_side(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """P added once."""
    return (N - (D * (F - 1) + 1) + P) // S + 1


def first_side(N: int, F: int, S: int, P_before: int, P_after: int, D: int = 1) -> int:
    """The padding at the end is forgotten."""
    return (N - (D * (F - 1) + 1) + P_before) // S + 1


def one_side_ceil(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """P added once, and the quotient rounded up."""
    places = ceil_div(N - (D * (F - 1) + 1) + P, S) + 1
    return places - holds((places - 1) * S >= N + P)


def one_side_transposed(N: int, F: int, S: int, P: int = 0, D: int = 1, P_out: int = 0) -> int:
    """P cropped once."""
    return (N - 1) * S - P + (D * (F - 1) + 1) + P_out


def stride_for(N: int, F: int, N_out: int, P: int = 0, D: int = 1) -> int:
    """The stride, with P added once."""
    return (N - (D * (F - 1) + 1) + P) // (N_out - 1)


class PaddingOnce(WrongRule):
    """You added the padding once. Padding is added at both ends of an axis, so it grows by 2P, not
    P. A transposed convolution crops P from both ends of its output in the same way.
    """

    says = "added the padding once instead of on both sides"
    prior = 20
    rules = {
        window.output_size: one_side,
        window.output_size_sides: first_side,
        window.output_size_ceil: one_side_ceil,
        window.output_size_transposed: one_side_transposed,
        sought.required_stride: stride_for,
    }
    examples = (
        on_ten_filters("shape", "10x30x30", "32 − 5 + 2 + 1 = 30"),
        Example(
            ({"conv": {"filters": 8, "kernel": 3, "padding": [[1, 2], [1, 2]]}},),
            "4x6x6",
            "shape",
            "8x5x5",
            "6 − 3 + 1 + 1 = 5, with the zero before but without the 2 after",
        ),
    )
