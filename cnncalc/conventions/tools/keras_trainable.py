"""Keras's ``model.summary()``, "Trainable params"."""

from cnncalc.conventions.convention import Convention, Term, everything
from cnncalc.conventions.tools import _keras

CONVENTION = Convention(
    tool="Keras trainable params",
    version="",
    unit="parameters",
    counts="weights and biases",
    sees=_keras.held,
    terms=(
        Term("weights", everything, lambda held: held.weights),
        Term("biases", everything, lambda held: held.biases),
    ),
    per_image=True,
    variant_of="params",
)
