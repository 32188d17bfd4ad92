"""ONNX files that we write: read back, they are the same network."""

from random import Random

import pytest
import random_networks
from onnx_bytes import call, constant, function, integers, message, model, node, number, tensor
from typer.testing import CliRunner

import cnncalc
from cnncalc import layers
from cnncalc.cli import app
from cnncalc.core.errors import CnncalcError, LayerError
from cnncalc.spec.readers import _onnx_layers

pytest.importorskip("torch")

CASES = [
    pytest.param(kind, example, id=f"{kind.kind}-{place}")
    for kind in layers.every()
    for place, example in enumerate(kind.examples)
]
COUNTS = (
    "params", "buffers", "macs", "multiply", "add", "compare", "divide", "exponential"
)  # fmt: skip
READ_AS = {
    "adaptive_avg_pool": "avg_pool",
    "adaptive_max_pool": "max_pool",
    "depthwise_conv": "conv",
    "multiply": "scale",
}
"""Kinds that are read back as another kind, which computes the same."""

SOFTPLUS = function("softplus", node("Softplus", "a", "b"))


def read_back(report, tmp_path):
    file = tmp_path / "net.onnx"
    file.write_bytes(cnncalc.to_onnx(report))
    return cnncalc.summarize(file)


def alone(kind, example):
    names = [f"input{place}" for place in range(len(example.inputs))]
    layer = {kind.kind: example.given, "name": "layer", "from": names}
    return cnncalc.summarize(
        {"input": dict(zip(names, example.inputs)), "layers": [layer, "relu"]}, layout="chw"
    )


@pytest.mark.parametrize(("kind", "example"), CASES)
def test_a_layer_is_the_same_after_writing_and_reading(tmp_path, kind, example):
    report = alone(kind, example)
    if report.totals.params > 200_000 or report.opaque:
        pytest.skip("too large to write every day, or opaque")
    if kind.kind == "parameter" and report["layer"].layer.computed:
        with pytest.raises(CnncalcError, match="how its output is computed"):
            cnncalc.to_onnx(report, weights={})
        return
    back = read_back(report, tmp_path)
    for count in COUNTS:
        assert getattr(back.totals, count) == getattr(report.totals, count)
    assert [row.output for row in back.outputs] == [row.output for row in report.outputs]
    assert back.exact
    found = [row.kind for row in back.layers if row.layer.family != "arrangement"]
    expected = [READ_AS.get(kind.kind, kind.kind)] if kind.family != "arrangement" else []
    assert found in ([*expected, "relu"], [kind.kind, "relu"])


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ("3x8x8", {"adaptive_avg_pool": 3}),
        ("3x8x8", {"adaptive_max_pool": [3, 4]}),
        ("2x9x9", {"avg_pool": {"kernel": 2, "stride": 1, "dilation": 8, "padding": "same"}}),
        ("2x9x9", {"avg_pool": {"kernel": 2, "stride": 1, "dilation": 8, "padding": "same_lower",
                                "count_include_pad": False}}),
        ("2x1x1x1", {"avg_pool": {"kernel": 3, "padding": "same_lower"}}),
        ("2x9x9", {"max_pool": {"kernel": 2, "stride": 1, "dilation": 8, "padding": "same"}}),
        ("2x9x9", {"lp_pool": {"kernel": 2, "norm_type": 1.5}}),
        ("2x9x9", {"lp_pool": {"kernel": 2, "norm_type": 3}}),
        ("2x9x9", {"lp_pool": {"kernel": 2, "ceil_mode": True}}),
        ("2x9x9", {"lp_pool": {"kernel": 2, "padding": 2}}),
        ("2x6", {"conv_transpose": {"filters": 4, "kernel": 2, "dilation": 4,
                                    "output_padding": 3, "padding": 1}}),
        ("2x6", {"conv_transpose": {"filters": 4, "kernel": 2, "dilation": 4, "bias": False,
                                    "output_padding": 3}}),
        ("3x4x4", {"batch_norm": {"track_running_stats": False}}),
        ("3", {"batch_norm": {"track_running_stats": False, "affine": False}}),
        ("3x4x4", {"instance_norm": {"track_running_stats": True, "affine": True}}),
        ("3x4x4", {"l2_normalize": {"eps": 0.1}}),
        ("4x4x4", {"local_response_norm": 2}),
        ("4x4x4", {"local_response_norm": {"size": 3, "alpha": 0}}),
        ("4x9", {"local_response_norm": 3}),
        ("3x4x4", {"softplus": 2}),
        ("3x4x4", {"softplus": {"threshold": 5}}),
        ("3x4x4", {"dropout": 1}),
        ("3x4", {"identity": {"copy": "contiguous"}}),
        ("3x4", {"identity": {"merges": 1}}),
        ("3x4x4", {"channel_dropout": 0.2}),
        ("3x4x4", {"stochastic_depth": 0.2}),
        ("3x4x4", {"scale": {"bias": True}}),
        ("3x4x4", {"conv": {"filters": 2, "kernel": 3, "connections": [[0], [1, 2]]}}),
        ("3x6x6", {"locally_connected": {"filters": 2, "kernel": 2, "bias": False}}),
        ("3x6x6", {"standardized_conv": {"filters": 2, "kernel": 3, "gain": 1.5}}),
        ("3x6", {"lstm": {"hidden_size": 4, "proj_size": 2, "num_layers": 2,
                          "bidirectional": True}}),
        ("3x6", {"lstm": {"hidden_size": 4, "proj_size": 2, "bidirectional": True,
                          "return_sequences": False, "bias": False}}),
        ("3x6", {"gru": {"hidden_size": 4, "num_layers": 2}}),
        ("3x6", {"gru": {"hidden_size": 4, "num_layers": 2, "bias": False}}),
        ("4x3x3", {"attention": {"num_heads": 2, "bias": False, "relative_bias": True}}),
        ("4x2x4x4", {"time_distributed": {"group_norm": {"num_groups": 2, "affine": False}}}),
        ("3x2x4x4", {"conv_lstm": {"hidden": 2, "kernel": 2, "peepholes": True}}),
        ("3x2x4x4", {"time_distributed": {"softplus": 2}}),
        ("3x2x4x4", {"time_distributed": {"linear": 5}}),
        ("3x4x4", {"parameter": {"shape": [2, 5], "learned": False}}),
    ],
)  # fmt: skip
def test_a_layer_without_an_operator_of_its_own_comes_back_with_its_fields(tmp_path, shape, layer):
    ((kind, _),) = layer.items()
    report = cnncalc.summarize({"input": shape, "layers": [{**layer, "name": "layer"}]})
    back = read_back(report, tmp_path)
    assert back["layer"].kind == kind
    assert back["layer"].layer == report["layer"].layer
    assert back.totals.params == report.totals.params
    assert back.totals.buffers == report.totals.buffers


