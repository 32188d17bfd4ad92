"""The FLOPs of ``calculate_flops`` in calflops (its MACs are those of convolutions and linear
layers).

It counts calls of ``torch.nn.functional`` functions: two FLOPs for each multiply-accumulate, the
biases of convolutions but not of linear layers, and one or more per element for the other functions
it supports.
"""

from math import prod

from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import (
    Convention,
    Term,
    added_biases,
    affine,
    bare,
    fixed_norms,
    inputs,
    measuring_norms,
    of,
    operations,
    outputs,
    products,
)
from cnncalc.core.errors import LayerError


def _transposed(call: Call) -> int:
    """The products as calflops counts them: it mistakes one group's output channels for all of
    them, and divides by the number of groups again."""
    groups: int = call.layer.groups
    filters = call.output.dimensions[0] // groups // groups
    return call.input.dimensions[0] * filters * _taps(call) * call.places_in


def _taps(call: Call) -> int:
    taps: int = prod(axis.F for axis in call.layer.axes(call.input))
    return taps


def _transposed_biases(call: Call) -> int:
    """The biases as calflops counts them: at the output positions of an ordinary convolution."""
    if not call.biases:
        return 0
    places = (
        (axis.N + 2 * axis.P - axis.D * (axis.F - 1) - 1) // axis.S + 1
        for axis in call.layer.axes(call.input)
    )
    groups: int = call.layer.groups
    biases: int = call.biases // groups * prod(places)
    return biases


def _upsampled(call: Call) -> int:
    """The input elements, because calflops discards their product with the scale."""
    if not isinstance(call.layer.scale_factor, int | float):
        raise LayerError("its count in calflops is modelled only for a single scale factor")
    return inputs(call)


CONVENTION = Convention(
    tool="calflops",
    version="0.3.2",
    unit="FLOPs",
    counts="2 for each multiply-accumulate, conv biases, elements of norms, activations and pools",
    sees=operations,
    terms=(
        Term("conv + linear MACs", of("Conv", "Linear"), products, times=2),
        Term("transposed-conv MACs", of("ConvTranspose"), _transposed, times=2),
        Term("conv biases at output positions", of("Conv"), added_biases),
        Term("transposed-conv biases", of("ConvTranspose"), _transposed_biases),
        Term("batch-norm elements", affine(fixed_norms), outputs, times=2),
        Term("bare batch-norm elements", bare(fixed_norms), outputs),
        Term("other norms' elements", affine(measuring_norms), outputs, times=5),
        Term("other bare norms' elements", bare(measuring_norms), outputs, times=4),
        Term("ReLU elements", of("ReLU"), outputs),
        Term(
            "other activations' elements",
            of("PReLU", "ELU", "LeakyReLU", "SiLU", "GELU", "Softmax"),
            outputs,
        ),
        Term(
            "pool inputs",
            of("MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool"),
            inputs,
        ),
        Term("upsampled inputs", of("Upsample"), _upsampled),
        Term("elementwise sums and products", of("add", "mul"), outputs),
    ),
)
