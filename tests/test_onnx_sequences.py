"""Recurrent layers and attention in ONNX files, read and written."""

import struct
from random import Random
from types import SimpleNamespace

import pytest
import random_networks
from onnx_bytes import integers, model, node, tensor

import cnncalc
from cnncalc.core.errors import CnncalcError
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Map
from cnncalc.layers.l2_normalize import L2Normalize
from cnncalc.spec.readers import _onnx_constants as constants
from cnncalc.spec.readers import _onnx_values as values

SIGNAL = [("x", (4, 1, 3))]
"""4 positions, a batch of 1, 3 features: as PyTorch's layers expect unless batch_first is set."""
BATCHED = [("x", ("n", 4, 3))]
TURN = node("Transpose", "x", "t", perm=[1, 0, 2])


def kinds(report):
    return " ".join(row.kind for row in report.layers)


def cell(gates, ways=1, hidden=2, features=3):
    """The weights of a recurrent operator: w, r, and two biases for each gate."""
    rows = gates * hidden
    return [
        tensor("w", [ways, rows, features]),
        tensor("r", [ways, rows, hidden]),
        tensor("b", [ways, 2 * rows]),
    ]


# 2 hidden units: each gate has 2·(3 + 2) weights and 2·2 biases; 4 positions.
@pytest.mark.parametrize(
    ("kind", "gates", "settings"),
    [
        ("RNN", 1, {"activations": ["Tanh"]}),
        ("GRU", 3, {"linear_before_reset": 1}),
        ("LSTM", 4, {}),
    ],
)
def test_a_recurrent_layer_is_read(summarized, kind, gates, settings):
    nodes = [TURN, node(kind, "t w r b", "s", **settings), node("Squeeze", "s", "y", axes=[1])]
    report = summarized(model(nodes, cell(gates), BATCHED))
    row = report.layers[1]
    assert kinds(report) == f"permute {kind.lower()}"
    assert (row.output, row.params, row.macs) == ((2, 4), gates * 14, gates * 40)


def both(*more, outputs="s", **settings):
    settings = {"direction": "bidirectional"} | settings
    return [TURN, node("LSTM", "t w r b", outputs, **settings), *more]


def test_both_directions_are_one_after_another(summarized):
    turned = node("Transpose", "s", "u", perm=[2, 0, 1, 3])
    more = turned, node("Reshape", "u to", "v"), node("MatMul", "v m", "y")
    weights = [*cell(4, ways=2), integers("to", 0, 0, -1), tensor("m", [4, 5])]
    report = summarized(model(both(*more), weights, BATCHED))
    assert kinds(report) == "permute lstm linear permute"
    assert report.layers[1].layer.bidirectional
    # 2 directions · 4 gates · (10 + 4), and 4·5
    assert (report.totals.params, report.output_shape) == (112 + 20, (4, 5))


def test_the_batch_may_come_first(summarized):
    one = node("LSTM", "x w r", "s", layout=1)
    data = model([one, node("Squeeze", "s", "y", axes=[2])], cell(4)[:2], BATCHED)
    report = summarized(data)
    assert (report.totals.params, report.output_shape) == (40, (4, 2))
    assert report.layers[1].layer.bias is False


LAST = [node("Transpose", "h", "u", perm=[1, 0, 2]), node("Flatten", "u", "y")]


def test_the_last_states_alone(summarized):
    data = model(both(*LAST, outputs=" h"), cell(4, ways=2), BATCHED)
    report = summarized(data)
    assert (kinds(report), report.output_shape) == ("permute lstm", (4,))
    assert report.layers[1].layer.return_sequences is False


@pytest.mark.parametrize(
    ("ways", "found"),
    [(1, "permute lstm slice flatten"), (2, "permute lstm slice slice slice slice concat flatten")],
)
def test_the_last_states_beside_all(summarized, ways, found):
    nodes = both(*LAST, outputs="s h", direction=("forward", "bidirectional")[ways - 1])
    report = summarized(model(nodes, cell(4, ways), BATCHED, ("y", "s")))
    assert kinds(report).startswith(found)
    assert (2 * ways,) in [row.output for row in report.outputs]
    assert report.totals.macs == ways * 160


def test_the_cell_state_is_opaque(summarized):
    nodes = [TURN, node("LSTM", "t w r b", "s  c"), node("Squeeze", "s", "y", axes=[1])]
    report = summarized(
        model(nodes, cell(4), [("x", (1, 4, 3))], ("y", "c"), values=[("c", (1, 1, 2))])
    )
    assert not report.exact
    assert (report.totals.params, report.layers[1].kind) == (56, "lstm")


