"""The memory of int8 inference, worked by hand: live outputs of one byte per value."""

import csv
import json
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import UsageError
from cnncalc.cli import app
from cnncalc.footprint import orders, placement
from cnncalc.footprint.arena import arena
from cnncalc.footprint.orders import Job, Problem
from cnncalc.footprint.placement import placed

MODELS = Path(__file__).parent / "cases" / "tflite"
ARENAS = json.loads((MODELS / "arenas.json").read_text(encoding="utf-8"))
"""What ``tests/tflite_models.py`` measured."""

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
    assert found == {"conv": 192 + 256, "pool": 256 + 64, "flatten": 64 + 64, "fc": 64 + 16}


@pytest.mark.parametrize(
    ("between", "more"),
    [
        (["batch_norm", "relu"], {}),
        (["relu6", "dropout", "identity"], {}),
        # A copy; a sigmoid and a product; sums of 4 bytes; two convolutions
        ([{"reshape": [64, 2, 2], "name": "reshape"}], {"reshape": 512}),
        ([{"silu": None, "name": "silu"}], {"silu": 256 + 256 + 256}),
        (
            [{"conv_transpose": {"filters": 16, "kernel": 1}, "name": "up"}],
            {"up": 256 + 256 + 4 * 256},
        ),
        (
            [{"separable_conv": {"filters": 8, "kernel": 1, "multiplier": 2}, "name": "sep"}],
            {"sep.1": 256 + 512, "sep": 512 + 128},
        ),
        # No weights to fold into, no fixed scale, or a separate operation
        (["relu", {"batch_norm": None, "name": "bn"}], {"bn.1": 512, "bn": 512}),
        ([{"batch_norm": {"track_running_stats": False}, "name": "bn"}], {"bn": 512}),
        ([{"sigmoid": None, "name": "sigmoid"}], {"sigmoid": 512}),
    ],
)
def test_a_layer_that_is_fused_into_the_one_before_needs_no_memory(between, more):
    found = live({**CONV, "name": "conv"}, *between)
    assert found == {"conv": 512, **more}


def test_a_layer_that_reads_the_input_is_not_fused_into_it():
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


def test_outputs_stay_live():
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


@pytest.mark.parametrize("name", ARENAS)
def test_tensorflow_lite_micro_allocates_as_much(name):
    found, theirs = cnncalc.arena(MODELS / f"{name}.json"), ARENAS[name]
    if name == "branches":  # the converter sorts its layers differently
        assert found.lowest.bytes <= theirs["head"] <= found.peak.bytes
    else:
        assert found.ram == theirs["head"]
    assert found.flash._asdict() == {part: theirs[part] for part in found.flash._asdict()}
    assert found.flash.total < theirs["file"]


def test_the_arena_of_ds_cnn_is_what_tensorflow_lite_micro_allocates():
    # Two maps of 25·5·64; the built-in has the layers of the converted network, and dropout.
    found, theirs = cnncalc.arena("ds_cnn"), ARENAS["ds_cnn"]
    assert found.ram == found.peak.bytes == 2 * 25 * 5 * 64 == 16_000 == theirs["head"]
    assert found.flash._asdict() == {part: theirs[part] for part in found.flash._asdict()}


def test_the_wide_branch_runs_first():
    wide = [{"conv": {"filters": 24, "kernel": 1}}, {"max_pool": 4}]
    branches = {"long": [{"conv": {"filters": 8, "kernel": 1}}, *wide], "short": wide}
    layers = [{"branches": branches, "join": "concat", "name": "split"}]
    found = cnncalc.arena({"input": "4x16x16", "layers": layers})
    # In: 1,024. The first branch: 2,048, 6,144, 384. The second: 6,144, 384.
    assert found.peak.bytes == 1024 + 2048 + 6144
    assert found.lowest.bytes == 2048 + 6144 + 384
    order = [one.layer for one in found.best]
    assert [name.split(".")[-2] for name in order[:-1]] == ["short"] * 2 + ["long"] * 3


