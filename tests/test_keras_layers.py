"""Keras's layers that are not kinds by themselves, and models with several outputs."""

import json

import pytest

import cnncalc
from cnncalc.core.errors import CnncalcError


def node(name, place=0):
    return [name, 0, place]


def layer(kind, name, *sources, **config):
    inbound = [[[*source, {}] for source in sources]] if sources else []
    return {"class_name": kind, "name": name, "config": {"name": name, **config},
            "inbound_nodes": inbound}  # fmt: skip


def functional(inputs, layers, outputs, name="net"):
    starts = [layer("InputLayer", one, batch_shape=[None, *shape]) for one, shape in inputs]
    return {"class_name": "Functional", "config": {
        "name": name, "layers": [*starts, *layers], "input_layers": [],
        "output_layers": outputs}}  # fmt: skip


@pytest.fixture
def summarized(tmp_path):
    """Summarize a model."""

    def summarize(model):
        file = tmp_path / "model.json"
        file.write_text(json.dumps(model), encoding="utf-8")
        return cnncalc.summarize(file)

    return summarize


def alone(kind, shape=(6, 4), **config):
    one = layer(kind, "it", node("x"), **config)
    return functional([("x", shape)], [one], [node("it")])


GATES = {"filters": 3, "strides": [1, 1], "padding": "same", "activation": "tanh",
         "recurrent_activation": "sigmoid"}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "shape", "config", "found", "params", "output"),
    [
        ("Softmax", (6, 4), {"axis": -1}, "softmax", 0, (4, 6)),
        ("Softmax", (6, 5, 4), {"axis": 2}, "softmax", 0, (4, 6, 5)),
        ("Concatenate", (6, 5, 4), {"axis": -3}, "concat", 0, (4, 6, 5)),
        ("GroupNormalization", (6, 4), {"groups": 2, "center": False}, "group_norm", 4, (4, 6)),
        ("GroupNormalization", (6, 4), {"groups": 2, "axis": -1, "epsilon": 0.001}, "group_norm", 8,
         (4, 6)),
        ("GroupNormalization", (6, 4), {"groups": 2, "scale": False, "center": False},
         "group_norm", 0, (4, 6)),
        ("PReLU", (8, 8, 4), {"shared_axes": [1, 2]}, "prelu", 4, (4, 8, 8)),
        ("PReLU", (8, 8, 4), {"shared_axes": None}, "prelu", 256, (4, 8, 8)),
        ("Permute", (6, 4), {"dims": [2, 1]}, "permute", 0, (6, 4)),
        ("Permute", (8, 7, 4), {"dims": [3, 1, 2]}, "permute", 0, (7, 4, 8)),
        ("Resizing", (8, 8, 4), {"height": 12, "width": 4, "interpolation": "bilinear"},
         "upsample", 0, (4, 12, 4)),
        ("CenterCrop", (8, 8, 4), {"height": 4, "width": 6}, "crop", 0, (4, 4, 6)),
        ("RandomFlip", (8, 8, 4), {"mode": "horizontal"}, "identity", 0, (4, 8, 8)),
        ("GaussianNoise", (8, 8, 4), {"stddev": 0.1}, "identity", 0, (4, 8, 8)),
        ("Activation", (8, 8, 4), {"activation": "hard_silu"}, "hardswish", 0, (4, 8, 8)),
        ("RMSNormalization", (6, 4), {"axis": -1, "epsilon": 1e-6}, "rms_norm", 4, (4, 6)),
        ("UnitNormalization", (6, 4), {"axis": -1}, "l2_normalize", 0, (4, 6)),
        ("Masking", (6, 4), {"mask_value": 0.0}, "identity", 0, (4, 6)),
        ("RepeatVector", (12,), {"n": 3}, "reshape expand", 0, (12, 3)),
        # 4·3 weights, and 3 biases
        ("EinsumDense", (6, 4), {"equation": "abc,cd->abd", "output_shape": [None, 3],
                                 "bias_axes": "d"}, "linear", 15, (3, 6)),
        ("EinsumDense", (6, 4), {"equation": "...x,xy->...y", "output_shape": 3}, "linear", 12,
         (3, 6)),
        # four gates: 3·3 or 3 taps of 4 + 3 channels for each of 3 maps, and 3 biases
        ("ConvLSTM2D", (2, 8, 8, 4), {**GATES, "kernel_size": [3, 3], "return_sequences": True},
         "conv_lstm", 768, (3, 2, 8, 8)),
        ("ConvLSTM2D", (2, 8, 8, 4), {**GATES, "kernel_size": [3, 3]}, "conv_lstm slice reshape",
         768, (3, 8, 8)),
        ("ConvLSTM1D", (2, 8, 4), {**GATES, "kernel_size": [3]}, "conv_lstm slice reshape", 264,
         (3, 8)),
    ],
)  # fmt: skip
def test_a_layer_is_read_as_its_kind(summarized, kind, shape, config, found, params, output):
    report = summarized(alone(kind, shape, **config))
    assert [row.kind for row in report.layers] == found.split()
    assert (report.totals.params, report.output_shape) == (params, output)


