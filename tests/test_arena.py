"""The memory of int8 inference, worked by hand: live outputs of one byte per value."""

import csv
import json

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import UsageError
from cnncalc.cli import app
from cnncalc.footprint.arena import arena

CONV = {"conv": {"filters": 16, "kernel": 3, "padding": 1}}


def live(*layers, input="16x4x4", **options):
    """The live bytes by layer of a network on 256 values."""
    spec = {"input": input, "layers": [*layers]}
    return dict(arena(cnncalc.summarize(spec, **options)).live)


def test_a_layer_needs_its_input_and_its_output():
    # 3·8·8 = 192; 4·8·8 = 256; 4·4·4 = 64; 5 aligned to 16
    found = live(
        {"conv": {"filters": 4, "kernel": 3, "padding": 1}, "name": "conv"},
        {"max_pool": 2, "name": "pool"},
        {"linear": 5, "name": "fc"},
        input="3x8x8",
    )
    assert found == {"conv": 192 + 256, "pool": 256 + 64, "fc": 64 + 16}


@pytest.mark.parametrize(
    ("between", "more"),
    [
        (["batch_norm", "relu"], {}),
        (["relu6", "dropout", {"reshape": [64, 2, 2]}, "identity"], {}),
        # No weights to fold into, or not a fixed scale, or a function of its own
        (["relu", {"batch_norm": None, "name": "bn"}], {"bn": 512}),
        ([{"batch_norm": {"track_running_stats": False}, "name": "bn"}], {"bn": 512}),
        ([{"sigmoid": None, "name": "sigmoid"}], {"sigmoid": 512}),
    ],
)
def test_what_runs_inside_the_layer_before_needs_nothing(between, more):
    found = live({**CONV, "name": "conv"}, *between)
    assert found == {"conv": 512, **more}


def test_what_reads_the_input_cannot_run_inside_of_it():
    assert live({"relu": None, "name": "relu"}) == {"relu": 512}


def test_a_branch_is_kept_until_the_join():
    block = [CONV, "batch_norm", "relu", {**CONV, "name": "second"}, "batch_norm"]
    found = live({"residual": block, "name": "block"}, "relu", {"global_avg_pool": None})
    assert [*found.values()] == [
        256 + 256,  # the first convolution
        256 + 256 + 256,  # the second, with the input kept
        256 + 256 + 256,  # the sum, with a ReLU inside
        256 + 16,
    ]


def test_a_value_that_two_layers_read_is_not_overwritten():
    relu = {"relu": None, "from": "conv", "name": "relu"}
    found = live({**CONV, "name": "conv"}, relu, {"add": {"from": ["conv", "relu"]}, "name": "add"})
    assert found == {"conv": 512, "relu": 512, "add": 768}


def test_outputs_stay():
    first = {"conv": {"filters": 1, "kernel": 1}, "name": "first", "from": "input"}
    second = {"conv": {"filters": 2, "kernel": 1}, "name": "second", "from": "input"}
    # 256 in; 16 out stays; 32 out
    assert live(first, second) == {"first": 256 + 16, "second": 256 + 16 + 32}


def test_a_batch_multiplies_before_the_alignment():
    assert live({"linear": 5, "name": "fc"}, input=3, batch=4) == {"fc": 16 + 32}


def test_the_peak_of_mobilenet_v2():
    # Stage 2's first block: 96·112·112 expanded, and 96·56·56 after the depthwise convolution
    found = arena(cnncalc.summarize("mobilenet_v2")).peak
    assert found == ("stage2.0.depthwise", 96 * 112 * 112 + 96 * 56 * 56)


DS_CNN = """
input: 1x49x10
layers:
  - conv: {filters: 64, kernel: [10, 4], stride: 2, padding: same}
  - batch_norm
  - relu
  - {depthwise_conv: {kernel: 3, padding: same}, name: depthwise}
  - batch_norm
  - relu
  - linear: 12
"""


def run(*arguments):
    return CliRunner().invoke(app, ["memory", "-", "--dtype", "int8", *arguments], input=DS_CNN)


def test_the_command_shows_the_peak():
    # MLPerf Tiny's keyword spotting: 64·25·5 = 8,000 in and out
    shown = run("--eval").stdout
    assert "int8, batch 1, inference\n\ninference peak: 16,000 B, at depthwise\n" in shown
    assert [line.split()[:2] for line in shown.splitlines() if line.endswith(" kB")] == [
        ["depthwise", "16,000"],
        ["conv1", "8,496"],
        ["linear1", "8,016"],
    ]


def test_the_command_writes_data():
    data = json.loads(run("--format", "json").stdout)
    assert (data["format"], data["version"], data["dtype"]) == ("cnncalc.arena", 1, "int8")
    assert data["inference_peak"] == {"layer": "depthwise", "bytes": 16_000}
    assert data["live"] == {"conv1": 496 + 8_000, "depthwise": 16_000, "linear1": 8_016}
    rows = [*csv.DictReader(run("--format", "csv").stdout.splitlines())]
    assert [(row["quantity"], row["layer"], row["bytes"]) for row in rows] == [
        ("inference_peak", "depthwise", "16000"),
        ("live", "conv1", "8496"),
        ("live", "depthwise", "16000"),
        ("live", "linear1", "8016"),
    ]


@pytest.mark.parametrize("option", [["--fit", "1MB"], ["--plot"], ["--checkpoint", "1"]])
def test_training_in_int8_is_refused(option):
    with pytest.raises(UsageError, match="int8 is for inference"):
        raise run(*option).exception
