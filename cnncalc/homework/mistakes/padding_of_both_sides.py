from cnncalc.homework import formulas as sought
from cnncalc.homework.mistake import Example, WrongRule


def both_sides(F: int, D: int = 1) -> int:
    """The padding of both sides together."""
    return D * (F - 1)


class PaddingOfBothSides(WrongRule):
    """You gave the padding of both sides together. P is the number of zeros on each side. Both
    sides together make up for the F − 1 positions that a window loses, so P = (F − 1)/2.
    """

    says = "gave the padding of both sides together"
    prior = 25
    rules = {sought.padding_keeping: both_sides}
    examples = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5}},),
            "3x32x32",
            "same_padding",
            "4",
            "5 − 1, which is 2 on each side",
        ),
    )
