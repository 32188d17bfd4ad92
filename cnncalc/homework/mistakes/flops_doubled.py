from cnncalc.homework.mistake import Doubled
from cnncalc.homework.mistakes._examples import on_ten_filters


class FlopsDoubled(Doubled):
    """You doubled twice. A multiply-accumulate is two floating-point operations; once these are
    counted, there is nothing left to double.
    """

    says = "counted four operations for each MAC instead of two"
    prior = 6
    alone = True
    doubles = ("flops",)
    examples = (on_ten_filters("flops", "3,072,000", "4·768,000 MACs; 2·768,000 is right"),)