STATES = [
    node("Shape", "t", "shape"), node("Gather", "shape one", "n"),
    node("Unsqueeze", "n", "n1", axes=[0]), node("Concat", "ways n1 units", "sizes", axis=0),
]  # fmt: skip
"""The sizes of a state, for any batch."""
SIZES = [tensor("one", [], 7, struct.pack("<q", 1)), integers("ways", 1), integers("units", 2)]
ZEROS = [
    [
        node("Constant", "", "zero", value=tensor("", [1, 1, 1], 1, bytes(4))),
        node("Expand", "zero sizes", "h"),
    ],
    [node("ConstantOfShape", "sizes", "h")],
]


@pytest.mark.parametrize("made", ZEROS)
def test_a_state_that_begins_with_zeros_is_the_usual_one(summarized, made):
    nodes = [TURN, *STATES, *made, node("LSTM", "t w r b  h h", "s"),
             node("Squeeze", "s", "y", axes=[1])]  # fmt: skip
    report = summarized(model(nodes, [*cell(4), *SIZES], BATCHED))
    assert (kinds(report), report.totals.params) == ("permute lstm", 56)


ONES = tensor("h", [1, 1, 2], 1, struct.pack("<2f", 1, 1))


@pytest.mark.parametrize(
    ("nodes", "weights"),
    [
        ([node("LSTM", "x w r b  h", "y")], [*cell(4), ONES]),
        ([node("LSTM", "x w r b l", "y")], [*cell(4), tensor("l", [1], 6, bytes(4))]),
        ([node("LSTM", "x w r b    p", "y")], [*cell(4), tensor("p", [1, 6])]),
        ([node("LSTM", "x w r b", "y", direction="reverse")], cell(4)),
        ([node("LSTM", "x w r b", "y", clip=1.5)], cell(4)),
        ([node("LSTM", "x w r b", "y", activations=["Relu", "Tanh", "Tanh"])], cell(4)),
        ([node("GRU", "x w r b", "y")], cell(3)),
        ([node("LSTM", "x w r o", "y")], [*cell(4), tensor("o", [1, 5])]),
        ([node("LSTM", "x w r x", "y")], cell(4)),
        ([node("LSTM", "x x r", "y")], cell(4)),
        ([node("Squeeze", "x", "q", axes=[1]), node("LSTM", "q w r b", "y")], cell(4)),
        ([node("LSTM", "x w r b", "y")], cell(4)),  # it reads the second axis as the batch
    ],
)  # fmt: skip
def test_a_cell_that_no_kind_expresses_is_opaque(summarized, nodes, weights):
    data = model(nodes, weights, [("x", (1, 1, 3))], values=[("y", (1, 1, 1, 2))])
    report = summarized(data)
    assert report.layers[-1].kind == "opaque"


# Attention: 2 heads of 4 features, 3 queries and 5 keys.
HEADS = [("q", ("n", 2, 3, 4)), ("k", ("n", 2, 5, 4)), ("v", ("n", 2, 5, 6))]
FLAT = [("q", ("n", 3, 8)), ("k", ("n", 5, 8)), ("v", ("n", 5, 12))]


def attention(inputs="q k v", **settings):
    return [node("Attention", inputs, "y", **settings)]


def test_attention_of_heads_is_read(summarized):
    report = summarized(model(attention(scale=0.5), [], HEADS, opset=23))
    (row,) = report.layers
    assert (row.kind, row.layer.scale, row.output) == ("dot_product_attention", 0.5, (2, 3, 6))
    assert row.macs == 2 * 3 * 5 * (4 + 6)


def test_attention_of_features_is_read(summarized):
    nodes = attention(q_num_heads=2, kv_num_heads=2)
    report = summarized(model(nodes, [], FLAT, opset=23))
    (row,) = (row for row in report.layers if row.kind == "dot_product_attention")
    assert (row.layer.scale, row.macs) == (None, 2 * 3 * 5 * (4 + 6))
    assert report.output_shape == (3, 12)


@pytest.mark.parametrize("sizes", [[2, 3, 5], [1, 1, 3, 5], [3, 5]])
def test_numbers_that_are_added_to_scores(summarized, sizes):
    data = model(attention("q k v m"), [tensor("m", sizes)], HEADS, opset=23)
    report = summarized(data)
    assert kinds(report) == "parameter dot_product_attention"
    assert report.totals.params == (30 if sizes[0] == 2 else 15)


def test_scores_of_another_input_are_added(summarized):
    inputs = [*HEADS, ("m", ("n", 1, 3, 5))]
    (row,) = summarized(model(attention("q k v m"), [], inputs, opset=23)).layers
    assert (row.kind, len(row.inputs)) == ("dot_product_attention", 4)