def test_an_opaque_layer_cannot_be_exported():
    opaque = layers.load("opaque").parse({"output": "3x8x8"})
    with pytest.raises(LayerError, match="ONNX has no operator for opaque"):
        opaque.to_onnx(None)


@pytest.mark.parametrize("layer", [{"permute": [1, 0]}, {"flatten": None}, {"relu": None}])
def test_equal_outputs_of_a_layer_stay_apart(tmp_path, layer):
    first = {"relu": None, "name": "r"}
    twice = [{**layer, "from": "r"}, {**layer, "from": "r"}]
    report = cnncalc.summarize({"input": "3x4", "layers": [first, *twice]})
    back = read_back(report, tmp_path)
    assert [(row.kind, row.output) for row in back.outputs] == [
        (row.kind, row.output) for row in report.outputs
    ]
    assert len(back.outputs) == 2


@pytest.mark.parametrize(
    ("shape", "layers"),
    [
        ("4x2x4x6", [{"reshape": [4, 8, 2, 3]}, {"permute": [3, 0, 1, 2]}]),
        ("6x2x4x4", [{"permute": [3, 1, 2, 0]}, {"reshape": [4, 8, 2, 3]},
                     {"permute": [3, 0, 1, 2]}]),
    ],
)  # fmt: skip
def test_a_product_over_one_axis_of_a_regrouped_volume_is_read_back(tmp_path, shape, layers):
    linear = {"linear": {"out_features": 9, "per_position": True}}
    back = read_back(cnncalc.summarize({"input": shape, "layers": [*layers, linear]}), tmp_path)
    # 3·9 + 9, and 27 products at each of 4·8·2 positions
    assert (back.totals.params, back.totals.macs) == (36, 27 * 64)
    assert back.output_shape == (9, 4, 8, 2)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_a_factor_whose_size_is_rounded_down_is_kept(tmp_path, mode):
    """PyTorch steps by the factor, and ONNX only if it is given in place of the size."""
    layer = {"upsample": {"scale_factor": [0.5, 1.5], "mode": mode}, "name": "layer"}
    report = cnncalc.summarize({"input": "4x11x10", "layers": [layer]})
    assert report.output_shape == (4, 5, 15)
    assert read_back(report, tmp_path)["layer"].layer == report["layer"].layer


