"""Learnable parameters."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="parameters",
    version="",
    unit="parameters",
    counts="learnable parameters: weights and biases",
    sees=costs,
    needs=("params",),
    terms=(
        Term("weights", everything, lambda cost: cost.weights),
        Term("biases", everything, lambda cost: cost.biases),
    ),
    per_image=True,
)
