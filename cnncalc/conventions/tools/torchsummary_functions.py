"""torchsummary's "Forward/backward pass size (MB)" if flatten is a function, as in torchvision.

torchsummary sees only modules, so it then leaves the flatten out.
"""

from dataclasses import replace

from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import Term, of
from cnncalc.conventions.tools import torchsummary
from cnncalc.conventions.tools.torchsummary import is_module, output_bytes

FLATTEN = of("Flatten")


def is_other_module(call: Call) -> bool:
    """Whether this is a call of a module other than a flatten."""
    return is_module(call) and not FLATTEN(call)


CONVENTION = replace(
    torchsummary.CONVENTION,
    tool="torchsummary 1.5.1 forward/backward pass size without flatten",
    counts="the same as torchsummary, for a network that flattens with a function",
    terms=(
        Term("bytes of outputs of modules except flatten", is_other_module, output_bytes, times=2),
    ),
    variant_of="torchsummary",
)