@pytest.mark.parametrize(
    ("size", "ceil_mode"),
    [
        (9, False),  # a second window would begin at 9, past the edge
        (10, True),  # it begins at 9, and extends past the edge
    ],
)
@pytest.mark.parametrize("kind", ["avg_pool", "max_pool"])
def test_a_size_is_rounded_up_only_if_a_window_extends_past_the_edge(
    tmp_path, kind, size, ceil_mode
):
    pool = {kind: {"kernel": 4, "stride": 9, "ceil_mode": True}, "name": "pool"}
    report = cnncalc.summarize({"input": f"2x{size}x{size}", "layers": [pool]})
    back = read_back(report, tmp_path)
    assert back["pool"].layer.ceil_mode == ceil_mode
    assert back.output_shape == report.output_shape


@pytest.mark.parametrize("kind", ["add", "maximum", "multiply"])
def test_three_maps_are_joined_by_one_layer(tmp_path, kind):
    layers = [{"relu": {}, "name": "a"}, {"tanh": {}, "name": "b"}, {kind: {}, "name": "join"}]
    layers[-1]["from"] = ["a", "b", "input"]
    back = read_back(cnncalc.summarize({"input": "3x4x4", "layers": layers}), tmp_path)
    assert [row.kind for row in back.layers] == ["relu", "tanh", kind]


@pytest.mark.parametrize("seed", range(12))
def test_a_random_network_is_the_same_after_writing_and_reading(tmp_path, seed):
    report = cnncalc.summarize(random_networks.network(Random(seed)))
    back = read_back(report, tmp_path)
    for count in COUNTS:
        assert getattr(back.totals, count) == getattr(report.totals, count)
    assert [row.output for row in back.outputs] == [row.output for row in report.outputs]


def test_layers_that_become_several_operators_keep_their_names(tmp_path):
    layers = [
        {"prelu": "channels", "name": "a.conv2"},
        {"scale": {}, "name": "a.mul"},
        {"channel_shuffle": 2, "name": "shuffle"},
        {"reshape": "4x9", "name": "signal"},
        {"gru": 2, "name": "a.gru"},
        {"lstm": 2, "name": "a.gru2"},
        {"layer_norm": "channels", "name": "norm"},
    ]
    report = cnncalc.summarize({"input": "4x3x3", "layers": layers}, layout="chw")
    back = read_back(report, tmp_path)
    learned = [row.name for row in back.layers if row.params]
    assert learned == ["a.conv2", "a.mul", "a.gru", "a.gru2", "norm"]


def test_layers_with_shared_weights_share_them_after_reading(tmp_path):
    filters = {"standardized_conv": {"filters": 3, "kernel": 3, "padding": 1}}
    report = cnncalc.summarize(
        {"input": "3x5x5", "layers": [{**filters, "name": "a"}, {**filters, "weights": "a"}]}
    )
    assert read_back(report, tmp_path).totals.params == 84  # 3·3·3·3 + 3


@pytest.mark.parametrize("fields", [{}, {"fields": "{"}, {"fields": 3}, {"fields": "[" * 9999}])
def test_a_function_without_its_fields_is_refused(summarized, fields):
    data = model([node("glu", "x", "y", domain="cnncalc", **fields)], functions=[function("glu")])
    with pytest.raises(CnncalcError, match="'fields' of the function is not valid JSON"):
        summarized(data)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ("0", "'fields' of the function is not a JSON object"),
        ("false", "'fields' of the function is not a JSON object"),
        ('{"p": 0.1, "p": 0.2}', "'fields' of the function has 'p' twice"),
        ('{"p": ' + "9" * 5000 + "}", "a number of 5000 digits is too long"),
        ('{"p": NaN}', "a spec cannot contain nan"),
    ],
)
def test_a_function_with_unusual_fields_is_refused(summarized, fields, why):
    with pytest.raises(CnncalcError, match=why):
        summarized(model([call("dropout", fields)], functions=[function("dropout")]))