@pytest.mark.parametrize(
    ("nodes", "weights", "inputs"),
    [
        (attention(is_causal=1), [], HEADS),
        (attention(softcap=2.0), [], HEADS),
        (attention(new=1), [], HEADS),
        (attention("q k v m"), [tensor("m", [3, 5], 9)], HEADS),
        (attention("q k v m"), [tensor("m", [3, 1])], HEADS),
        (attention("q k v m"), [tensor("m", [2, 1, 3, 5])], HEADS),
        (attention("q k v  p"), [tensor("p", [1, 2, 5, 4])], HEADS),
        (attention("q k v    n"), [integers("n", 5)], HEADS),  # how many keys each image has
        (attention(), [], [HEADS[0], ("k", ("n", 1, 5, 4)), ("v", ("n", 1, 5, 4))]),
        (attention(q_num_heads=3, kv_num_heads=2), [], FLAT),
    ],
)
def test_other_attention_is_opaque(summarized, nodes, weights, inputs):
    data = model(nodes, weights, inputs, opset=23, values=[("y", ("n", 3, 12))])
    assert summarized(data).layers[-1].kind == "opaque"


# Numbers that are computed from weights.


def test_rows_of_a_table_are_a_parameter(summarized):
    # 3·3 places of a table of 2·5 numbers, for each of 2 heads
    nodes = [node("Gather", "table places", "g", axis=1), node("Reshape", "g to", "b"),
             node("Add", "x b", "y")]  # fmt: skip
    weights = [tensor("table", [2, 5]), integers("places", *[0, 1, 2] * 3),
               integers("to", 2, 3, 3)]  # fmt: skip
    report = summarized(model(nodes, weights, [("x", ("n", 2, 3, 3))]))
    assert kinds(report) == "parameter add"
    assert (report.totals.params, report.output_shape) == (10, (2, 3, 3))


def test_rows_of_a_table_are_learned_once_however_they_are_arranged(summarized):
    # 9 places of a table of 5·2 numbers, with the 2 heads first
    nodes = [node("Gather", "table places", "g"), node("Transpose", "g", "t", perm=[1, 0]),
             node("Reshape", "t to", "b"), node("Add", "x b", "y")]  # fmt: skip
    weights = [tensor("table", [5, 2]), integers("places", *[0, 1, 2] * 3),
               integers("to", 2, 3, 3)]  # fmt: skip
    report = summarized(model(nodes, weights, [("x", ("n", 2, 3, 3))]))
    assert (kinds(report), report.totals.params) == ("parameter add", 10)


@pytest.mark.parametrize("axis", [0, -1])
def test_computed_numbers_that_do_not_fit_are_opaque(summarized, axis):
    nodes = [node("Concat", "a a", "b", axis=axis), node("Add", "x b", "y")]
    weights = [tensor("a", [1, 2, 3, 3])]
    data = model(nodes, weights, [("x", ("n", 2, 3, 3))], values=[("y", ("n", 2, 3, 3))])
    report = summarized(data)
    assert (kinds(report), report.totals.params) == ("opaque", 18)


def test_filters_that_are_computed_from_other_weights_are_opaque(summarized):
    nodes = [node("Concat", "a a", "w", axis=0), node("Gather", "w i", "v"),
             node("Conv", "x v", "y")]  # fmt: skip
    weights = [tensor("a", [2, 2, 1, 1]), integers("i", 0, 1, 2)]
    data = model(nodes, weights, [("x", ("n", 2, 3, 3))], values=[("y", ("n", 3, 3, 3))])
    report = summarized(data)
    assert (kinds(report), report.totals.params) == ("opaque", 4)


# What we write.


def read_back(report, tmp_path):
    file = tmp_path / "net.onnx"
    file.write_bytes(cnncalc.to_onnx(report))
    return cnncalc.summarize(file)


@pytest.mark.parametrize(
    "layer",
    [
        {"lstm": {"hidden": 3, "num_layers": 2, "bidirectional": True}},
        {"gru": {"hidden": 3, "separate_biases": False, "return_sequences": False}},
        {"rnn": {"hidden": 1, "bias": False}},
        {"attention": {"heads": 2, "relative_bias": True}},
    ],
)
def test_a_layer_that_is_read_back(tmp_path, layer):
    pytest.importorskip("torch")
    report = cnncalc.summarize({"input": "2x4", "layout": "chw", "layers": [layer]})
    back = read_back(report, tmp_path)
    for count in ("params", "buffers", "macs"):
        assert getattr(back.totals, count) == getattr(report.totals, count)
    assert (back.output_shape, back.exact) == (report.output_shape, True)


