"""ONNX files, written by a tiny encoder of our own."""

import pytest
from onnx_bytes import field, floats, integers, message, model, node, number, tensor

import cnncalc
from cnncalc.core.errors import CnncalcError
from cnncalc.spec.readers import _onnx_file

KERNEL = tensor("w", [4, 3, 3, 3])
BIAS = tensor("b", [4])
CONV = node("Conv", "x w b", "c", "/stem/conv/Conv", pads=[1, 1, 1, 1], strides=[2, 2])


def summarized(tmp_path, data, **options):
    file = tmp_path / "net.onnx"
    file.write_bytes(data)
    return cnncalc.summarize(file, **options)


def test_an_input_with_other_channels_than_the_weights_is_explained(tmp_path):
    file = model([CONV], [KERNEL, BIAS], outputs=("c",))
    says = r"needs \d+ stored values, but the file holds 112; give --input the number of channels"
    with pytest.raises(CnncalcError, match=says):
        summarized(tmp_path, file, input="5x8x8")
    with pytest.raises(CnncalcError, match="because it is not read from a spec; leave it out"):
        summarized(tmp_path, file, settings={"a": 3})


def kinds(report):
    return [row.kind for row in report.layers]


FLOOR = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
SMALL = [
    CONV,
    node("Relu", "c", "r", "/stem/act/Relu"),
    node("GlobalAveragePool", "r", "g", "/pool/GlobalAveragePool"),
    node("Flatten", "g", "f", "/Flatten"),
    node("Gemm", "f fw fb", "y", "/fc/Gemm", transB=1),
]
HEAD = [tensor("fw", [10, 4]), tensor("fb", [10])]


def test_a_small_network_is_read(tmp_path):
    report = summarized(tmp_path, model(SMALL, [KERNEL, BIAS, *HEAD]))
    assert kinds(report) == ["conv", "relu", "global_avg_pool", "flatten", "linear"]
    assert [row.name for row in report.layers][:3] == ["stem.conv", "stem.act", "pool"]
    # 9·3·4 + 4 and 4·10 + 10; 108 products at 4·4 places, and 40
    assert report.totals.params == 112 + 50
    assert report.totals.macs == 108 * 16 + 40


def test_the_first_size_is_the_batch(tmp_path):
    nodes = [*SMALL[:3], node("Shape", "g", "s"), node("Gather", "s zero", "n"),
             node("Unsqueeze", "n", "u", axes=[0]), node("Concat", "u rest", "to", axis=0),
             node("Reshape", "g to", "f"), SMALL[-1]]  # fmt: skip
    zero = tensor("zero", [], 7, bytes(8))
    data = model(
        nodes, [KERNEL, BIAS, *HEAD, zero, integers("rest", -1)], [("x", ("batch", 3, 8, 8))]
    )
    assert kinds(summarized(tmp_path, data))[-2:] == ["flatten", "linear"]


def test_an_input_that_nothing_reads_is_not_an_output(tmp_path):
    inputs = [("x", ("n", 3, 8, 8)), ("mask", ("n", 8))]
    report = summarized(tmp_path, model(SMALL, [KERNEL, BIAS, *HEAD], inputs))
    assert [row.output for row in report.outputs] == [(10,)]


def test_open_sizes_need_an_input(tmp_path):
    data = model(SMALL, [KERNEL, BIAS, *HEAD], [("x", ("n", 3, "h", "w"))])
    with pytest.raises(CnncalcError, match=r"'x' open \(batch × 3 × h × w\).*--input 3x224x224"):
        summarized(tmp_path, data)
    assert summarized(tmp_path, data, input="3x32x32")["stem.conv"].output == (4, 16, 16)
    with pytest.raises(CnncalcError, match=r"has 3 sizes .* after the batch, not 2"):
        summarized(tmp_path, data, input="3x32")


