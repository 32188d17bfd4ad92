"""Weights of the right number whose sizes do not fit their operator."""

import pytest
from onnx_bytes import constant, floats, integers, model, node, tensor

from cnncalc.core.errors import CnncalcError

MAP = ("x", (1, 3, 8, 8))
ROW = ("x", (1, 5))
SIGNAL = ("x", (1, 4, 3))
"""Four positions of 3 features, as recurrent operators with ``layout`` 1 read them."""


def held(**sizes):
    return [tensor(name, list(one)) for name, one in sizes.items()]


@pytest.mark.parametrize(
    ("one", "weights", "size", "why"),
    [
        (node("Conv", "x w", "y", kernel_shape=[2, 6]), held(w=(3, 3, 3, 4)), MAP,
         "weight is 3 × 3 × 3 × 4 in the file, but must be 3 × 3 × 2 × 6"),
        (node("Conv", "x w", "y", kernel_shape=[3, 4]), held(w=(3, 6, 3, 2)), MAP,
         "weight is 3 × 6 × 3 × 2 in the file, but must be 3 × 3 × 3 × 4"),
        (node("Conv", "x w", "y", kernel_shape=[3, 3], group=3), held(w=(3, 3, 3, 1)), MAP,
         "weight is 3 × 3 × 3 × 1 in the file, but must be 3 × 1 × 3 × 3"),
        (node("Conv", "x w b", "y"), held(w=(4, 3, 3, 3), b=(2, 2)), MAP,
         "bias is 2 × 2 in the file, but must be 4"),
        (node("ConvTranspose", "x w", "y", kernel_shape=[4, 2]), held(w=(6, 2, 2, 2)), MAP,
         "weight is 6 × 2 × 2 × 2 in the file, but must be 3 × 2 × 4 × 2"),
        (node("ConvTranspose", "x w b", "y"), held(w=(3, 4, 2, 2), b=(1, 4)), MAP,
         "bias is 1 × 4 in the file, but must be 4"),
        (node("BatchNormalization", "x w b m v", "y"), held(w=(3, 1), b=(3,), m=(3,), v=(3,)), MAP,
         "weight is 3 × 1 in the file, but must be 3"),
        (node("BatchNormalization", "x w b m v", "y"), held(w=(3,), b=(3,), m=(3,), v=(1, 3)), MAP,
         "running_var is 1 × 3 in the file, but must be 3"),
        (node("InstanceNormalization", "x w b", "y"), held(w=(3,), b=(1, 3)), MAP,
         "bias is 1 × 3 in the file, but must be 3"),
        (node("GroupNormalization", "x w b", "y", num_groups=3), held(w=(3, 1), b=(3,)), MAP,
         "weight is 3 × 1 in the file, but must be 3"),
        (node("LayerNormalization", "x w", "y"), held(w=(2, 4)), MAP,
         "scale is 4 in the file, but must be 8"),
        (node("LSTM", "x w r", "y", layout=1), held(w=(1, 3, 8), r=(1, 8, 2)), SIGNAL,
         "W is 1 × 3 × 8 in the file, but must be 1 × 8 × 3"),
        (node("LSTM", "x w r", "y", layout=1, hidden_size=2), held(w=(1, 8, 3), r=(1, 2, 8)),
         SIGNAL,
         "R is 1 × 2 × 8 in the file, but must be 1 × 8 × 2"),
        (node("RNN", "x w r b", "y", layout=1), held(w=(1, 2, 3), r=(1, 2, 2), b=(2, 2)), SIGNAL,
         "B is 2 × 2 in the file, but must be 1 × 4"),
    ],
)  # fmt: skip
def test_weights_of_other_sizes_are_refused(summarized, one, weights, size, why):
    with pytest.raises(CnncalcError, match=f"its {why}$"):
        summarized(model([one], weights, [size]))


@pytest.mark.parametrize("kind", ["Gemm", "MatMul"])
def test_constants_of_other_sizes_are_refused(summarized, kind):
    nodes = [constant("w", floats("", 1.0, 2.0)), node("Reshape", "w s", "m"),
             node(kind, "x m", "y")]  # fmt: skip
    sizes = tensor("s", [2], 7, bytes([1, *bytes(7), 2, *bytes(7)]))
    with pytest.raises(CnncalcError, match=r"its weight is 1 × 2 in the file, but must be 5 × 2$"):
        summarized(model(nodes, [sizes], [ROW]))


@pytest.mark.parametrize(
    ("one", "weights", "size"),
    [
        (node("Gemm", "x w", "y"), held(w=(8, 5)), MAP),  # only matrices are multiplied
        (node("Gemm", "x w b", "y"), held(w=(5, 4), b=(1, 1, 4)), ROW),
        (
            [node("Gather", "t i", "w"), node("MatMul", "x w", "y")],
            [*held(t=(7, 4)), integers("i", 6, 5, 4, 3, 2)],
            ROW,
        ),  # five of seven rows
        (node("PRelu", "x s", "y"), held(s=(1, 1, 8)), MAP),  # a slope for every column
        (node("PRelu", "x s", "y"), held(s=(1, 8, 1)), MAP),
        (node("PRelu", "x s", "y"), held(s=(3,)), ("x", (1, 3, 8, 3))),
    ],
)
def test_an_operation_with_weights_that_no_kind_expresses_is_opaque(summarized, one, weights, size):
    nodes = one if isinstance(one, list) else [one]
    report = summarized(model(nodes, weights, [size], values=[("y", size[1])]))
    assert report.layers[-1].kind == "opaque"


@pytest.mark.parametrize(
    ("sizes", "slopes"),
    [((1,), 1), ((3, 1, 1), 3), ((1, 3, 1, 1), 3), ((3,), 3), ((3, 8, 8), 192)],
)
def test_slopes_of_every_size_are_counted(summarized, sizes, slopes):
    report = summarized(model([node("PRelu", "x s", "y")], held(s=sizes)))
    assert [row.kind for row in report.layers] == ["prelu"]
    assert report.totals.params == slopes
