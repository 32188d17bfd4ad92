"""Keras's "Total params" of a network whose layers all have biases.

Keras's own ResNets keep the biases of convolutions before a batch norm, which cancels them; other
implementations leave them out.
"""

from dataclasses import replace

from cnncalc.conventions.convention import Term, everything
from cnncalc.conventions.tools import keras

CONVENTION = replace(
    keras.CONVENTION,
    tool="Keras total params with all biases",
    counts="the same as keras, plus biases for layers that lack them, as in Keras's ResNets",
    terms=(
        *keras.CONVENTION.terms,
        Term("biases of layers without any", everything, lambda held: held.more),
    ),
    variant_of="keras",
)