def test_fields_of_a_function_that_are_new_are_skipped(summarized):
    later = SOFTPLUS + message((99, 1))
    report = summarized(model([call("softplus", "{}")], functions=[later]))
    assert [row.kind for row in report.layers] == ["softplus"]


def test_a_function_keeps_a_field_of_0(summarized):
    body = constant("p", number("", 0.0)), node("Dropout", "a p", "b")
    data = model([call("dropout", '{"p": 0}')], functions=[function("dropout", *body)])
    assert summarized(data)["dropout"].layer.p == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"functions": ()}, "the file has no such function"),
        ({"functions": [function("glu")]}, "the file has no such function"),
        ({"functions": [SOFTPLUS] * 2}, "two functions 'softplus' with the same overload"),
        ({"functions": [function("softplus", domain="")]}, "ONNX's operator 'softplus' with a f"),
        ({"version": 99}, "version 99 of the domain 'cnncalc', not 1; export it again"),
        ({"values": [("y", (1, 3, 1, 1))]}, "is 3 × 1 × 1 in the file, but 3 × 8 × 8 by its"),
        ({"values": [("y", (1, 192))]}, "is 192 in the file, but 3 × 8 × 8 by its fields"),
    ],
)
def test_a_call_that_differs_from_its_file_is_refused(summarized, options, why):
    options = {"functions": [SOFTPLUS], **options}
    with pytest.raises(CnncalcError, match=why):
        summarized(model([call("softplus", "{}")], **options))


def test_a_call_may_leave_sizes_of_its_output_open(summarized):
    open_sizes = [("y", ("batch", 3, "height", 8))]
    data = model([call("softplus", "{}")], functions=[SOFTPLUS], values=open_sizes)
    assert [row.kind for row in summarized(data).layers] == ["softplus"]


def test_the_fields_of_all_functions_have_few_values(summarized, monkeypatch):
    monkeypatch.setattr(_onnx_layers, "MAX_VALUES", 8)
    functions = [SOFTPLUS]
    calls = [call("softplus", '{"beta": 1}', "x", f"y{place}") for place in range(5)]
    four = model(calls[:4], outputs=[f"y{place}" for place in range(4)], functions=functions)
    assert len(summarized(four).layers) == 4  # with two values each: the object and its number
    five = model(calls, outputs=[f"y{place}" for place in range(5)], functions=functions)
    with pytest.raises(CnncalcError, match="its functions have more than 8 values as fields"):
        summarized(five)


SHARP = '{"beta": 2, "threshold": 5}'
"""The fields of a softplus that is not ONNX's."""


def sharp(*last, beta=2.0, threshold=5.0, **options):
    """The function of this softplus; ``last`` replaces its last operators."""
    body = [
        constant("beta", number("", beta)),
        node("Mul", "a beta", "scaled"),
        node("Softplus", "scaled", "s"),
        node("Div", "s beta", "d"),
        constant("edge", number("", threshold)),
        node("Greater", "scaled edge", "far"),
        node("Where", "far a d", "b"),
    ]
    return function("softplus", *body[: 7 - len(last)], *last, **options)


@pytest.mark.parametrize("one", [sharp(), sharp(node("Where", "far a d", "c"), outputs="c")])
def test_a_function_that_computes_the_layer_is_read_back(summarized, one):
    report = summarized(model([call("softplus", SHARP)], functions=[one]))
    assert report["softplus"].layer.text() == "beta 2, threshold 5"


@pytest.mark.parametrize(
    "one",
    [
        function("softplus", node("GlobalAveragePool", "a", "b")),
        function("softplus", node("Softplus", "a", "b")),
        sharp(beta=3.0),  # another number
        sharp(threshold=20.0),
        sharp(node("Where", "far d a", "b")),  # in another order
        sharp(node("Less", "scaled edge", "far"), node("Where", "far a d", "b")),
        sharp(node("Where", "far a d", "b", axis=1)),  # with another setting
        sharp(node("Where", "far a d", "b", domain="my.own")),
        sharp(node("Where", "far a d", "b more")),  # with another output
        sharp(node("Where", "far a d", "d")),  # a name twice
        sharp(node("Where", "far a d", "c"), node("Relu", "c", "b")),  # longer, with one missing
        sharp(outputs="d"),
        sharp(outputs="b d"),
        sharp(inputs="a more"),
        sharp(node("Where", "far a d", " ")),  # without a name
        sharp(opset=20),  # in which an operator may have another meaning
        function("softplus", constant("beta", integers("", 2)), node("Softplus", "a", "b")),
        function("softplus", constant("beta", tensor("", [], 1)), node("Softplus", "a", "b")),
        function("softplus", node("Constant", "", "beta", value=2.0), node("Softplus", "a", "b")),
    ],
)
def test_a_function_that_computes_something_else_is_refused(summarized, one):
    with pytest.raises(CnncalcError, match="is not the one that cnncalc writes for these fields"):
        summarized(model([call("softplus", SHARP)], functions=[one]))


