from cnncalc.formulas import window
from cnncalc.homework.mistake import Example, WrongRule


def rounded_down(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Leave out a last window that extends beyond the edge."""
    return (N - (D * (F - 1) + 1) + 2 * P) // S + 1


def same_rounded_down(N: int, S: int) -> int:
    """Round the quotient of ``same`` padding down."""
    return N // S


class FloorForCeil(WrongRule):
    """You rounded down. This layer rounds up: with ``ceil_mode``, the last window may extend beyond
    the edge, and ``same`` padding adds as many zeros as the last window needs.
    """

    says = "rounded the output size down instead of up"
    prior = 30
    rules = {
        window.output_size_ceil: rounded_down,
        window.output_size_same: same_rounded_down,
    }
    examples = (
        Example(
            ({"max_pool": {"kernel": 3, "stride": 2, "ceil_mode": True}},),
            "64x112x112",
            "shape",
            "64x55x55",
            "(112 − 3)/2 + 1 = 55.5, rounded down",
        ),
        Example(
            ({"conv": {"filters": 8, "kernel": 3, "stride": 2, "padding": "same"}},),
            "4x7x7",
            "shape",
            "8x3x3",
            "7/2 = 3.5, rounded down",
        ),
    )
