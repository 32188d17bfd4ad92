"""All arithmetic, counting each operation once."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="operations",
    version="",
    unit="operations",
    counts="all arithmetic of all layers: products, sums, comparisons, divisions, exponentials",
    sees=costs,
    terms=(
        Term("multiplications", everything, lambda cost: cost.multiply),
        Term("additions", everything, lambda cost: cost.add),
        Term("comparisons", everything, lambda cost: cost.compare),
        Term("divisions", everything, lambda cost: cost.divide),
        Term("exponentials", everything, lambda cost: cost.exponential),
    ),
)
