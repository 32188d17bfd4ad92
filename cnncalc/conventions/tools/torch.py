"""``torch.utils.flop_counter.FlopCounterMode``, which has formulas for matrix products and
convolutions only; everything else counts as 0."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="PyTorch FlopCounterMode",
    version="2.13.0",
    unit="FLOPs",
    counts="2 for each multiply-accumulate of convolutions, linear layers and matrix products",
    sees=costs,
    terms=(Term("conv + linear MACs", everything, lambda cost: cost.macs, times=2),),
)
