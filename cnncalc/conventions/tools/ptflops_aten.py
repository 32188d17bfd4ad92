"""``get_model_complexity_info`` of ptflops with ``backend="aten"``.

It counts only matrix products and convolutions, with their biases, wherever they run. The batch
size is 1, unless an ``input_constructor`` makes the input.
"""

from cnncalc.conventions.convention import (
    Convention,
    Term,
    added_biases,
    of,
    operations,
    products,
    products_at_inputs,
)

CONVENTION = Convention(
    tool="ptflops aten",
    version="0.7.5",
    unit="MACs",
    counts="multiply-accumulates of convolutions and matrix products, and their biases",
    sees=operations,
    terms=(
        Term("conv + linear MACs", of("Conv", "Linear"), products),
        Term("transposed-conv MACs", of("ConvTranspose"), products_at_inputs),
        Term("locally connected MACs", of("bmm"), lambda call: call.weights),
        Term("biases at output positions", of("Conv", "ConvTranspose", "Linear"), added_biases),
    ),
    per_image=True,
)
