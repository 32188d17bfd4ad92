"""``get_model_complexity_info`` of ptflops with its default backend, ``pytorch``.

It counts some modules and some ``torch.nn.functional`` functions, so a module such as ReLU, whose
function is also counted, counts twice. The batch size is always 1.
"""

from cnncalc.conventions.convention import (
    Convention,
    Term,
    added_biases,
    affine,
    bare,
    inputs,
    inside_others,
    modules_of,
    of,
    operations,
    outputs,
    products,
    products_at_inputs,
)

BATCH_NORM = modules_of("BatchNorm")
OTHER_NORMS = modules_of("GroupNorm", "InstanceNorm")
POOLS = ("MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool")

CONVENTION = Convention(
    tool="ptflops",
    version="0.7.5",
    unit="MACs",
    counts="multiply-accumulates, biases, 1 or 2 for each element of norms, activations and pools",
    sees=operations,
    terms=(
        Term("conv + linear MACs", modules_of("Conv", "Linear"), products),
        Term("transposed-conv MACs", modules_of("ConvTranspose"), products_at_inputs),
        Term(
            "biases at output positions",
            modules_of("Conv", "ConvTranspose", "Linear"),
            added_biases,
        ),
        Term("batch-norm elements", affine(BATCH_NORM), outputs, times=2),
        Term("bare batch-norm elements", bare(BATCH_NORM), outputs),
        Term("other norms' elements", affine(OTHER_NORMS), outputs, times=2),
        Term("other bare norms' elements", bare(OTHER_NORMS), outputs),
        Term("layer-norm elements", modules_of("LayerNorm"), outputs),
        # Below, where the factor is 2, both the module and its function count; otherwise, only one.
        Term("ReLU elements", modules_of("ReLU"), outputs, times=2),
        Term("PReLU, ELU and GELU elements", modules_of("PReLU", "ELU", "GELU"), outputs, times=2),
        Term(
            "leaky ReLU, ReLU6, SiLU and softmax elements",
            modules_of("LeakyReLU", "ReLU6", "SiLU", "Softmax"),
            outputs,
        ),
        Term("ReLU elements in other layers", inside_others("ReLU"), outputs),
        Term("pool inputs", modules_of(*POOLS), inputs, times=2),
        Term("pool inputs in other layers", inside_others(*POOLS), inputs),
        Term("upsampled outputs", modules_of("Upsample"), outputs, times=2),
        Term("elementwise sums and products", of("add", "mul"), outputs),
        Term("locally connected MACs", of("bmm"), lambda call: call.weights),
    ),
    per_image=True,
)