def test_the_slope_of_an_activation_is_read(summarized):
    both = [layer("Activation", "one", node("x"), activation="leaky_relu"),
            layer("Dense", "two", node("one"), units=3, activation="leaky_relu")]  # fmt: skip
    report = summarized(functional([("x", (4,))], both, [node("two")]))
    slopes = [row.layer.text() for row in report.layers if row.kind == "leaky_relu"]
    assert slopes == ["negative_slope 0.2"] * 2


def activation(kind, **config):
    return {"module": "keras.layers", "class_name": kind, "config": {"name": "own", **config}}


@pytest.mark.parametrize(
    ("own", "text", "params"),
    [
        (activation("LeakyReLU", negative_slope=0.1), "leaky_relu: negative_slope 0.1", 0),
        (activation("ReLU", max_value=6, negative_slope=0.0, threshold=0.0), "relu6: ", 0),
        # a slope for each of 8·8 values of 3 channels, or for each channel
        (activation("PReLU", shared_axes=None), "prelu: num_parameters elements", 192),
        (activation("PReLU", shared_axes=[1, 2]), "prelu: num_parameters channels", 3),
    ],
)
def test_an_activation_may_be_a_layer(summarized, own, text, params):
    both = [layer("Activation", "act", node("x"), activation=own),
            layer("Conv2D", "conv", node("act"), filters=3, kernel_size=[1, 1], activation=own),
            ]  # fmt: skip
    report = summarized(functional([("x", (8, 8, 3))], both, [node("conv")]))
    shown = [f"{row.name} {row.kind}: {row.layer.text()}" for row in report.layers]
    assert [shown[0], shown[2]] == [f"act {text}", f"conv_activation {text}"]
    assert report.totals.params == 12 + 2 * params


def test_an_activation_that_is_a_layer_is_applied_to_every_frame(summarized):
    dense = {"units": 3, "activation": activation("PReLU")}
    report = summarized(alone("TimeDistributed", layer={"class_name": "Dense", "config": dense}))
    assert [row.name for row in report.layers] == ["it", "it_activation"]
    assert report.totals.params == 3 * (4 + 1) + 3


def test_an_activation_that_no_kind_expresses_is_named_by_its_class(summarized):
    own = activation("Snake", frequency=2)
    with pytest.raises(CnncalcError, match=r"layer 'it_activation': this Snake is not supported"):
        summarized(alone("Dense", units=3, activation=own))


def test_activations_in_activations_are_limited(summarized):
    own = "relu"
    for _ in range(30):
        own = activation("Dense", units=3, activation=own)
    with pytest.raises(CnncalcError, match="activations are nested too deeply"):
        summarized(alone("Dense", units=3, activation=own))


