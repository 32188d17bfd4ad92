"""torchsummary's "Forward/backward pass size (MB)", in units of 2²⁰ bytes.

It doubles the outputs of all modules, for their gradients, at 4 bytes per number and for one image.
A flatten counts as a module, as in a network made of modules.
"""

from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import BYTES, Convention, Term, modules, outputs, parameters
from cnncalc.core import units


def is_module(call: Call) -> bool:
    """Whether this is a call of a module rather than an input of the network."""
    return call.name != "Input"


def output_bytes(call: Call) -> int:
    """The bytes of a call's output."""
    return 4 * outputs(call)


def parameter_bytes(call: Call) -> int:
    """The bytes of a call's parameters."""
    return 4 * parameters(call)


CONVENTION = Convention(
    tool="torchsummary 1.5.1 forward/backward pass size",
    version="",
    unit=BYTES,
    counts="twice the outputs of all modules, at 4 bytes per number",
    sees=modules,
    terms=(Term("bytes of outputs of modules", is_module, output_bytes, times=2),),
    per_image=True,
    read=units.in_binary,
)
