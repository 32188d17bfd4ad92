"""Keras's "Trainable params" of a network whose layers all have biases, as in its ResNets."""

from dataclasses import replace

from cnncalc.conventions.convention import Term, everything
from cnncalc.conventions.tools import keras_trainable

CONVENTION = replace(
    keras_trainable.CONVENTION,
    tool="Keras trainable params with all biases",
    counts="the same as keras-trainable, plus biases for layers that lack them",
    terms=(
        *keras_trainable.CONVENTION.terms,
        Term("biases of layers without any", everything, lambda held: held.more),
    ),
    variant_of="keras-trainable",
)
