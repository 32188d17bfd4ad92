"""The data type of a network: from its spec, its file or its model."""

import json

import pytest
from onnx_bytes import floats, model, node, tensor
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.core.errors import CnncalcError

# 4 filters of 3·3·3 weights and a bias: 112 numbers
SPEC = {"input": "3x8x8", "dtype": "float16", "layers": [{"conv": {"filters": 4, "kernel": 3}}]}


def test_a_spec_states_its_data_type():
    report = cnncalc.summarize(SPEC)
    assert (report.dtype, report.totals.parameter_bytes) == ("float16", 112 * 2)
    assert cnncalc.summarize(SPEC, dtype="float64").totals.parameter_bytes == 112 * 8
    assert report.memory.dtype == "float16"


def test_the_data_type_is_written_and_inherited(tmp_path):
    (tmp_path / "a.yaml").write_text(cnncalc.to_yaml(SPEC), encoding="utf-8")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\ninput: 3x9x9\n", encoding="utf-8")
    assert cnncalc.summarize(tmp_path / "a.yaml").dtype == "float16"
    assert cnncalc.summarize(tmp_path / "b.yaml").dtype == "float16"


def test_an_unknown_data_type_is_refused():
    with pytest.raises(CnncalcError, match=r"no dtype 'float17'; choose from float64, float32"):
        cnncalc.summarize({**SPEC, "dtype": "float17"})


@pytest.mark.parametrize(("short", "full"), [("fp16", "float16"), ("BF16", "bfloat16")])
def test_a_spec_takes_short_names_too(short, full):
    assert cnncalc.summarize({**SPEC, "dtype": short}).dtype == full


def test_a_short_name_of_a_data_type_is_accepted():
    short = [CliRunner().invoke(app, ["summarize", "lenet5", "--dtype", "FP16", "-f", "csv"])]
    short += [CliRunner().invoke(app, ["summarize", "lenet5", "--dtype", "fp17"])]
    full = CliRunner().invoke(app, ["summarize", "lenet5", "--dtype", "float16", "-f", "csv"])
    assert short[0].stdout == full.stdout != ""
    assert "no dtype 'fp17'; choose from" in str(short[1].exception)


@pytest.mark.parametrize("dtype", ["int8", "float16"])
def test_the_memory_command_uses_the_data_type_of_the_spec(tmp_path, dtype):
    file = tmp_path / "net.yaml"
    file.write_text(cnncalc.to_yaml({**SPEC, "dtype": dtype}), encoding="utf-8")
    done = [
        CliRunner().invoke(app, ["memory", str(file), *more, "--format", "json"])
        for more in ([], ["--dtype", dtype])
    ]
    assert done[0].stdout == done[1].stdout
    assert json.loads(done[0].stdout)["dtype"] == dtype


CONV = [node("Conv", "x w", "y")]


@pytest.mark.parametrize(
    ("nodes", "weights", "dtype"),
    [
        (CONV, [tensor("w", [4, 3, 3, 3], 10)], "float16"),
        (CONV, [tensor("w", [4, 3, 3, 3], 16)], "bfloat16"),
        (CONV, [tensor("w", [4, 3, 3, 3], 11)], "float64"),
        (CONV, [tensor("w", [4, 3, 3, 3])], "float32"),
        # the scales of a Resize are no weights
        ([node("Conv", "x w", "c"), node("Resize", "c  s", "y", mode="nearest")],
         [tensor("w", [4, 3, 3, 3], 10), floats("s", 1.0, 1.0, 2.0, 2.0)], "float16"),
        # several data types, and none
        ([node("Conv", "x w b", "y")], [tensor("w", [4, 3, 3, 3], 10), tensor("b", [4])],
         "float32"),
        ([node("Relu", "x", "y")], [], "float32"),
    ],
)  # fmt: skip
def test_an_onnx_file_has_the_data_type_of_its_weights(summarized, nodes, weights, dtype):
    assert summarized(model(nodes, weights)).dtype == dtype


def policy(name):
    return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": name}}


@pytest.mark.parametrize(
    ("given", "dtype"),
    [("float16", "float16"), (policy("bfloat16"), "bfloat16"), (policy("mixed_float16"), "float32"),
     (None, "float32"), ({}, "float32")],
)  # fmt: skip
def test_a_keras_model_has_the_data_type_of_its_layers(tmp_path, given, dtype):
    listed = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 8], "dtype": "float32"}},
        {"class_name": "Dense", "config": {"name": "a", "units": 4, "dtype": given}},
    ]
    file = tmp_path / "model.json"
    text = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": listed}})
    file.write_text(text, encoding="utf-8")
    assert cnncalc.summarize(file).dtype == dtype


def test_a_pytorch_model_has_the_data_type_of_its_parameters():
    torch = pytest.importorskip("torch")
    linear, normal = torch.nn.Linear(8, 4).half(), torch.nn.LayerNorm(4)
    assert cnncalc.summarize(cnncalc.from_torch(linear, input=(8,))).dtype == "float16"
    assert cnncalc.verify(linear, "cpu", input=(8,)).agrees
    several = torch.nn.Sequential(torch.nn.Linear(8, 4).double(), torch.nn.Flatten(), normal)
    assert cnncalc.summarize(cnncalc.from_torch(several, input=(8,))).dtype == "float32"
    assert cnncalc.summarize(cnncalc.from_torch(normal, input=(4,))).dtype == "float32"


def test_a_data_type_is_not_a_number():
    with pytest.raises(CnncalcError, match="'dtype' is 'float32', which is not a number"):
        cnncalc.formula("1x8x8-10N", "macs", ["dtype"], dtype=None)