def test_gaps_between_tensors_by_hand():
    # Largest first: 50 at 0; 40 beside it at 50, while it is live; 30 after the 50, so at 0; and
    # 20, which is live with the 40 and the 30, at 30, because 50 - 30 leaves just enough.
    jobs = [Job(1, (0,)), Job(2, (1,)), Job(3, (2,)), Job(4, (2, 3))]
    sizes = {0: 0, 1: 50, 2: 40, 3: 30, 4: 20}
    assert placed(Problem(jobs, sizes, [0], frozenset({4})), range(4)) == 90
    # One more byte does not fit below the 40.
    assert placed(Problem(jobs, sizes | {4: 21}, [0], frozenset({4})), range(4)) == 50 + 40 + 21


def test_gaps_are_not_known_for_very_long_networks(monkeypatch):
    monkeypatch.setattr(placement, "MOST_LAYERS", 5)
    found = cnncalc.arena("lenet5")
    assert (found.placed, found.ram) == (None, found.peak.bytes)


def peaks(problem):
    """The peak of every valid order, by brute force."""
    made = {job.writes for job in problem.jobs}

    def orders(done, rest):
        if not rest:
            yield done
        for place in rest:
            written = {problem.jobs[one].writes for one in done}
            if {*problem.jobs[place].reads} & made <= written:
                yield from orders([*done, place], rest - {place})

    return [
        max(problem.moments(order)) for order in orders([], frozenset(range(len(problem.jobs))))
    ]


@pytest.mark.parametrize("seed", range(100))
def test_the_best_order_is_the_best_of_all(seed):
    random = Random(seed)
    jobs = []
    for tensor in range(1, random.randint(2, 8)):
        reads = random.sample(range(tensor), random.randint(1, min(2, tensor)))
        jobs.append(Job(tensor, tuple(reads)))
    sizes = {tensor: random.randint(1, 30) for tensor in range(len(jobs) + 1)}
    problem = Problem(jobs, sizes, [0], frozenset({len(jobs)} | {*random.sample(range(3), 1)}))
    order = orders.best(problem)
    assert sorted(order) == [*range(len(jobs))]
    assert max(problem.moments(order)) == min(peaks(problem))


def test_a_long_search_is_stopped(monkeypatch):
    monkeypatch.setattr(orders, "MOST_SETS", 2)
    found = cnncalc.arena("inception_module")
    assert (found.best, found.lowest) == (None, None)
    assert found.to_dict()["lowest_peak"] is None
    shown = CliRunner().invoke(app, ["memory", "inception_module", "--dtype", "int8"])
    said = " ".join(shown.stdout.split())
    assert "needs less live memory; the search would take too long." in said


def test_the_best_order_is_shown():
    shown = CliRunner().invoke(app, ["memory", "inception_module", "--dtype", "int8"])
    # 28·28·(192 + 64 + 32 + 192 + 32): the input, two branches, the pool and its projection
    assert "  lowest        401,408" in shown.stdout
    assert "The best order differs from the network's in this part: inception3a." in shown.stdout
    assert "With gaps between tensors, the best order needs 4" in shown.stdout.replace("\n", " ")


@pytest.mark.parametrize(
    ("layers", "weights", "biases", "channels"),
    [
        # Convolutions always have biases
        ([{"conv": {"filters": 8, "kernel": 3, "bias": False}}], 1152, 8, 16),
        ([{"conv": {"filters": 8, "kernel": 3, "bias": False}}, "batch_norm"], 1152, 8, 16),
        ([{"conv": {"filters": 8, "kernel": 3}}, "batch_norm"], 1152, 8, 16),
        ([{"linear": {"out_features": 5, "bias": False}}], 256 * 5, 0, 5),
        ([{"separable_conv": {"filters": 8, "kernel": 3}}], 9 * 16 + 16 * 8, 24, 24 + 24),
        # A factor and a summand for each channel, each quantized per tensor
        (["batch_norm"], 32, 0, 2),
        ([{"batch_norm": {"affine": False}}], 32, 0, 2),
        (["prelu"], 1, 0, 1),
        ([{"blur_pool": 3}], 9 * 16, 0, 16),
        (["relu", {"max_pool": 2}], 0, 0, 0),
    ],
)
def test_constants_by_hand(layers, weights, biases, channels):
    found = cnncalc.arena({"input": "16x4x4", "layers": layers}).flash
    assert found == (weights, 4 * biases, 12 * channels)
    assert found.total == weights + 4 * biases + 12 * channels


