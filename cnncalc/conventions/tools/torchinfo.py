"""torchinfo's ``summary``, "total mult-adds".

It looks only at the modules' parameters: those of a module with ``Conv`` in its name count once per
output position, those of recurrent layers (which are not modelled here) once per position of the
sequence, and all others once per image. Biases therefore count like weights, norms count next to
nothing, and transposed convolutions, which use each weight once per input position, come out too
high by a factor of about the square of the stride.
"""

from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import (
    Convention,
    Term,
    added_biases,
    modules,
    of,
    parameters,
    products,
)

LINEAR = of("Linear", "Maxout")
TRANSPOSED = of("ConvTranspose")
BATCH_NORM = of("BatchNorm")


def _convolution(call: Call) -> bool:
    return "Conv" in call.name


def _other(call: Call) -> bool:
    return not (_convolution(call) or LINEAR(call) or BATCH_NORM(call))


CONVENTION = Convention(
    tool="torchinfo",
    version="1.8.0",
    unit="mult-adds",
    counts="parameters: of convolutions at every output position, of most others once per image",
    sees=modules,
    terms=(
        Term(
            "conv + linear MACs",
            lambda call: (_convolution(call) and not TRANSPOSED(call)) or LINEAR(call),
            products,
        ),
        Term("transposed-conv weights at output positions", TRANSPOSED, products),
        Term(
            "biases at output positions",
            lambda call: _convolution(call) or LINEAR(call),
            added_biases,
        ),
        Term("batch-norm parameters", BATCH_NORM, parameters),
        Term("parameters of other layers", _other, parameters),
    ),
)
