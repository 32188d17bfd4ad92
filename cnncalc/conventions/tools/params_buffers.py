"""All numbers in PyTorch's ``state_dict``: parameters and buffers."""

from cnncalc.conventions.convention import Convention, Term, costs, everything

CONVENTION = Convention(
    tool="parameters and buffers",
    version="",
    unit="numbers",
    counts="all stored numbers: weights, biases, and state such as running means",
    sees=costs,
    needs=("params", "fixed", "buffers"),
    terms=(
        Term("weights", everything, lambda cost: cost.weights),
        Term("biases", everything, lambda cost: cost.biases),
        Term("fixed weights", everything, lambda cost: cost.fixed),
        Term("buffers", everything, lambda cost: cost.buffers),
    ),
    per_image=True,
)
