"""Multiply-accumulates, as everywhere in cnncalc."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="MACs",
    version="",
    unit="MACs",
    counts="multiply-accumulates of convolutions, linear layers and matrix products, no biases",
    sees=costs,
    needs=("macs",),
    terms=(Term("conv + linear MACs", everything, lambda cost: cost.macs),),
)
