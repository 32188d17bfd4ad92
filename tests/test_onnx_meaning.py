"""Which ONNX operators compute what a kind computes, and which of their operands are learned."""

import pytest
from onnx_bytes import constant, floats, graph, integers, model, node, number, tensor

import cnncalc
from cnncalc.core.errors import CnncalcError

MAP = (1, 3, 8, 8)
BYTES, WORDS = 3, 6
"""Data types: 8-bit and 32-bit integers."""


def kinds(report):
    return " ".join(row.kind for row in report.layers)


# Learned numbers.


@pytest.mark.parametrize(
    "nodes",
    [
        [node("QLinearConv", "x s z w s z s z b", "y", pads=[1, 1, 1, 1])],
        [node("DequantizeLinear", "w s z", "wf"), node("DequantizeLinear", "b s", "bf"),
         node("Conv", "x wf bf", "y", pads=[1, 1, 1, 1])],
    ],
)  # fmt: skip
def test_a_quantized_convolution_counts_its_bias(summarized, nodes):
    weights = [tensor("w", [4, 3, 3, 3], BYTES), tensor("b", [4], WORDS), floats("s", 0.5),
               tensor("z", [1], BYTES)]  # fmt: skip
    report = summarized(model(nodes, weights))
    assert (kinds(report), report.totals.params) == ("conv", 4 * 3 * 3 * 3 + 4)


@pytest.mark.parametrize(
    ("one", "weights"),
    [
        (node("Clip", "x low high", "y"), [floats("low", -1.0), floats("high", 1.0)]),
        (node("OneHot", "x depth which", "y"), [integers("depth", 8), floats("which", 0.0, 1.0)]),
        (node("Pad", "x by value", "y"),
         [integers("by", 0, 1, 0, 0, 0, -1, 0, 0), floats("value", 2.0)]),
        (node("QLinearAdd", "x s z x s z s z", "y", domain="com.microsoft"),
         [floats("s", 0.5), tensor("z", [1], BYTES)]),
        (node("QLinearConcat", "s z x s z x s z", "y", domain="com.microsoft"),
         [floats("s", 0.5), tensor("z", [1], BYTES)]),
    ],
)  # fmt: skip
def test_settings_are_not_parameters(summarized, one, weights):
    report = summarized(model([one], weights, values=[("y", MAP)]))
    assert (kinds(report), report.totals.params) == ("opaque", 0)


def test_an_unknown_operator_has_the_parameters_of_the_file(summarized):
    one = node("Strange", "x w", "y", domain="my.own")
    report = summarized(model([one], [tensor("w", [5, 7])], values=[("y", MAP)]))
    assert (kinds(report), report.totals.params) == ("opaque", 35)


@pytest.mark.parametrize("kind", ["Relu", "Add", "Exp", "Clip"])
def test_an_operator_of_another_domain_is_not_that_of_onnx(summarized, kind):
    one = node(kind, "x", "y", domain="my.own")
    report = summarized(model([one], values=[("y", MAP)]))
    assert kinds(report) == "opaque"
    assert f"ONNX {kind} of my.own" in report.rows[1].layer.text()


@pytest.mark.parametrize("bias", [[1], [4, 5]])
def test_a_bias_that_is_not_one_number_per_feature(summarized, bias):
    one = node("Gemm", "x w b", "y", transB=1)
    held = [tensor("w", [5, 3]), tensor("b", bias)]
    report = summarized(model([one], held, [("x", (4, 3))], values=[("y", (4, 5))]))
    assert (kinds(report), report.output_shape) == ("opaque", (5,))


def test_weights_that_a_network_computes_are_opaque(summarized):
    nodes = [node("ConvTranspose", "x x", "a"), node("PRelu", "a x", "y")]
    report = summarized(model(nodes, values=[("a", MAP), ("y", MAP)]))
    assert kinds(report) == "opaque opaque"


NORM = "x s b m v"


