"""torchinfo's "Forward/backward pass size (MB)", in units of 10⁶ bytes.

It doubles the outputs of modules with parameters, for their gradients; the outputs of other
modules, such as pools, joins and most activations, do not count.
"""

from cnncalc.conventions.convention import BYTES, Convention, Term, modules, outputs, parameters
from cnncalc.core import units

CONVENTION = Convention(
    tool="torchinfo 1.8.0 forward/backward pass size",
    version="",
    unit=BYTES,
    counts="twice the outputs of modules with parameters",
    sees=modules,
    terms=(
        Term(
            "bytes of outputs of modules with parameters",
            lambda call: parameters(call) > 0,
            outputs,
            times=2,
        ),
    ),
    sized=True,
    read=units.in_bytes,
)
