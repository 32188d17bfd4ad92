from cnncalc.homework.mistake import WrongAsk
from cnncalc.homework.mistakes._examples import on_ten_filters


class FlopsForMacs(WrongAsk):
    """You counted every multiply-accumulate twice. It is two floating-point operations, but only
    one MAC, and the question asks for MACs.
    """

    says = "gave FLOPs (two for each MAC) instead of MACs"
    prior = 30
    gives = {"macs": "flops"}
    examples = (
        on_ten_filters("macs", "1,536,000", "75 products for each of 10·32·32 outputs, doubled"),
    )