@pytest.mark.parametrize(
    ("kind", "operands", "settings", "place", "numbers", "held"),
    [
        ("Conv", "x w c", {}, "c", [0.0] * 4, {"w": (4, 3, 1, 1)}),
        ("ConvTranspose", "x w c", {}, "c", [0.0] * 4, {"w": (3, 4, 1, 1)}),
        ("BatchNormalization", NORM, {}, "s", [1.0] * 3, {"b": (3,), "m": (3,), "v": (3,)}),
        ("BatchNormalization", NORM, {}, "b", [0.0] * 3, {"s": (3,), "m": (3,), "v": (3,)}),
        ("InstanceNormalization", "x s b", {}, "b", [0.0] * 3, {"s": (3,)}),
        ("GroupNormalization", "x s b", {"num_groups": 1}, "b", [0.0] * 3, {"s": (3,)}),
        ("LayerNormalization", "x s b", {}, "b", [0.0] * 8, {"s": (8,)}),
    ],
)
def test_a_constant_that_a_kind_does_not_have(
    summarized, kind, operands, settings, place, numbers, held
):
    """A kind without a bias adds nothing, and one without a scale multiplies by 1."""
    one = node(kind, operands, "y", **settings)
    weights = [tensor(name, sizes) for name, sizes in held.items()]
    size = (1, 4 if "w" in held else 3, 8, 8)
    for last, opaque in ((numbers[-1], False), (0.5, True)):
        constants = constant(place, floats("", *numbers[:-1], last))
        report = summarized(model([constants, one], weights, values=[("y", size)]))
        assert (report.layers[-1].kind == "opaque") == opaque


@pytest.mark.parametrize("kind", ["GRU", "RNN"])
def test_an_opaque_layer_without_its_first_output_has_its_parameters(summarized, kind):
    gates = 3 if kind == "GRU" else 1
    held = [tensor("w", [1, 2 * gates, 3]), tensor("r", [1, 2 * gates, 2])]
    one = node(kind, "x w r", " h", layout=1, direction="reverse")
    data = model([one], held, [("x", (1, 4, 3))], values=[("h", (1, 1, 2))], outputs=["h"])
    report = summarized(data)
    assert (kinds(report), report.totals.params) == ("opaque", 10 * gates)  # 2·3 + 2·2


def test_weights_that_are_computed_with_a_number_stay_weights(summarized):
    nodes = [node("Add", "w one", "v"), node("Mul", "x v", "y")]
    held = [tensor("w", [3, 1, 1], 1, bytes(12)), number("one", 1.0)]
    report = summarized(model(nodes, held))
    assert (kinds(report), report.totals.params) == ("parameter multiply", 3)


# Graphs inside nodes.

RELU, CONV = node("Relu", "t", "o"), node("Conv", "t w", "o")
WEIGHTS = [tensor("w", [3, 3, 1, 1])]


def chosen(first, weights=()):
    """A file that applies one of two graphs, to the output of a convolution or of its bias."""
    nodes = [node("Conv", "x k", "t"), node("Add", "t b", "u"),
             node("If", "c", "y", then_branch=first, else_branch=graph([], ["u"]))]  # fmt: skip
    held = [tensor("k", [3, 3, 1, 1]), tensor("b", [3, 1, 1]), tensor("c", [], 9, b"\1"), *weights]
    return model(nodes, held, values=[("y", MAP)])


@pytest.mark.parametrize(
    ("first", "weights", "params"),
    [
        (graph([RELU], ["o"]), (), 0),
        (graph([CONV], ["o"]), WEIGHTS, 9),
        (graph([CONV], ["o"], weights=WEIGHTS), (), 9),
        (graph([node("Loop", "n  t", "o", body=graph([CONV], ["o"], [("v", MAP)], WEIGHTS))],
               ["o"], [("n", ())]), (), 9),
    ],
)  # fmt: skip
def test_a_graph_inside_a_node_reads_tensors_around_it(summarized, first, weights, params):
    report = summarized(chosen(first, weights))
    assert kinds(report) == "conv add opaque"  # the first graph reads the sum without its bias
    assert report.layers[-1].params == params
    assert len(report.layers[-1].sources) == 2


def test_weights_of_a_graph_inside_a_node_have_their_own_names(summarized):
    with pytest.raises(CnncalcError, match="the file has two weights called 'w'"):
        summarized(chosen(graph([CONV], ["o"], weights=WEIGHTS * 2)))


def test_graphs_inside_nodes_are_not_deep(summarized):
    one = graph([RELU], ["o"])
    for _ in range(25):
        one = graph([node("If", "c", "o", then_branch=one)], ["o"])
    with pytest.raises(CnncalcError, match="graphs inside nodes are nested deeper than 20 levels"):
        summarized(chosen(one))


# The same function.