def test_the_operators_of_all_functions_are_compared_within_a_limit(summarized, monkeypatch):
    monkeypatch.setattr(_onnx_layers, "MAX_COMPARED", 14)
    one = sharp()

    def network(*fields):
        calls = [call("softplus", text, "x", f"y{place}") for place, text in enumerate(fields)]
        outputs = [f"y{place}" for place in range(len(fields))]
        return model(calls, outputs=outputs, functions=[one])

    assert len(summarized(network(*[SHARP] * 9)).layers) == 9  # compared once, with 7 operators
    with pytest.raises(CnncalcError, match="functions have more than 14 operators to compare"):
        summarized(network(SHARP, SHARP + " ", " " + SHARP))


def test_a_longer_function_is_refused(summarized):
    longer = function("softplus", node("Softplus", "a", "b"), node("Relu", "b", "c"))
    with pytest.raises(CnncalcError, match="is not the one that cnncalc writes for these fields"):
        summarized(model([call("softplus", "{}")], functions=[longer]))


def maxout(*held, operands="w b", inputs="w b"):
    """A file with a maxout of 2 features, which are the larger of 2 numbers each."""
    body = [
        node("Gemm", f"a {inputs}", "every", transB=1),
        constant("sizes", integers("", 0, 2, 2)),
        node("Reshape", "every sizes", "pieces"),
        constant("axis", integers("", 2)),
        node("ReduceMax", "pieces axis", "y", keepdims=0),
    ]
    one = function("maxout", *body, inputs=f"a {inputs}", outputs="y")
    fields = '{"out_features": 2, "pieces": 2}'
    return model([call("maxout", fields, f"x {operands}")], held, [("x", (1, 3))], functions=[one])


def test_the_weights_of_a_function_have_the_sizes_that_it_needs(summarized):
    right = [tensor("w", [4, 3]), tensor("b", [4])]
    assert summarized(maxout(*right)).totals.params == 16  # 4·3 + 4
    with pytest.raises(CnncalcError, match="its weight is 3 × 4 in the file, but must be 4 × 3"):
        summarized(maxout(tensor("w", [3, 4]), tensor("b", [4])))
    with pytest.raises(CnncalcError, match=r"its bias is 2 × 2 in the file, but must be 4$"):
        summarized(maxout(tensor("w", [4, 3]), tensor("b", [2, 2])))
    with pytest.raises(CnncalcError, match="is not the one that cnncalc writes for these fields"):
        summarized(maxout(tensor("w", [4, 4]), operands="w"))
    with pytest.raises(CnncalcError, match="its weight is 4 × 4 in the file, but must be 4 × 3"):
        summarized(maxout(tensor("w", [4, 4]), operands="w", inputs="w"))


def test_numbers_of_a_function_are_computed_only_if_the_file_has_them(summarized):
    """The positions of a thousand million windows would take minutes and gigabytes."""
    size = 10**9
    body = constant("reads", tensor("", [size, 1], 7)), node("Gather", "a reads", "b", axis=2)
    unfold = model([call("unfold", '{"kernel_size": 1}')], (), [("x", (1, 1, size, 1))],
                   functions=[function("unfold", *body)])  # fmt: skip
    with pytest.raises(CnncalcError, match="is not the one that cnncalc writes for these fields"):
        summarized(unfold)


def test_a_function_has_no_more_layers_than_operators(summarized):
    """The names of the tensors of a thousand million layers would take gigabytes."""
    layers = 10**9
    gru = call("gru", f'{{"hidden_size": 1, "num_layers": {layers}}}', "x w")
    held = [tensor("w", [layers * 3 * (1 + 1 + 2)])]
    one = function("gru", node("Transpose", "a", "b", perm=[2, 0, 1]), inputs="a w")
    with pytest.raises(CnncalcError, match="is not the one that cnncalc writes for these fields"):
        summarized(model([gru], held, [("x", (1, 1, 4))], functions=[one]))


