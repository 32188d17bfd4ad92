from cnncalc.formulas import window
from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.mistakes._examples import on_ten_filters


def padded(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """The size of the padded input; without padding, the right output size."""
    return N + 2 * P if P else (N - (D * (F - 1) + 1)) // S + 1


class PaddedSizeForOutput(WrongRule):
    """You gave the size of the input after padding. The window still has to slide over it: the
    output has one value for each position of the window.
    """

    says = "gave the height and width of the padded input"
    prior = 7
    rules = {window.output_size: padded}
    examples = (on_ten_filters("shape", "10x36x36", "32 + 2·2 = 36; the window has 32 positions"),)