def resized(mode, centres, scales, **settings):
    settings |= {"mode": mode, "coordinate_transformation_mode": centres}
    return [node("Resize", "x  s", "y", **settings)], [floats("s", 1.0, 1.0, *scales)]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (resized("nearest", "asymmetric", (2.0, 2.0), nearest_mode="floor"), "scale_factor 2"),
        (resized("nearest", "half_pixel", (3.0, 2.0)), "scale_factor [3, 2]"),
        (resized("nearest", "half_pixel", (1.5, 1.5)), None),
        (resized("nearest", "asymmetric", (3.0, 3.0)), None),
        (resized("linear", "half_pixel", (2.0, 2.0)), "scale_factor 2, mode linear"),
        (resized("linear", "half_pixel", (1.5, 1.5)), "size 12, mode linear"),
        (resized("linear", "half_pixel", (1.6, 1.6)), "scale_factor 1.6, mode linear"),
        (resized("linear", "pytorch_half_pixel", (2.0, 2.0)), "scale_factor 2, mode linear"),
        (resized("linear", "pytorch_half_pixel", (0.125, 2.0)), None),
        (resized("linear", "align_corners", (2.0, 2.0)),
         "scale_factor 2, mode linear, align_corners true"),
        (resized("linear", "align_corners", (0.6, 0.6)), None),
        (resized("linear", "asymmetric", (2.0, 2.0)), None),
        (resized("linear", "half_pixel", (2.0, 2.0), antialias=1), None),
        (resized("cubic", "half_pixel", (2.0, 2.0)), "scale_factor 2, mode bicubic"),
        (resized("cubic", "half_pixel", (2.0, 2.0), cubic_coeff_a=-0.5), None),
        (resized("cubic", "half_pixel", (2.0, 2.0), exclude_outside=1), None),
    ],
)  # fmt: skip
def test_a_resize_is_an_upsample_if_it_computes_the_same(summarized, given, found):
    nodes, scales = given
    sizes = (1, 3, 12, 12) if found is None else MAP
    report = summarized(model(nodes, scales, values=[("y", sizes)]))
    row = report.layers[0]
    assert (row.kind, row.layer.text()) == ("upsample", found) if found else row.kind == "opaque"
    assert report.totals.macs == 0


@pytest.mark.parametrize(
    ("policy", "channels", "kind"),
    [("stretch", 3, "upsample"), ("not_larger", 3, "opaque"), ("stretch", 6, "opaque")],
)
def test_a_resize_to_given_sizes(summarized, policy, channels, kind):
    one = node("Resize", "x   s", "y", mode="linear", keep_aspect_ratio_policy=policy)
    sizes = (1, channels, 12, 16)
    report = summarized(model([one], [integers("s", *sizes)], values=[("y", sizes)]))
    assert kinds(report) == kind


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_the_order_of_channels_in_blocks(summarized, mode):
    """DCR counts the places within a block first, and PyTorch the channels."""
    torch = pytest.importorskip("torch")
    x = torch.arange(24.0).reshape(1, 8, 1, 3)
    r = 2
    apart = x.reshape(1, r, r, 2, 1, 3) if mode == "DCR" else x.reshape(1, 2, r, r, 1, 3)
    order = (0, 3, 4, 1, 5, 2) if mode == "DCR" else (0, 1, 4, 2, 5, 3)
    large = apart.permute(*order).reshape(1, 2, 2, 6)
    there = model([node("DepthToSpace", "x", "y", blocksize=2, mode=mode)], (), [("x", x.shape)])
    back = model([node("SpaceToDepth", "x", "y", blocksize=2, mode=mode)], (),
                 [("x", large.shape)])  # fmt: skip
    assert torch.equal(cnncalc.to_torch(summarized(there))(x), large)
    assert torch.equal(cnncalc.to_torch(summarized(back))(large), x)


@pytest.mark.parametrize(
    "one",
    [
        node("Swish", "x", "y", alpha=0.5),
        node("Selu", "x", "y", alpha=2.0),
        node("HardSigmoid", "x", "y", alpha=0.3),
        node("Exp", "x", "y"),
    ],
)
def test_an_elementwise_function_that_no_kind_expresses_keeps_the_shape(summarized, one):
    report = summarized(model([one]))
    assert (kinds(report), report.output_shape) == ("opaque", (3, 8, 8))
    assert report.totals.params == report.totals.macs == 0


def test_further_outputs_are_opaque(summarized):
    nodes = [node("LayerNormalization", "x w b", "n mean", axis=3), node("Relu", "mean", "m")]
    held = [tensor("w", [8]), tensor("b", [8])]
    data = model(nodes, held, values=[("mean", (1, 3, 8, 1))], outputs=("n", "m"))
    report = summarized(data)
    assert (kinds(report), report.totals.params) == ("layer_norm opaque relu", 16)
    assert [row.output for row in report.outputs] == [(3, 8, 8), (3, 8, 1)]


def test_the_places_of_maxima_are_only_for_unpooling(summarized):
    pool = node("MaxPool", "x", "p places", kernel_shape=[2, 2], strides=[2, 2])
    values = [("places", (1, 3, 4, 4))]
    report = summarized(model([pool], values=values, outputs=("p", "places")))
    assert kinds(report) == "max_pool opaque"
    assert [row.output for row in report.outputs] == [(3, 4, 4), (3, 4, 4)]


