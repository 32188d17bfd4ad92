"""ONNX files that we write: read back, they are the same network."""

from random import Random

import pytest
import random_networks
from onnx_bytes import model, node
from typer.testing import CliRunner

import cnncalc
from cnncalc import layers
from cnncalc.cli import app
from cnncalc.core.errors import CnncalcError

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
"""Kinds whose operator also describes the other kind, which does the same."""


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


def test_layers_with_shared_weights_share_them_after_reading(tmp_path):
    filters = {"standardized_conv": {"filters": 3, "kernel": 3, "padding": 1}}
    report = cnncalc.summarize(
        {"input": "3x5x5", "layers": [{**filters, "name": "a"}, {**filters, "weights": "a"}]}
    )
    assert read_back(report, tmp_path).totals.params == 84  # 3·3·3·3 + 3


@pytest.mark.parametrize("fields", [{}, {"fields": "{"}, {"fields": 3}, {"fields": "[" * 9999}])
def test_a_function_without_its_fields_is_refused(summarized, fields):
    with pytest.raises(CnncalcError, match="'fields' of the function is not valid JSON"):
        summarized(model([node("glu", "x", "y", domain="cnncalc", **fields)]))


def test_a_function_with_fields_that_nest_deeply_is_refused(summarized):
    fields = '{"time_distributed": ' * 300 + '"relu"' + "}" * 300
    data = model([node("time_distributed", "x", "y", domain="cnncalc", fields=fields)])
    with pytest.raises(CnncalcError, match="values are nested deeper than 60 levels"):
        summarized(data)


def test_a_function_without_its_weights_is_refused(summarized):
    with pytest.raises(CnncalcError, match="needs 3 stored values, but the file holds 0"):
        summarized(model([node("prelu", "x", "y", domain="cnncalc",
                               fields='{"num_parameters": "channels"}')]))  # fmt: skip


def test_a_function_of_an_unknown_kind_is_opaque(summarized):
    data = model([node("newer", "x", "y", domain="cnncalc", fields="{}")])
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
