"""Connections, as LeCun counts them."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="connections",
    version="",
    unit="connections",
    counts="inputs and biases connected to outputs, as LeCun counts them",
    sees=costs,
    terms=(Term("connections", everything, lambda cost: cost.connections),),
)
