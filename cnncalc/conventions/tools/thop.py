"""thop's ``profile``, which has a formula for each module class below. Others count as 0,
except recurrent ones, whose formulas are not modelled.

It counts the products of transposed convolutions at every output position instead of every input
position. It computes adaptive pools in floating point and truncates the result.
"""

from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import (
    Convention,
    Term,
    affine,
    bare,
    inputs,
    modules,
    of,
    outputs,
    products,
    upsampling,
)
from cnncalc.core.errors import LayerError

OTHER_NORMS = of("LayerNorm", "InstanceNorm")


def _whole_windows(call: Call) -> int:
    """The input elements; raises LayerError unless the output size divides the input size along
    every axis."""
    places = zip(call.input.dimensions[1:], call.output.dimensions[1:])
    if any(before % after for before, after in places):
        raise LayerError(
            f"thop divides the sizes of {call.input} by those of {call.output} in floating point "
            "and rounds the product down, which is not modelled"
        )
    return inputs(call)


def _softmax(call: Call) -> int:
    """An exponential and a division per element, and n − 1 additions for every n values that add up
    to 1."""
    n, groups = call.layer.groups(call.input)
    operations: int = groups * (3 * n - 1)
    return operations


CONVENTION = Convention(
    tool="thop",
    version="0.1.1",
    unit="MACs",
    counts="multiply-accumulates, 4 for each batch-norm element, and average pools",
    sees=modules,
    terms=(
        Term("conv + linear MACs", of("Conv", "Linear"), products),
        Term("transposed-conv weights at output positions", of("ConvTranspose"), products),
        Term("batch-norm elements", affine(of("BatchNorm")), outputs, times=4),
        Term("bare batch-norm elements", bare(of("BatchNorm")), outputs, times=2),
        Term("other norms' elements", affine(OTHER_NORMS), outputs, times=4),
        Term("other bare norms' elements", bare(OTHER_NORMS), outputs, times=2),
        Term("adaptive average-pool inputs", of("AdaptiveAvgPool"), _whole_windows),
        Term("average-pool outputs", of("AvgPool", "AdaptiveAvgPool"), outputs),
        Term("PReLU elements", of("PReLU"), outputs),
        Term("softmax operations", of("Softmax"), _softmax),
        Term(
            "nearest upsampled outputs",
            upsampling("nearest1d", "nearest2d", "nearest3d"),
            outputs,
        ),
        Term("linear upsampled outputs", upsampling("linear1d"), outputs, times=5),
        Term("bilinear upsampled outputs", upsampling("bilinear2d"), outputs, times=11),
        Term("bicubic upsampled outputs", upsampling("bicubic2d"), outputs, times=259),
    ),
)
