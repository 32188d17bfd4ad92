"""Keras's ``model.summary()``, "Total params": moving means and variances count as parameters."""

from cnncalc.conventions.convention import Convention, Term, everything
from cnncalc.conventions.tools import _keras

CONVENTION = Convention(
    tool="Keras total params",
    version="",
    unit="parameters",
    counts="weights, biases, and the moving means and variances of batch norms",
    sees=_keras.held,
    terms=(
        Term("weights", everything, lambda held: held.weights),
        Term("biases", everything, lambda held: held.biases),
        Term("fixed weights", everything, lambda held: held.fixed),
        Term("moving means and variances", everything, lambda held: held.statistics),
    ),
    per_image=True,
    variant_of="params",
)
