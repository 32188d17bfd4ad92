"""torchprofile's ``profile_macs``.

It traces the network and has formulas for the operations below, and for some that are not modelled
here, such as attention; all others count as 0. It counts a transposed convolution like an ordinary
one, at its output positions, and ignores the groups if the number of channels changes. To
torchprofile, a convolution with ``padding="same"`` is another operation, which counts as 0; cnncalc
exports such padding as numbers.
"""

from cnncalc.conventions.calls import Call
from cnncalc.conventions.convention import (
    Convention,
    Term,
    affine,
    of,
    operations,
    outputs,
    products,
    upsampling,
)


def _transposed(call: Call) -> int:
    """The products as torchprofile counts them: it detects a transposed convolution only if its
    input and output channels differ."""
    same = call.input.dimensions[0] == call.output.dimensions[0]
    return products(call) * (1 if same else int(call.layer.groups))


CONVENTION = Convention(
    tool="torchprofile",
    version="0.1.0",
    unit="MACs",
    counts="multiply-accumulates, 1 per output of affine norms, average pools, leaky ReLUs and "
    "products, and 4 of bilinear upsampling",
    sees=operations,
    terms=(
        Term("conv + linear MACs", of("Conv", "Linear"), products),
        Term("transposed-conv weights at output positions", of("ConvTranspose"), _transposed),
        Term("locally connected MACs", of("bmm"), lambda call: call.weights),
        Term("batch-norm elements", affine(of("BatchNorm")), outputs),
        Term(
            "other norms' elements",
            affine(of("GroupNorm", "LayerNorm", "InstanceNorm")),
            outputs,
        ),
        Term("average-pool outputs", of("AvgPool", "AdaptiveAvgPool"), outputs),
        Term("leaky ReLU elements", of("LeakyReLU"), outputs),
        Term("elementwise products", of("*", "mul"), outputs),
        Term("bilinear upsampled outputs", upsampling("bilinear2d"), outputs, times=4),
    ),
)