def test_gates_are_written_in_the_order_of_onnx():
    torch = pytest.importorskip("torch")
    report = cnncalc.summarize({"input": "1x2", "layout": "chw", "layers": [{"lstm": 1}]})
    # input, forget, cell, output in PyTorch; input, output, forget, cell in ONNX
    state = cnncalc.to_torch(report).state_dict()
    state["lstm1.weight_ih_l0"] = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    data = cnncalc.to_onnx(report, weights=state)
    assert struct.pack("<4f", 1, 4, 2, 3) in data


def test_a_network_that_is_too_large_for_a_file_is_refused():
    pytest.importorskip("torch")
    with pytest.raises(CnncalcError, match=r"take 2,580,.* bytes, but an ONNX file cannot"):
        cnncalc.to_onnx("regnet_y_128gf", tiny=True)


# What random networks showed.


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ([{"slice": {"start": 0, "stop": 1}}], "identity"),
        ([{"roll": 4}], "roll"),
        ([{"instance_norm": {"affine": True, "bias": False}}], "instance_norm"),
        ([{"leaky_relu": 1}], "leaky_relu"),
        ([{"subsampling": 2}], "subsampling"),
        ([{"linear": 1}, "tanh"], "flatten linear tanh"),
        ([{"max_pool": {"kernel": 2, "stride": 1, "dilation": 3, "padding": "same"}}],
         "max_pool"),
        ([{"max_pool": {"kernel": 3, "ceil_mode": True}, "name": "a"},
          {"max_unpool": {"kernel": 3, "ceil_mode": True}, "from": ["a", "input"]}],
         "max_pool max_unpool"),
    ],
)  # fmt: skip
def test_an_odd_layer_that_is_read_back(tmp_path, layers, found):
    pytest.importorskip("torch")
    report = cnncalc.summarize({"input": "1x4x4", "layout": "chw", "layers": layers})
    back = read_back(report, tmp_path)
    assert (kinds(back), back.totals.params) == (found, report.totals.params)
    assert back.output_shape == report.output_shape


def test_outputs_stay_in_their_order(tmp_path):
    pytest.importorskip("torch")
    spec = {"input": "2x3x4", "layout": "chw", "layers": ["flatten", {"relu": {}, "from": "input"}]}
    report = cnncalc.summarize(spec)
    assert [row.output for row in read_back(report, tmp_path).outputs] == [(24,), (2, 3, 4)]


@pytest.mark.parametrize(
    ("nodes", "weights"),
    [
        ([node("LRN", "x", "y", size=2)], []),
        ([node("InstanceNormalization", "x one b", "y")],
         [tensor("b", [2])]),
    ],
)  # fmt: skip
def test_what_onnx_computes_otherwise_is_opaque(summarized, nodes, weights):
    one = node("Constant", "", "one", value=tensor("", [2], 1, struct.pack("<2f", 1, 1)))
    data = model([one, *nodes], weights, [("x", (1, 2, 3, 3))], values=[("y", (1, 2, 3, 3))])
    assert kinds(summarized(data)) == "opaque"


@pytest.mark.parametrize("seed", [4, 6, 10, 13, 14, 15, 18, 20, 31, 51])
def test_a_random_network_is_read_back(tmp_path, seed):
    """Some that ONNX can express; ``tests/zoo_files.py networks`` tries others."""
    pytest.importorskip("torch")
    report = cnncalc.summarize(random_networks.network(Random(seed)))
    back = read_back(report, tmp_path)
    for count in ("params", "buffers", "macs"):
        assert getattr(back.totals, count) == getattr(report.totals, count)
    assert [row.output for row in back.outputs] == [row.output for row in report.outputs]


def test_weights_that_depend_on_the_input_are_not_known():
    held = values.Known((2, 3), weights="w")
    other = values.Known((2, 4), weights="v")
    along = SimpleNamespace(attributes={"axis": 0})
    assert constants._joined(along, [held, other]) is None
    assert constants._joined(along, [held, None]) is None
    assert constants._rows(along, [held, None]) is None
    assert constants._expanded(along, [(1.0, 2.0), (2,)], [(2,), (1,)]) is None


@pytest.mark.parametrize("settings", [{"axis": 0}, {"axis": 1, "p": 1}])
def test_other_norms_are_not_the_euclidean_one_of_an_image(settings):
    call = OnnxCall("LpNormalization", settings, (Map(3, (4,)),), {}, lambda place: None)
    assert L2Normalize.from_onnx(call) is None
