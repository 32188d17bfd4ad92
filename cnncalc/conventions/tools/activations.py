"""The numbers that a textbook's memory table stores: "Activations" below cnncalc's tables."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="activations",
    version="",
    unit="values",
    counts="the input and every stored output, except those of in-place layers, dropout, reshapes",
    sees=costs,
    terms=(Term("stored values", everything, lambda cost: cost.activations_total),),
)
