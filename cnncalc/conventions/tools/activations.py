"""The numbers stored in a textbook's memory table: "Activations" below cnncalc's tables."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="activations",
    version="",
    unit="values",
    counts="the input and every stored output, except of in-place layers, dropout and reshapes",
    sees=costs,
    terms=(Term("stored values", everything, lambda cost: cost.activations_total),),
)
