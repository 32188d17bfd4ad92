from cnncalc.formulas import window
from cnncalc.formulas.vocabulary import ceil_div
from cnncalc.homework.mistake import Example, WrongRule


def rounded_up(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Count a last window that extends beyond the edge."""
    return ceil_div(N - (D * (F - 1) + 1) + 2 * P, S) + 1


def rounded_up_sides(N: int, F: int, S: int, P_before: int, P_after: int, D: int = 1) -> int:
    """The same with different padding at the two ends."""
    return ceil_div(N - (D * (F - 1) + 1) + P_before + P_after, S) + 1


class CeilForFloor(WrongRule):
    """You rounded up. The window must not extend beyond the edge, so the quotient is rounded down,
    unless the layer has ``ceil_mode`` or ``same`` padding.
    """

    says = "rounded the output size up instead of down"
    prior = 15
    rules = {
        window.output_size: rounded_up,
        window.output_size_sides: rounded_up_sides,
    }
    examples = (
        Example(
            ({"max_pool": {"kernel": 3, "stride": 2}},),
            "64x112x112",
            "shape",
            "64x56x56",
            "(112 − 3)/2 + 1 = 55.5, rounded up",
        ),
        Example(
            ({"conv": {"filters": 8, "kernel": 3, "stride": 2, "padding": [[0, 1], [0, 1]]}},),
            "4x7x7",
            "shape",
            "8x4x4",
            "(7 − 3 + 1)/2 + 1 = 3.5, rounded up",
        ),
    )
