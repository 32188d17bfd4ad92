"""The values in a textbook's memory table, shown as "Activations" below cnncalc's tables."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="activations",
    version="",
    unit="values",
    counts="the input and all outputs except those of in-place layers, dropout and reshapes",
    sees=costs,
    needs=("activations_total",),
    terms=(Term("stored values", everything, lambda cost: cost.activations_total),),
)