def test_an_embedding_of_words_is_read(summarized):
    # 50 words of 7 numbers each
    sizes = {"input_dim": 50, "output_dim": 7, "mask_zero": True}
    report = summarized(alone("Embedding", (6,), **sizes))
    assert (report.totals.params, report.output_shape) == (350, (7, 6))


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("Attention", {"use_scale": False}),
        ("Dot", {"axes": 2}),
        ("GroupNormalization", {"groups": 2, "axis": 1}),
        ("GroupNormalization", {"groups": 2, "scale": False}),
        ("PReLU", {"shared_axes": [2]}),
        ("Permute", {"dims": [1, 1]}),
        ("Resizing", {"height": 4, "width": 4, "interpolation": "area"}),
        ("Resizing", {"height": 4, "width": 4, "antialias": True}),
        ("Embedding", {"input_dim": 4, "output_dim": 4, "lora_rank": 2}),
        ("Softmax", {"axis": [1, 2]}),
        ("Softmax", {"axis": 0}),
        ("Rescaling", {"scale": 2, "offset": [1, 2, 3, 4]}),
        ("RMSNormalization", {"axis": 1}),
        ("Masking", {"mask_value": 1.0}),
        ("EinsumDense", {"equation": "abcd,cde->abe", "output_shape": [8, 5]}),
        (
            "EinsumDense",
            {"equation": "abcd,de->abce", "output_shape": [8, 8, 5], "bias_axes": "be"},
        ),
        ("ConvLSTM1D", {**GATES, "kernel_size": [3], "padding": "valid"}),
        ("ConvLSTM1D", {**GATES, "kernel_size": [3], "strides": [2]}),
        ("ConvLSTM1D", {**GATES, "kernel_size": [3], "activation": "relu"}),
        ("ConvLSTM1D", {**GATES, "kernel_size": [3], "stateful": True}),
        ("TimeDistributed", {"layer": {"class_name": "RepeatVector", "config": {"n": 2}}}),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 2}),
    ],
)
def test_a_layer_that_no_kind_expresses_is_refused(summarized, kind, config):
    with pytest.raises(
        CnncalcError, match=f"'it': this {kind} is not supported; .* as ONNX, where"
    ):
        summarized(alone(kind, (8, 8, 4), **config))


HEADS = {"num_heads": 2, "key_dim": 2, "value_dim": 2, "attention_axes": [1]}


@pytest.mark.parametrize(
    ("sources", "params"),
    [
        (["x", "x"], 4 * 4 * 4 + 4 * 4),
        # of another signal with 3 channels: 4·4 + 2·3·4 + 4·4 weights
        (["x", "z"], 4 * 4 + 2 * 3 * 4 + 4 * 4 + 4 * 4),
        (["x", "z", "z"], 4 * 4 + 2 * 3 * 4 + 4 * 4 + 4 * 4),
    ],
)
def test_attention_with_several_heads_is_read(summarized, sources, params):
    one = layer("MultiHeadAttention", "it", *map(node, sources), **HEADS)
    more = layer("ReLU", "more", node("z"))
    model = functional([("x", (6, 4)), ("z", (5, 3))], [one, more], [node("it"), node("more")])
    report = summarized(model)
    assert (report["it"].kind, report["it"].params) == ("attention", params)
    assert report["it"].output == (4, 6)


def test_a_layer_that_reads_nothing(summarized):
    alone = layer("RepeatVector", "it", n=3)
    with pytest.raises(CnncalcError, match="layer 'it' has no input; connect it to another"):
        summarized(functional([("x", (4,))], [alone], [node("it")]))
    alone["inbound_nodes"] = 3
    with pytest.raises(CnncalcError, match="'inbound_nodes' must be a list"):
        summarized(functional([("x", (4,))], [alone], [node("it")]))


@pytest.mark.parametrize(
    "config", [{"key_dim": 3}, {"key_dim": "2"}, {"use_gate": True}, {"attention_axes": [2]}]
)
def test_attention_that_no_kind_expresses_is_refused(summarized, config):
    one = layer("MultiHeadAttention", "it", node("x"), node("x"), **{**HEADS, **config})
    with pytest.raises(CnncalcError, match="this MultiHeadAttention is not supported"):
        summarized(functional([("x", (6, 4))], [one], [node("it")]))


@pytest.mark.parametrize(
    ("kind", "args", "found"),
    [
        ("Add", ["x", 3.0], "add value 3.0"),
        ("Multiply", [0.5, "x"], "multiply value 0.5"),
        ("Subtract", ["x", 1], "subtract value 1"),
        ("Subtract", [2, "x"], "multiply value -1, add value 2"),
        ("TrueDivide", ["x", 2], "divide value 2"),
        ("TrueDivide", [2, "x"], "power exponent -1, multiply value 2"),
        ("Power", ["x", 2], "power exponent 2"),
        ("Maximum", ["x", "x"], "maximum "),
    ],
)
def test_an_operation_with_a_number_is_read(summarized, kind, args, found):
    one = layer(kind, "it") | {"module": "keras.src.ops.numpy"}
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": node("x")}}
    call = {"args": [tensor if arg == "x" else arg for arg in args], "kwargs": {}}
    one["inbound_nodes"] = [call]
    report = summarized(functional([("x", (6, 4))], [one], [node("it")]))
    assert ", ".join(f"{row.kind} {row.layer.text()}" for row in report.layers) == found


def test_a_power_of_two_maps_is_refused(summarized):
    one = layer("Power", "it", node("x"), node("x"))
    with pytest.raises(CnncalcError, match="this Power is not supported"):
        summarized(functional([("x", (6, 4))], [one], [node("it")]))