@pytest.mark.parametrize("operands", ["w x", "w x b"])
def test_the_weights_of_a_function_follow_its_inputs(summarized, operands):
    held = [tensor("w", [4, 3, 3, 3]), tensor("b", [4])]
    conv = call("conv", '{"filters": 4, "kernel": 3}', operands)
    with pytest.raises(CnncalcError, match="its weights must follow its inputs"):
        summarized(model([conv], held, functions=[function("conv")]))


def test_a_function_needs_the_batch_first(summarized):
    nodes = [node("Transpose", "x", "t", perm=[1, 0, 2, 3]), call("softplus", "{}", "t")]
    with pytest.raises(CnncalcError, match="an input does not have the batch as its first axis"):
        summarized(model(nodes, functions=[function("softplus")]))


def test_control_characters_in_an_operator_are_replaced(summarized):
    found = summarized(model([node("soft\x1b[31mplus\n", "x", "y")]))
    assert [row.layer.what for row in found.layers] == ["ONNX soft?[31mplus?"]


def test_a_function_of_another_domain_is_opaque(summarized):
    one = function("Relu", node("Tanh", "a", "b"), domain="my.own")
    data = model([node("Relu", "x", "y", domain="my.own")], functions=[one],
                 values=[("y", (1, 3, 8, 8))])  # fmt: skip
    assert [row.kind for row in summarized(data).layers] == ["opaque"]


def test_only_the_domain_makes_a_node_a_call_of_a_function(summarized):
    data = model([node("softplus of cnncalc", "x", "y", fields="{}")],
                 functions=[function("softplus")])  # fmt: skip
    assert [row.kind for row in summarized(data).layers] == ["opaque"]


def test_a_function_with_fields_that_nest_deeply_is_refused(summarized):
    fields = '{"time_distributed": ' * 300 + '"relu"' + "}" * 300
    data = model([call("time_distributed", fields)], functions=[function("time_distributed")])
    with pytest.raises(CnncalcError, match="values are nested deeper than 60 levels"):
        summarized(data)


def test_a_function_without_its_weights_is_refused(summarized):
    prelu = call("prelu", '{"num_parameters": "channels"}')
    with pytest.raises(CnncalcError, match="needs 3 stored values, but the file holds 0"):
        summarized(model([prelu], functions=[function("prelu")]))


@pytest.mark.parametrize("kind", ["newer", "opaque"])
def test_a_function_that_we_do_not_write_is_opaque(summarized, kind):
    fields = '{"shape": 7, "params": 7}'
    data = model([call(kind, fields)], functions=[function(kind)])
    assert [row.kind for row in summarized(data).layers] == ["opaque"]


@pytest.mark.parametrize("name", ["lenet5", "siamese_koch", "textcnn", "shufflenet_v2_x0_5"])
def test_a_network_is_the_same_after_writing_and_reading(tmp_path, name):
    report = cnncalc.summarize(name, tiny=True)
    back = read_back(report, tmp_path)
    for count in COUNTS:
        assert getattr(back.totals, count) == getattr(report.totals, count)
    assert back.output_shape == report.output_shape


def test_the_command_writes_a_file_with_seeded_weights(tmp_path):
    files = [tmp_path / name for name in ("a.onnx", "b.onnx", "c.onnx")]
    for file, seed in zip(files, ("1", "1", "2")):
        arguments = ["export", "1x8x8-4C3-10N", "--to", "onnx", "--seed", seed, "-o", str(file)]
        assert CliRunner().invoke(app, arguments).exit_code == 0
    same, again, other = (file.read_bytes() for file in files)
    assert same == again != other
    assert cnncalc.summarize(files[0]).totals.params == 40 + 1450  # 9·4 + 4, 4·6·6·10 + 10


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--to", "onnx"], "name a file, as in -o net.onnx"),
        (["--to", "onx"], "did you mean 'onnx'"),
        (["--to", "tf"], "choose torch, yaml, onnx, scalesim or zigzag"),
        (["--seed", "1"], "--seed is only for --to onnx"),
    ],
)
def test_the_command_explains_what_it_needs(options, why):
    with pytest.raises(CnncalcError, match=why):
        CliRunner().invoke(app, ["export", "lenet5", *options], catch_exceptions=False)
