"""ONNX files that we write: read back, they are the same network."""

import pytest
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
NOT_WRITTEN = {
    "adaptive_avg_pool": "needs an output size that divides",
    "adaptive_max_pool": "needs an output size that divides",
    "batch_norm": "measures its statistics",
    "conv": "only some of the channels",
    "instance_norm": "running statistics",
    "lstm": "has no projection",
    "lp_pool": "fractional power nor ceil_mode",
    "parameter": "(parameter)",
    "softplus": "a beta other than 1",
}
"""Kinds of which some layers cannot be written, and why."""


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
    try:
        back = read_back(report, tmp_path)
    except CnncalcError as why:
        sentence = str(why)
    else:
        sentence = ""
    if sentence:
        assert NOT_WRITTEN.get(kind.kind, f"ONNX has no operator for {kind.kind}") in sentence
        return
    assert (back.totals.params, back.totals.macs) == (report.totals.params, report.totals.macs)
    assert [row.output for row in back.outputs] == [row.output for row in report.outputs]
    assert back.exact


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ({"softplus": {"beta": 2}}, "has no beta other than 1"),
        ({"conv": {"filters": 2, "kernel": 3, "connections": [[0], [1, 2]]}},
         "cannot restrict each filter to a list of channels"),
    ],
)  # fmt: skip
def test_a_layer_that_onnx_cannot_express_is_refused(layer, why):
    with pytest.raises(CnncalcError, match=why):
        cnncalc.to_onnx(cnncalc.summarize({"input": "3x4x4", "layers": [layer]}))


@pytest.mark.parametrize("name", ["lenet5", "siamese_koch", "textcnn", "shufflenet_v2_x0_5"])
def test_a_network_is_the_same_after_writing_and_reading(tmp_path, name):
    report = cnncalc.summarize(name, tiny=True)
    back = read_back(report, tmp_path)
    for count in ("params", "buffers", "macs"):
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
