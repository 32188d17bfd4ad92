from cnncalc.homework.mistake import WrongAsk
from cnncalc.homework.mistakes._examples import on_ten_filters


class MacsForFlops(WrongAsk):
    """You counted multiply-accumulates. Each is two floating-point operations, a multiplication and
    an addition, so double the MACs to get FLOPs.
    """

    says = "gave MACs instead of FLOPs (two for each MAC)"
    prior = 30
    gives = {"flops": "macs"}
    examples = (
        on_ten_filters("flops", "768,000", "75 products for each of 10·32·32 outputs, not doubled"),
    )
