from cnncalc.formulas import window
from cnncalc.formulas.tracing import nearest
from cnncalc.homework.mistake import Example, WrongRule


def to_nearest(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Round the quotient to the nearest whole number."""
    return nearest(N - (D * (F - 1) + 1) + 2 * P, S) + 1


def to_nearest_sides(N: int, F: int, S: int, P_before: int, P_after: int, D: int = 1) -> int:
    """The same with different padding at the two ends."""
    return nearest(N - (D * (F - 1) + 1) + P_before + P_after, S) + 1


def same_to_nearest(N: int, S: int) -> int:
    """The same for ``same`` padding."""
    return nearest(N, S)


class FractionRounded(WrongRule):
    """You rounded to the nearest whole number. The quotient is rounded down, however close it is to
    the next whole number; only ``same`` padding and ``ceil_mode`` round it up.
    """

    says = "rounded the output size to the nearest whole number"
    prior = 12
    rules = {
        window.output_size: to_nearest,
        window.output_size_sides: to_nearest_sides,
        window.output_size_same: same_to_nearest,
    }
    examples = (
        Example(
            ({"conv": {"filters": 4, "kernel": 3, "stride": 3}},),
            "1x7x8",
            "shape",
            "4x2x3",
            "(7 − 3)/3 = 1.33 gives 1 + 1, but (8 − 3)/3 = 1.67 is rounded to 2 + 1",
        ),
        Example(
            ({"conv": {"filters": 8, "kernel": 3, "stride": 3, "padding": [[0, 1], [0, 1]]}},),
            "4x7x7",
            "shape",
            "8x3x3",
            "(7 − 3 + 1)/3 + 1 = 2.67",
        ),
    )