def test_weights_are_skipped(tmp_path):
    size = 40_000_000
    heavy = tensor("fw", [10, size // 40])
    place = heavy.rindex(b"\x4a")  # its empty data
    file = tmp_path / "net.onnx"
    whole = model([*SMALL[:-1], node("MatMul", "f fw2", "y")], [KERNEL, BIAS, heavy,
                  tensor("fw2", [4, 10])])  # fmt: skip
    grown = model([*SMALL[:-1], node("MatMul", "f fw2", "y")], [KERNEL, BIAS,
                  heavy[:place] + field(9, bytes(size)), tensor("fw2", [4, 10])])  # fmt: skip
    assert len(grown) > size > len(whole)
    file.write_bytes(grown)
    assert cnncalc.summarize(file).totals.params == 112 + 40


def test_a_product_over_the_last_axis_reads_the_channels_of_each_position(tmp_path):
    nodes = [
        CONV,
        node("Transpose", "c", "t", perm=[0, 2, 3, 1]),
        node("LayerNormalization", "t g s", "n", epsilon=1e-6),
        node("MatMul", "n m", "p", "/fc/MatMul"),
        node("Add", "p mb", "q", "/fc/Add"),
        node("Transpose", "q", "y", perm=[0, 3, 1, 2]),
    ]
    weights = [KERNEL, BIAS, tensor("g", [4]), tensor("s", [4]), tensor("m", [4, 6]),
               tensor("mb", [6])]  # fmt: skip
    report = summarized(tmp_path, model(nodes, weights))
    assert kinds(report) == ["conv", "layer_norm", "linear"]
    assert report.output_shape == (6, 4, 4)
    assert report["fc"].cost.params == 4 * 6 + 6


def test_an_unknown_operator_is_opaque(tmp_path):
    nodes = [CONV, node("Strange", "c sw", "y", domain="my.own")]
    weights = [KERNEL, BIAS, tensor("sw", [7, 2])]
    report = summarized(tmp_path, model(nodes, weights, values=[("y", (1, 5, 2, 2))]))
    assert report["strange"].output == (5, 2, 2)
    assert report.totals.params == 112 + 14
    assert not report.exact
    with pytest.raises(CnncalcError, match=r"'strange': the operator Strange of my\.own is"):
        summarized(tmp_path, model(nodes, weights, outputs=("z",)))


def test_layers_with_the_same_weights_share_them(tmp_path):
    nodes = [
        node("Conv", "x w b", "c", pads=[1, 1, 1, 1]),
        node("Conv", "z w b", "d", pads=[1, 1, 1, 1]),
        node("Add", "c d", "y"),
    ]
    two = [("x", (1, 3, 8, 8)), ("z", (1, 3, 8, 8))]
    report = summarized(tmp_path, model(nodes, [KERNEL, BIAS], two))
    assert report.totals.params == 112
    assert report.totals.macs == 2 * 108 * 64
    nodes[1] = node("Conv", "z w", "d", pads=[1, 1, 1, 1])
    with pytest.raises(
        CnncalcError, match="shares 'w' with another layer, but differs from it in kind or in"
    ):
        summarized(tmp_path, model(nodes, [KERNEL, BIAS], two))


def test_equal_weights_that_an_exporter_stored_once_are_counted_for_each_layer(tmp_path):
    nodes = [
        node("Identity", "w", "v"),
        node("Conv", "x w b", "c", pads=[1, 1, 1, 1]),
        node("Conv", "x v b", "d", pads=[1, 1, 1, 1]),
        node("Add", "c d", "y"),
    ]
    assert summarized(tmp_path, model(nodes, [KERNEL, BIAS])).totals.params == 2 * 112


@pytest.mark.parametrize(
    ("nodes", "more", "found"),
    [
        ([node("Add", "x one", "y")], [number("one", 1.0)], ["add"]),
        ([node("Sub", "one x", "y")], [number("one", 1.0)], ["multiply", "add"]),
        ([node("Div", "one x", "y")], [number("one", 1.0)], ["power"]),
        ([node("Max", "x one", "y")], [number("one", 0.0)], ["relu"]),
        ([node("Clip", "x low high", "y")], [number("low", 0.0), number("high", 6.0)], ["relu6"]),
        ([node("Sigmoid", "x", "s"), node("Mul", "x s", "y")], [], ["silu"]),
        ([node("ReduceMean", "x", "y", axes=[2, 3])], [], ["global_avg_pool"]),
        ([node("ReduceMax", "x", "y", axes=[1], keepdims=0)], [], ["reduce"]),
        ([node("Softmax", "x", "y", axis=1)], [], ["softmax"]),
        ([node("Split", "x", "a b c", axis=1), node("Concat", "c b a", "y", axis=1)], [],
         ["slice", "slice", "slice", "concat"]),
        ([node("Slice", "x from to ax", "y")],
         [integers("from", 0, 1), integers("to", 2, -1), integers("ax", 1, 2)], ["slice"] * 2),
        ([node("Pad", "x pads", "y")], [integers("pads", 0, 0, 1, 2, 0, 0, 3, 4)], ["pad"]),
        ([node("DepthToSpace", "c", "y", blocksize=2, mode="CRD")], [], ["conv", "pixel_shuffle"]),
        ([node("DequantizeLinear", "x one", "y2"), node("Tanh", "y2", "y")], [number("one", 1.0)],
         ["tanh"]),
    ],
    ids=lambda value: None if isinstance(value, bytes) else str(value)[:20],
)  # fmt: skip
def test_operators_become_layers(tmp_path, nodes, more, found):
    first = [CONV] if "conv" in found else []
    report = summarized(tmp_path, model([*first, *nodes], [KERNEL, BIAS, *more]))
    assert kinds(report) == found


@pytest.mark.parametrize(
    ("nodes", "more", "kind", "output"),
    [
        # (8 + 2 - 2)/2 + 1 windows, of which the padding at the end completes none
        ([node("MaxPool", "x", "y", kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 1, 1])], [],
         "max_pool", (3, 4, 4)),
        # 8 - 2·(2 - 1) - 1 + 1 = 6; (8 - 3)/2 + 1 = 3.5, rounded up
        ([node("AveragePool", "x", "y", kernel_shape=[2, 2], dilations=[2, 2])], [],
         "avg_pool", (3, 6, 6)),
        ([node("LpPool", "x", "y", kernel_shape=[2, 2], dilations=[2, 2])], [],
         "lp_pool", (3, 6, 6)),
        ([node("LpPool", "x", "y", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], [],
         "lp_pool", (3, 4, 4)),
        # 8 to 19: (8 - 1)·2 + 3 = 17, and 2 more
        ([node("ConvTranspose", "x t", "y", strides=[2, 2], output_shape=[18, 18])],
         [tensor("t", [3, 2, 3, 3])], "conv_transpose", (2, 18, 18)),
        ([node("Resize", "x  s", "y", **FLOOR)], [floats("s", 1.0, 1.0, 1.5, 2.3)],
         "upsample", (3, 12, 18)),
        ([node("Resize", "x  s", "y")], [floats("s", 1.0, 1.0, 2.0, 3.0)], "upsample", (3, 16, 24)),
        ([node("Pad", "x pads one", "y")],
         [integers("pads", 0, 0, 1, 1, 0, 0, 1, 1), number("one", 1.0)], "pad", (3, 10, 10)),
    ],
)  # fmt: skip
def test_the_output_size_of_an_operator_with_a_window_is_right(tmp_path, nodes, more, kind, output):
    report = summarized(tmp_path, model(nodes, more))
    assert [(row.kind, row.output) for row in report.layers] == [(kind, output)]
    assert report.totals.params == (3 * 2 * 3 * 3 if kind == "conv_transpose" else 0)


WINDOW = {"kernel_shape": [2, 2], "dilations": [2, 2]}


@pytest.mark.parametrize(
    ("nodes", "more", "output"),
    [
        ([node("Upsample", "x s", "y", mode="linear")], [floats("s", 1.0, 2.0, 1.0, 1.0)],
         (6, 8, 8)),
        ([node("AveragePool", "x", "y", ceil_mode=1, **WINDOW)], [], (3, 6, 6)),
        ([node("LpPool", "x", "y", ceil_mode=1, **WINDOW)], [], (3, 6, 6)),
        ([node("Tanh", "s", "m"), node("BatchNormalization", "x s s m s", "y")],
         [tensor("s", [3])], (3, 8, 8)),
        ([node("Tanh", "w", "v"), node("Conv", "x v", "y")], [KERNEL], (4, 6, 6)),
        ([node("Tanh", "w", "v"), node("ConvTranspose", "x v", "y")], [tensor("w", [3, 4, 3, 3])],
         (4, 10, 10)),
        ([node("Tanh", "w", "v"), node("PRelu", "x v", "y")], [tensor("w", [3, 1, 1])], (3, 8, 8)),
        ([node("Pad", "x pads", "y")], [integers("pads", 0, 1, 0, 0, 0, 1, 0, 0)], (5, 8, 8)),
        ([node("Pad", "x pads", "y", mode="odd")],
         [integers("pads", 0, 0, 1, 1, 0, 0, 1, 1)], (3, 10, 10)),
        ([node("Resize", "x  s", "y", axes=[2, 3])], [floats("s", 2.0, 2.0)], (3, 16, 16)),
        ([node("Resize", "x  s", "y")], [floats("s", 1.0, 2.0, 1.0, 1.0)], (6, 8, 8)),
    ],
)  # fmt: skip
def test_an_operator_that_a_kind_cannot_express_is_opaque(tmp_path, nodes, more, output):
    data = model(nodes, more, values=[("y", (1, *output))])
    report = summarized(tmp_path, data)
    assert report.outputs[0].kind == "opaque"
    assert report.output_shape == output


def test_scales_that_no_kind_can_express_are_still_not_parameters(tmp_path):
    nodes, scales = [node("Resize", "x  s", "y")], [floats("s", 1.0, 2.0, 1.0, 1.0)]
    report = summarized(tmp_path, model(nodes, scales, values=[("y", (1, 6, 8, 8))]))
    assert (report.outputs[0].kind, report.totals.params) == ("opaque", 0)


# Attacks.


@pytest.mark.parametrize("length", [5, 20, 60, 100, 300])
def test_a_file_that_is_cut_off(tmp_path, length):
    with pytest.raises(CnncalcError, match=r"is damaged or cut off|holds no graph"):
        summarized(tmp_path, model(SMALL, [KERNEL, BIAS, *HEAD])[:length])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x08\x0a\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "cannot read the field at byte"),
        (b"\x08\x0a\x12\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "is damaged"),
        (message((1, 10), (2, "none")), "holds no graph"),
        (model([node("Relu", "y", "x2"), node("Relu", "x2", "y")]), "no earlier node produces"),
        (model([CONV], [KERNEL, BIAS], [("x", ())]), "does not give the sizes of input 'x'"),
        (model([CONV], [KERNEL, BIAS], [("x", (1, 2, 3, 4, 5, 6))]), "has 5 sizes besides"),
        (model([CONV], [tensor("w", [1 << 41]), BIAS]), "'w' has an impossible size"),
        (
            model([CONV], [tensor("w", [4, 2, 3, 3]), BIAS]),
            r"\(Conv\): for an input of 3×8×8, it needs 112 stored values, but the file holds 76$",
        ),
        (model([], outputs=("x",)), "the file contains no layers"),
        (model([node("Relu", "x", "y")], outputs=("z",)), "the output 'z' does not depend"),
    ],
)
def test_a_broken_file_gets_one_sentence(tmp_path, data, why):
    with pytest.raises(CnncalcError, match=why) as caught:
        summarized(tmp_path, data)
    assert "\n" not in str(caught.value)


def test_too_many_nodes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_onnx_file, "MAX_NODES", 100)
    one = field(1, node("Relu", "x", "y"))
    data = message((1, 10), (2, "a"), (7, one * 101))
    with pytest.raises(CnncalcError, match="has more than 100 nodes"):
        summarized(tmp_path, data)


def test_names_that_a_terminal_might_interpret_are_shown_harmlessly(tmp_path):
    data = model([node("Relu", "x\x1b[2J", "y", "bad\x1b]0;name\x07")])
    with pytest.raises(CnncalcError) as caught:
        summarized(tmp_path, data)
    assert "\x1b" not in str(caught.value)
