"""torchinfo's "Estimated Total Size (MB)", in units of 10⁶ bytes: its other sizes, added up."""

from dataclasses import replace

from cnncalc.conventions.convention import (
    Term,
    everything,
    inputs_of_network,
    modules_and_inputs,
    outputs,
    parameters,
)
from cnncalc.conventions.tools import torchinfo_memory

CONVENTION = replace(
    torchinfo_memory.CONVENTION,
    tool="torchinfo 1.8.0 estimated total size",
    counts="the input, the parameters, and twice the outputs of modules with parameters",
    sees=modules_and_inputs,
    terms=(
        Term("bytes of the input", inputs_of_network, outputs),
        Term("bytes of parameters", everything, parameters, once=True),
        *torchinfo_memory.CONVENTION.terms,
    ),
)
