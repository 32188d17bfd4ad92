"""torchsummary's "Estimated Total Size (MB)", in units of 2²⁰ bytes: its other sizes, added up."""

from dataclasses import replace

from cnncalc.conventions.convention import Term, everything, inputs_of_network, modules_and_inputs
from cnncalc.conventions.tools import torchsummary
from cnncalc.conventions.tools.torchsummary import output_bytes, parameter_bytes

CONVENTION = replace(
    torchsummary.CONVENTION,
    tool="torchsummary 1.5.1 estimated total size",
    counts="the input, the parameters, and twice the outputs of modules, at 4 bytes per number",
    sees=modules_and_inputs,
    terms=(
        Term("bytes of the input", inputs_of_network, output_bytes),
        Term("bytes of parameters", everything, parameter_bytes),
        *torchsummary.CONVENTION.terms,
    ),
)
