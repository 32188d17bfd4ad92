"""Two operations for each multiply-accumulate."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="FLOPs",
    version="",
    unit="FLOPs",
    counts="2 for each multiply-accumulate of convolutions, linear layers and matrix products",
    sees=costs,
    needs=("macs",),
    terms=(Term("conv + linear MACs", everything, lambda cost: cost.macs, times=2),),
)
