"""Rounded multiply-accumulates, as in papers, which often call them FLOPs."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

SCALES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "K"))


def rounded(number: int) -> str:
    """A number as papers round it, such as ``4.1 G``: one decimal, halves rounded up, in the
    largest unit that gives at least 1; below 1,000 the number itself."""
    if number < 1_000:
        return str(number)
    counts = (((20 * number + scale) // (2 * scale), letter) for scale, letter in SCALES)
    tenths, letter = next(found for found in counts if found[0] >= 10)
    return f"{tenths // 10:,}.{tenths % 10} {letter}"


CONVENTION = Convention(
    tool="papers",
    version="",
    unit="MACs",
    counts="multiply-accumulates, which papers round and often call FLOPs",
    sees=costs,
    needs=("macs",),
    terms=(Term("conv + linear MACs", everything, lambda cost: cost.macs),),
    read=rounded,
)
