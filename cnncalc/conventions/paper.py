"""What papers print, often under the name of FLOPs: multiply-accumulates, rounded."""

from cnncalc.convention import Convention, Term, costs, everything


def rounded(number: int) -> str:
    """``4.1 G``: one decimal, halves up, in the largest unit that leaves at least 1."""
    for scale, letter in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "K")):
        tenths = (20 * number + scale) // (2 * scale)
        if tenths >= 10:
            return f"{tenths // 10:,}.{tenths % 10} {letter}"
    return str(number)


CONVENTION = Convention(
    tool="papers",
    version="",
    unit="MACs",
    counts="multiply-accumulates, rounded, which papers often call FLOPs",
    sees=costs,
    terms=(Term("conv + linear MACs", everything, lambda cost: cost.macs),),
    read=rounded,
)
