"""Operations of all kinds."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class Operations(Counted):
    """All arithmetic: multiplications, additions, comparisons, divisions and exponentials."""

    aliases: ClassVar = ("ops", "operation")
    count: ClassVar = "operations_total"
    explained: ClassVar = "operations"
