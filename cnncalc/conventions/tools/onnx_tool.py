"""onnx-tool's ``model_profile`` of a network that PyTorch exports in eval mode.

It counts instructions, which it calls MACs: an exponential counts as 32, a division as 4, a square
root as 24. PyTorch folds a batch norm into the convolution before it if nothing else reads the
convolution's output. For a transposed convolution, onnx-tool counts the weights at every output
position, with the output channels in place of the input channels.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from math import prod

from cnncalc.analysis.report import Report, Row
from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import (
    Convention,
    Term,
    added_biases,
    inputs,
    of,
    operations,
    outputs,
    products,
    upsampling,
)
from cnncalc.core.errors import LayerError

ELEMENTS = {
    "ReLU": 1, "ReLU6": 2, "LeakyReLU": 2, "PReLU": 2, "ELU": 35, "GELU": 34, "SiLU": 33,
    "Hardswish": 5, "Hardsigmoid": 4, "Sigmoid": 32, "Tanh": 76, "Softplus": 76, "Softmax": 36,
    "LogSoftmax": 80, "BatchNorm": 31, "Add": 1, "*": 1,
}  # fmt: skip
"""The instructions for each output element, by operation."""

CONVOLUTIONS = ("Conv", "Linear")
NORMS = of("BatchNorm", "InstanceNorm")
POOLS = of("MaxPool", "AvgPool")
GLOBAL = of("AdaptiveAvgPool")
FREE = of(
    "Identity", "Dropout", "StochasticDepth", "Flatten", "Reshape", "Permute", "Slice", "Crop",
    "Concat", "ZeroPad", "ReflectionPad", "ReplicationPad", "ChannelShuffle", "PixelShuffle",
    "Separable",
)  # fmt: skip
COUNTED = of(*ELEMENTS, *CONVOLUTIONS, "ConvTranspose", "Upsample")


def _exported(report: Report) -> Callable[[Row], Sequence[Call]]:
    """The operations that PyTorch exports for a row."""
    readers = Counter(source for row in report.rows for source in row.sources)
    folded = {
        row.name: report.rows[row.sources[0]].name
        for row in report.rows
        if row.inputs and _folds(row, report.rows[row.sources[0]], readers[row.sources[0]])
    }

    def within(row: Row) -> Sequence[Call]:
        if not row.inputs or row.name in folded:
            return ()
        found = [
            call
            for call in operations(row.layer, row.inputs, row.output)
            if call.name == "*" or not call.inside
        ]
        for call in found:
            _check(call)
        if row.name in folded.values():
            found[-1] = found[-1]._replace(biases=row.output.dimensions[0])
        sums = len(row.inputs) - 1 if of("Add")(found[0]) else 1
        return found * sums

    return within


def _folds(row: Row, before: Row, readers: int) -> bool:
    """Whether a row is a norm with running statistics that is folded into the convolution before
    it."""
    if readers != 1 or not before.inputs or not row.cost.buffers:
        return False
    try:
        found = operations(before.layer, before.inputs, before.output)
        norm = operations(row.layer, row.inputs, row.output)[0]
    except LayerError:  # unknown operations are reported when they are counted
        return False
    return NORMS(norm) and of("Conv")(found[-1]) and not found[-1].inside


def _check(call: Call) -> None:
    """Raise LayerError for a module whose exported operations are not modelled."""
    products = call.name == "Multiply" or (call.name == "Scale" and not call.biases)
    known = COUNTED(call) or POOLS(call) or FREE(call) or products
    if not (known or (GLOBAL(call) and call.places_out == 1)):
        raise LayerError(f"the ONNX operations of {call.name} are not modelled")


def _taps(call: Call) -> int:
    """The number of elements under all windows together."""
    taps: int = prod(axis.F for axis in call.layer.axes(call.input))
    return outputs(call) * taps


def _term(name: str) -> Term:
    what = {"BatchNorm": "batch-norm elements", "*": "products", "Add": "sums"}
    return Term(what.get(name, f"{name} elements"), of(name), outputs, times=ELEMENTS[name])


CONVENTION = Convention(
    tool="onnx-tool",
    version="1.0.1",
    unit="MACs",
    counts="instructions (called MACs), with batch norms folded into convolutions",
    within=_exported,
    terms=(
        Term("conv + linear MACs", of(*CONVOLUTIONS), products),
        Term(
            "output channels of transposed convs",
            of("ConvTranspose"),
            lambda call: outputs(call) * (call.weights // call.input.dimensions[0]),
        ),
        Term("biases at output positions", of(*CONVOLUTIONS, "ConvTranspose"), added_biases),
        *map(_term, ELEMENTS),
        Term("elements under pool windows", POOLS, _taps),
        Term("global average-pool inputs", GLOBAL, inputs),
        Term("global average-pool outputs", GLOBAL, outputs, times=4),
        Term("bilinear upsampled outputs", upsampling("bilinear2d"), outputs, times=4),
    ),
)
