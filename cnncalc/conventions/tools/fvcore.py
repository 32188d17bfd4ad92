"""fvcore's ``FlopCountAnalysis``, which calls a multiply-accumulate a flop.

It traces the network. Below are the operations that it counts and that occur in layers whose
operations are known here. It also counts ``einsum``, ``grid_sampler`` and other matrix products, as
in attention; there is no total for networks with these. Elementwise operations and most pools
count as 0. The counts are for eval mode; for training mode, see ``fvcore_training``. To fvcore, a
convolution with ``padding="same"`` is another operation, which counts as 0; cnncalc exports such
padding as numbers.
"""

from cnncalc.conventions.convention import (
    Convention,
    Term,
    affine,
    bare,
    fixed_norms,
    inputs,
    measuring_norms,
    of,
    operations,
    outputs,
    products,
    products_at_inputs,
    upsampling,
)

CONVENTION = Convention(
    tool="fvcore",
    version="0.1.5",
    unit="MACs",
    counts="multiply-accumulates (called flops), norms, adaptive average pools and upsampling",
    sees=operations,
    terms=(
        Term("conv + linear MACs", of("Conv", "Linear"), products),
        Term("transposed-conv MACs", of("ConvTranspose"), products_at_inputs),
        Term("locally connected MACs", of("bmm"), lambda call: call.weights),
        Term("batch-norm elements", affine(fixed_norms), outputs, times=2),
        Term("bare batch-norm elements", bare(fixed_norms), outputs),
        Term("other norms' elements", affine(measuring_norms), outputs, times=5),
        Term("other bare norms' elements", bare(measuring_norms), outputs, times=4),
        Term("adaptive average-pool inputs", of("AdaptiveAvgPool2d"), inputs),
        Term("nearest upsampled outputs", upsampling("nearest2d"), outputs),
        Term("bilinear upsampled outputs", upsampling("bilinear2d"), outputs, times=4),
    ),
)
