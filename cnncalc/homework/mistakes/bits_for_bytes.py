from cnncalc.formulas import memory
from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.mistakes._examples import on_ten_filters


def in_bits(elements: int, bytes_each: int) -> int:
    """Eight bits for every byte."""
    return elements * bytes_each * 8


class BitsForBytes(WrongRule):
    """You gave the size in bits. A byte is 8 bits: a single-precision number has 32 bits, which is
    4 bytes.
    """

    says = "gave bits instead of bytes"
    prior = 12
    alone = True
    rules = {memory.size_in_bytes: in_bits}
    examples = (on_ten_filters("memory", "327,680 B", "10·32·32 numbers of 32 bits"),)
