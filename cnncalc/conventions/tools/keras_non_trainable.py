"""Keras's ``model.summary()``, "Non-trainable params"."""

from cnncalc.conventions.convention import Convention, Term, everything
from cnncalc.conventions.tools import _keras

CONVENTION = Convention(
    tool="Keras non-trainable params",
    version="",
    unit="parameters",
    counts="fixed and frozen weights, and the moving means and variances of batch norms",
    sees=_keras.held,
    terms=(
        Term("fixed and frozen weights", everything, lambda held: held.fixed),
        Term("moving means and variances", everything, lambda held: held.statistics),
    ),
    per_image=True,
)