def test_shared_weights_count_once_unless_different_norms_are_folded():
    shared = {"conv": {"filters": 16, "kernel": 3, "padding": 1}, "weights": "first"}
    layers = [{**CONV, "name": "first"}, shared]
    assert cnncalc.arena({"input": "16x4x4", "layers": layers}).flash.weights == 2304
    layers = [layers[0], "batch_norm", shared, "batch_norm"]
    assert cnncalc.arena({"input": "16x4x4", "layers": layers}).flash.weights == 2 * 2304


def test_what_is_not_known_or_empty_is_refused():
    with pytest.raises(UsageError, match="the number of weights of 'odd' is not known"):
        cnncalc.arena({"input": 4, "layers": [{"opaque": {"output": 4}, "name": "odd"}]})
    known = {"opaque": {"output": 4, "params": 10, "buffers": 0}, "name": "known"}
    with pytest.raises(UsageError, match="the number of weights of 'odd' is not known"):
        cnncalc.arena({"input": 4, "layers": [known, {"opaque": {"output": 4}, "name": "odd"}]})
    with pytest.raises(UsageError, match="has no layer that needs memory in int8"):
        cnncalc.arena({"name": "flat", "input": "2x2x2", "layers": ["dropout"]})


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
    assert "int8, batch 1, inference\n" in shown
    assert "16.00 kB  inference peak, at depthwise\n" in shown
    assert "No other order of layers needs less live memory (proved).\n" in shown
    assert "Not included: scratch memory" in " ".join(shown.split())
    assert [line.split() for line in shown.splitlines() if line.endswith("█")] == [
        ["depthwise", "16,000", "16.00", "kB", "█" * 30],
        ["flatten", "16,000", "16.00", "kB", "█" * 30],
        ["conv1", "8,496", "8.50", "kB", "█" * 16],  # 30 · 8,496 / 16,000 = 15.93, rounded up
        ["linear1", "8,016", "8.02", "kB", "█" * 16],
    ]


def test_the_command_writes_data():
    data = json.loads(run("--format", "json").stdout)
    assert (data["format"], data["version"], data["dtype"]) == ("cnncalc.arena", 1, "int8")
    assert data["inference_peak"] == {"layer": "depthwise", "bytes": 16_000}
    assert (data["ram"], data["best_ram"]) == (16_000, 16_000)
    assert data["lowest_peak"] == {"layer": "depthwise", "bytes": 16_000}
    assert data["best_order"] == ["conv1", "depthwise", "flatten", "linear1"]
    assert data["live"] == {
        "conv1": 496 + 8_000,
        "depthwise": 16_000,
        "flatten": 16_000,
        "linear1": 8_016,
    }
    rows = [*csv.DictReader(run("--format", "csv").stdout.splitlines())]
    assert [(row["quantity"], row["layer"], row["bytes"]) for row in rows] == [
        ("ram", "", "16000"),
        ("inference_peak", "depthwise", "16000"),
        ("lowest_peak", "depthwise", "16000"),
        # 64·40 + 64·9 + 12·8,000 weights; 64 + 64 + 12 biases and as many channels
        ("flash", "", str(99_136 + 4 * 140 + 12 * 280)),
        ("flash.weights", "", "99136"),
        ("flash.biases", "", "560"),
        ("flash.quantization", "", "3360"),
        ("live", "conv1", "8496"),
        ("live", "depthwise", "16000"),
        ("live", "flatten", "16000"),
        ("live", "linear1", "8016"),
    ]


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        ("--fit 1MB", "--fit"),
        ("--plot", "--plot"),
        ("--optimizer adam", "--optimizer"),
        ("--device cuda", "--device"),
        ("--plot --checkpoint 1", "--plot and --checkpoint"),
        ("--plot --checkpoint 1 --optimizer adam", "--plot, --checkpoint and --optimizer"),
    ],
)
def test_training_in_int8_is_refused(options, listed):
    with pytest.raises(UsageError) as refused:
        raise run(*options.split()).exception
    assert str(refused.value) == f"int8 is for inference on a microcontroller; leave out {listed}"