def test_an_average_is_a_sum_and_a_factor(summarized):
    one = layer("Average", "it", node("x"), node("x"))
    report = summarized(functional([("x", (6, 4))], [one], [node("it")]))
    assert [(row.kind, row.layer.text()) for row in report.layers] == [
        ("add", ""),
        ("multiply", "value 0.5"),
    ]


@pytest.mark.parametrize("style", [list, lambda ends: {"a": ends[0], "b": ends[1]}])
def test_an_output_that_another_layer_reads(summarized, style):
    layers = [layer("ReLU", "inner", node("x")), layer("Flatten", "end", node("inner"))]
    ends = style([node("inner"), node("end")])
    report = summarized(functional([("x", (8, 8, 4))], layers, ends))
    assert [row.name for row in report.outputs] == ["inner", "end"]


def test_an_input_that_is_also_an_output(summarized):
    layers = [layer("ReLU", "a", node("x")), layer("ReLU", "b", node("a"))]
    report = summarized(functional([("x", (8, 8, 4))], layers, [node("a"), node("x")]))
    assert [row.name for row in report.outputs] == ["a", "output"]
    assert [row.kind for row in report.layers] == ["relu", "relu", "identity"]


def test_a_layer_that_is_not_an_output_and_that_nothing_reads(summarized):
    layers = [layer("ReLU", "a", node("x")), layer("Flatten", "b", node("x"))]
    report = summarized(functional([("x", (8, 8, 4))], layers, [node("a")]))
    assert [row.name for row in report.outputs] == ["a"]


def test_the_outputs_of_a_model_inside_a_model_are_read(summarized):
    split = functional([("u", (8, 8, 4))], [layer("ReLU", "p", node("u")),
                       layer("Flatten", "q", node("u"))], [node("p"), node("q")])  # fmt: skip
    inner = {**split, "name": "inner", "inbound_nodes": [[[*node("x"), {}]]]}
    inner["config"]["name"] = "inner"
    layers = [inner, layer("ReLU", "first", node("inner", 0)),
              layer("ReLU", "second", node("inner", 1))]  # fmt: skip
    outputs = [node("first"), node("second")]
    report = summarized(functional([("x", (8, 8, 4))], layers, outputs))
    assert [row.output for row in report.outputs] == [(4, 8, 8), (256,)]


def in_frames(kind, shape=(10, 8, 8, 4), **config):
    inner = {"class_name": kind, "config": {"name": "inner", **config}}
    return alone("TimeDistributed", shape, layer=inner)


CONV = {"filters": 6, "kernel_size": [3, 3], "padding": "valid", "data_format": "channels_last"}


@pytest.mark.parametrize(
    ("kind", "config", "found", "params", "output"),
    [
        ("Conv2D", {**CONV, "activation": "relu"}, "time_distributed relu", 222, (6, 10, 6, 6)),
        ("Flatten", {}, "time_distributed", 0, (256, 10)),
        ("BatchNormalization", {"axis": -1}, "time_distributed", 8, (4, 10, 8, 8)),
        ("Activation", {"activation": "tanh"}, "identity tanh", 0, (4, 10, 8, 8)),
    ],
)
def test_a_layer_for_every_frame_is_read(summarized, kind, config, found, params, output):
    report = summarized(in_frames(kind, **config))
    assert [row.kind for row in report.layers] == found.split()
    assert (report.totals.params, report.output_shape) == (params, output)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("Sequential", {"layers": []}),
        ("Conv2D", {**CONV, "data_format": "channels_first"}),
        ("Rescaling", {"scale": 2.0, "offset": 1.0}),
        ("Attention", {}),
    ],
)
def test_a_layer_for_every_frame_that_is_refused(summarized, kind, config):
    with pytest.raises(CnncalcError, match="this TimeDistributed is not supported"):
        summarized(in_frames(kind, **config))


def test_a_cell_for_every_frame_keeps_its_own_functions(summarized):
    config = {"units": 3, "activation": "tanh", "recurrent_activation": "sigmoid"}
    report = summarized(in_frames("LSTM", (10, 8, 4), **config))
    # 4·(3·(4 + 3) + 3)
    assert (report.totals.params, report.output_shape) == (96, (3, 10))
    with pytest.raises(CnncalcError, match="is not supported"):
        summarized(in_frames("LSTM", (10, 8, 4), **{**config, "activation": "relu"}))
