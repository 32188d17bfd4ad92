from cnncalc.formulas import window
from cnncalc.formulas.vocabulary import ceil_div
from cnncalc.homework.mistake import Example, WrongRule


def all_windows(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Round the quotient up, whatever the last window covers."""
    return ceil_div(N - (D * (F - 1) + 1) + 2 * P, S) + 1


class LastWindowKept(WrongRule):
    """You counted a last window that would start in the padding after the input. Ceil mode lets the
    last window extend past the end, but drops it if it would cover nothing but padding.
    """

    says = "counted a last window that would start in the padding after the input"
    prior = 22
    rules = {window.output_size_ceil: all_windows}
    examples = (
        Example(
            ({"max_pool": {"kernel": 2, "stride": 2, "padding": 1, "ceil_mode": True}},),
            "8x5x5",
            "shape",
            "8x4x4",
            "⌈(5 + 2 − 2)/2⌉ + 1 = 4, but the fourth window would start after all 5 pixels",
        ),
    )