def test_a_pool_that_pads_more_than_half_its_window_is_opaque(summarized):
    pool = node("AveragePool", "x", "y", kernel_shape=[3, 3], pads=[2, 2, 2, 2])
    report = summarized(model([pool], values=[("y", (1, 3, 10, 10))]))
    assert (kinds(report), report.output_shape, report.totals.macs) == ("opaque", (3, 10, 10), 0)


def test_sizes_of_the_file_are_not_those_of_another_input(summarized):
    data = model([node("Strange", "x", "y")], values=[("y", (1, 5))])
    assert summarized(data).output_shape == (5,)
    with pytest.raises(CnncalcError, match=r"only for its own input; leave out --input$"):
        summarized(data, input=(3, 16, 16))


def test_sizes_of_the_file_do_not_follow_from_open_ones(summarized):
    data = model(
        [node("Strange", "x", "y")], inputs=[("x", (1, 3, "h", "w"))], values=[("y", (1, 5))]
    )
    with pytest.raises(CnncalcError, match=r"own input; export the model with fixed input sizes$"):
        summarized(data, input=(3, 16, 16))


def test_a_size_that_depends_on_the_data_is_refused(summarized):
    one = node("NonMaxSuppression", "x x most over", "y")
    held = [integers("most", 5), number("over", 0.5)]
    with pytest.raises(CnncalcError, match=r"cut the model before it with onnx\.utils"):
        summarized(model([one], held, [("x", (1, 6, 4))], values=[("y", ("n", 3))]))


# Older and rarer writings.


def test_weights_may_be_quantized_in_the_file(summarized):
    nodes = [
        node("QuantizeLinear", "w s z", "wq"),
        node("DequantizeLinear", "wq s z", "wf"),
        node("Conv", "x wf", "y"),
    ]
    held = [tensor("w", [4, 3, 3, 3]), floats("s", 0.5), tensor("z", [1], BYTES)]
    report = summarized(model(nodes, held))
    assert (kinds(report), report.totals.params) == ("conv", 4 * 27)


def test_a_number_plus_a_map_is_a_map_plus_a_number(summarized):
    report = summarized(model([node("Add", "two x", "y")], [number("two", 2.0)]))
    assert report.layers[0].layer.text() == "value 2.0"


def test_two_outputs_with_the_same_values_stay_two(summarized):
    nodes = [node("Relu", "x", "y"), node("Cast", "y", "z", to=1)]
    report = summarized(model(nodes, outputs=["y", "z"]))
    assert [row.kind for row in report.outputs] == ["relu", "identity"]


def test_an_old_upsample_repeats_pixels(summarized):
    held = [floats("s", 1.0, 1.0, 2.0, 2.0)]
    report = summarized(model([node("Upsample", "x s", "y", mode="nearest")], held))
    assert report.layers[0].layer.text() == "scale_factor 2"


def test_an_older_padding_of_a_pool_is_same(summarized):
    one = node("MaxPool", "x", "y", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    report = summarized(model([one]))
    assert report.output_shape == (3, 4, 4)  # 8/2


def test_blocks_of_pixels_that_become_channels(summarized):
    """As exporters write ``torch.pixel_unshuffle``; the axes move to their places in two steps."""
    torch = pytest.importorskip("torch")
    nodes = [
        node("Reshape", "x apart", "a"),
        node("Transpose", "a", "t", perm=[0, 1, 3, 5, 2, 4]),
        node("Reshape", "t whole", "y"),
    ]
    numbers = [integers("apart", 1, 3, 4, 2, 4, 2), integers("whole", 1, 12, 4, 4)]
    module = cnncalc.to_torch(summarized(model(nodes, numbers)))
    x = torch.rand(2, 3, 8, 8)
    assert torch.equal(module(x), torch.pixel_unshuffle(x, 2))


def test_axes_in_reverse_order(summarized):
    torch = pytest.importorskip("torch")
    nodes = [
        node("Reshape", "x apart", "a"),
        node("Transpose", "a", "t", perm=[0, 5, 4, 3, 2, 1]),
        node("Reshape", "t whole", "r"),
        node("Relu", "r", "y"),
    ]
    numbers = [integers("apart", 1, 2, 3, 2, 2, 2), integers("whole", 1, 48)]
    report = summarized(model(nodes, numbers, [("x", (1, 48))]))
    x = torch.rand(2, 48)
    right = x.reshape(2, 2, 3, 2, 2, 2).permute(0, 5, 4, 3, 2, 1).reshape(2, 48)
    assert torch.equal(cnncalc.to_torch(report)(x), right)
