"""Learnable parameters without biases, as in many lectures' tables."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="weights",
    version="",
    unit="parameters",
    counts="learnable parameters, without biases and without the shifts of norms",
    sees=costs,
    needs=("weights",),
    terms=(Term("weights", everything, lambda cost: cost.weights),),
    per_image=True,
)
