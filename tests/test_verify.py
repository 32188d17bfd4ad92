"""PyTorch agrees on every built-in, and a deliberately broken formula is caught."""

import csv
import io
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from typer.testing import CliRunner

import cnncalc
from architectures import LARGE, UNMODELLED, all_of_them
from cnncalc import UsageError, bridge, footprint, layers
from cnncalc.analysis import walk
from cnncalc.bridge import devices, gpu, influence, oracles, verification
from cnncalc.bridge.quantities import QUANTITIES
from cnncalc.cli import app
from cnncalc.core import layer
from cnncalc.core.layer import Reach
from cnncalc.core.shape import Map, Vector
from cnncalc.spec import catalog


@pytest.mark.parametrize("name", all_of_them(turn=0, of=4))
def test_pytorch_agrees_on_every_architecture(name):
    # PyTorch does not normalize a single number for each channel.
    report = cnncalc.summarize(name, batch=2 if name == "deeplabv3_resnet50" else 1)
    found = bridge.verify(report, "meta")
    assert found.disagreements == ()
    # Everything is compared except what PyTorch miscounts, and memory that is not modelled.
    compared = {check.quantity for check in found.checks if check.layer == "total"}
    memory = {"saved_for_backward", "inference_peak", "training_peak"}
    left = {"backward_macs"} if found.skipped else set()
    left |= memory if name in UNMODELLED else set()
    assert compared | left == memory | {
        "macs", "backward_macs", "weights", "biases", "fixed", "buffers",
    }  # fmt: skip
    assert {one.quantity for one in found.skipped} <= left
    assert {check.layer for check in found.checks if check.quantity == "output"} == {
        row.name for row in cnncalc.summarize(name)
    }


MOST = 10**10
"""Multiply-accumulates that the CPU computes in a few seconds."""


@pytest.mark.parametrize("name", all_of_them(turn=1, of=4))
def test_pytorch_agrees_on_every_architecture_that_runs(name):
    report = cnncalc.summarize(name, tiny=True, batch=2)
    if report.totals.macs > MOST:
        assert name in LARGE
        return
    found = bridge.verify(report, "cpu", training=False)
    assert (found.device, found.disagreements) == ("cpu", ())


def test_pytorch_agrees_on_a_table_of_connections():
    conv = {"filters": 3, "kernel": 2, "connections": [[0, 1], [2], [0, 1, 2]]}
    found = bridge.verify(cnncalc.summarize({"input": "3x5x5", "layers": [{"conv": conv}]}), "cpu")
    assert found.disagreements == ()


def test_the_report_sets_batch_and_dtype():
    report = cnncalc.summarize("1x8x8-4C3-10N", batch=3, dtype="float64")
    for device in ("cpu", "meta"):
        found = bridge.verify(report, device)
        assert found.agrees
        assert (found.batch, found.dtype, found.device) == (3, "float64", device)
        assert ("conv1", "output", (3, 4, 6, 6), (3, 4, 6, 6)) in found.checks
        # 3·3 taps, 4 filters, 6·6 places, 3 images
        assert ("conv1", "macs", 3_888, 3_888) in found.checks
        # the image in 8 bytes
        assert ("conv1", "saved_for_backward", 1_536, 1_536) in found.checks
    assert torch.get_default_dtype() == torch.float32


def test_training_and_evaluation_differ():
    report = cnncalc.summarize("1x8x8-4C3-10N", batch=2)
    dropped = cnncalc.summarize(
        {"input": "8", "layers": [{"linear": 4}, {"dropout": 0.5}, {"linear": 2}]}
    )
    for one in (report, dropped):
        assert bridge.verify(one, "cpu").agrees
        assert bridge.verify(one, "cpu", training=False).agrees
    kept = {
        training: {
            check.layer: check.pytorch
            for check in bridge.verify(dropped, "cpu", training=training).checks
            if check.quantity == "saved_for_backward"
        }
        for training in (True, False)
    }
    # In training, a factor for each of 4 numbers, and the product is another tensor.
    assert kept[True]["dropout1"] == 16
    assert kept[False]["dropout1"] == 0


FILTERS = {"conv": {"filters": 4, "kernel": 3, "padding": 1}}
FIXED = {"parameter": {"shape": "4x8x8", "learned": False}}
WITHOUT_GRADIENT = {
    # 4·8·8·27 for a; b only tells where the maxima are.
    "indices": (
        [
            FILTERS | {"name": "a"},
            {"max_pool": 2, "name": "pooled"},
            FILTERS | {"name": "b", "from": "a"},
            {"max_unpool": 2, "from": ["pooled", "b"]},
        ],
        {"a": 6912},
    ),
    # A constant passes nothing back, and c needs no gradient of it: 4·8·8·36.
    "constants": ([FILTERS | {"name": "a"}, FIXED, FILTERS | {"name": "c"}], {"c": 9216}),
    "frames": (
        [
            FILTERS | {"name": "a"},
            {"time_distributed": {"parameter": {"shape": "4x8", "learned": False}}},
            FILTERS | {"name": "c"},
        ],
        {"c": 9216},
    ),
    "words": (
        [
            {"linear": {"out_features": 5, "bias": False}, "name": "a"},
            {"embedding": {"num_embeddings": 2, "embedding_dim": 4}, "trainable": False},
            {"conv": {"filters": 2, "kernel": 1}, "name": "c"},
        ],
        {"c": 40},  # 5·4·2
    ),
}


@pytest.mark.parametrize("case", WITHOUT_GRADIENT)
def test_layers_that_get_no_gradient_have_no_backward_pass(case):
    steps, expected = WITHOUT_GRADIENT[case]
    report = cnncalc.summarize({"input": 3 if case == "words" else "3x8x8", "layers": steps})
    counted = {row.name: row.cost.backward_macs for row in report if row.cost.backward_macs}
    assert counted == expected
    again, _ = walk.recompute(report, report.rows, keep=False)
    assert again.totals == report.totals
    kept, _ = walk.recompute(report, [*report.rows], keep=True)
    assert kept.totals == report.totals
    network = bridge.to_torch(report)
    for parameter in network.parameters():
        parameter.data.zero_()  # the words are 0
    with FlopCounterMode(display=False) as counter:
        y = network(torch.zeros(1, *report.input_shape))
        forward = counter.get_total_flops()
        y.sum().backward()
    assert counter.get_total_flops() - forward == 2 * sum(expected.values())


@pytest.mark.parametrize(("trainable", "expected"), [(True, [0, 300, 9216]), (False, [0, 0, 4608])])
def test_frozen_numbers_have_no_backward_pass(trainable, expected):
    computed = {"shape": "4x8x8", "params": 9, "macs": 100, "backward_macs": 300}
    layers = [
        FILTERS,
        {"parameter": computed, "trainable": trainable},
        {"conv": {"filters": 2, "kernel": 3, "padding": 1}},  # 2·8·8·36 for each gradient
    ]
    report = cnncalc.summarize({"input": "3x8x8", "layers": layers})
    assert [row.cost.backward_macs for row in report] == expected


@pytest.mark.parametrize(
    ("trained", "expected"),
    [
        # 2 positions of 2 channels, and 3 others: 8, 12 and 12 for query, key and value, twice 12
        # for scores and sums, 8 for the output. Sums always pass a gradient to the scores.
        ((True, True), 8 + 24 + 2 * 12 + 2 * 12 + 8),
        ((True, False), 8 + 12 + 12 + 8),
        ((False, True), 24 + 12 + 2 * 12 + 8),
        ((False, False), 0),
        ((True,), 8 + 16 + 2 * 8 + 2 * 8 + 8),
    ],
)
def test_frozen_attention_passes_gradients_to_both_factors(trained, expected):
    shapes = dict(zip(("x", "y"), ("2x2", "2x3")[: len(trained)]))
    read = [
        {"scale": None, "name": f"scaled_{name}", "from": name}
        if trains
        else {"identity": None, "name": f"scaled_{name}", "from": name}
        for name, trains in zip(shapes, trained)
    ]
    attention = {"attention": 1, "trainable": False, "from": [f"scaled_{name}" for name in shapes]}
    report = cnncalc.summarize({"input": shapes, "layers": [*read, attention]})
    assert report["attention1"].cost.backward_macs == expected
    assert not bridge.verify(report, "cpu").disagreements


def test_backward_computation_is_attributed_to_layers():
    spec = {
        "input": "2x8x8",
        "layers": [
            {"conv": {"filters": 3, "kernel": 3}, "name": "first"},
            {"conv": {"filters": 3, "kernel": 3, "padding": 1}, "name": "left"},
            {"conv": {"filters": 3, "kernel": 1}, "name": "right", "from": "first"},
            {"add": None, "from": ["left", "right"]},
            {"linear": 5},
        ],
    }
    found = bridge.verify(cnncalc.summarize(spec), "cpu")
    backward = {check.layer: check for check in found.checks if check.quantity == "backward_macs"}
    assert found.agrees
    # taps · channels · filters · positions: for the weights, and except for the first, the input.
    assert backward["first"].pytorch == 9 * 2 * 3 * 36
    assert backward["left"].pytorch == 2 * 9 * 3 * 3 * 36
    assert backward["right"].pytorch == 2 * 3 * 3 * 36
    assert backward["add1"].pytorch == 0
    assert backward["linear1"].pytorch == 2 * 3 * 36 * 5


def test_counts_that_pytorch_gets_wrong_are_not_compared():
    grouped = {"conv": {"filters": 4, "kernel": 3, "groups": 2}}
    plain = {"conv": {"filters": 4, "kernel": 3}}
    spec = {"input": "2x8x8", "layers": [plain, grouped, "channel_shuffle", plain]}
    spec["layers"][2] = {"channel_shuffle": 2}
    found = bridge.verify(cnncalc.summarize(spec), "cpu")
    assert found.agrees
    assert {(one.layer, one.quantity) for one in found.skipped} == {
        ("conv2", "backward_macs"),
        ("total", "backward_macs"),
    }
    assert all("with groups as if it had none" in one.why for one in found.skipped)


def not_modelled(*given, **named):
    raise UsageError("that is not modelled")


def test_bytes_that_are_not_modelled_are_not_compared(monkeypatch):
    monkeypatch.setattr(footprint, "saved_for_backward", not_modelled)
    found = bridge.verify(cnncalc.summarize("1x8x8-4C3-10N"), "cpu")
    assert found.agrees
    assert found.skipped == (("total", "saved_for_backward", "that is not modelled"),)


def test_a_network_without_trainable_parameters_agrees():
    found = bridge.verify(cnncalc.summarize({"input": "2x8x8", "layers": [{"max_pool": 2}]}))
    assert found.agrees
    assert ("total", "backward_macs", 0, 0) in found.checks


# Receptive fields.


def field_of(spec, device="cpu", **settings):
    """The comparison of the receptive field, or why it was skipped."""
    found = bridge.verify(cnncalc.summarize(spec, **settings), device, receptive_field=True)
    data = [one for one in (*found.checks, *found.skipped) if one.quantity == "receptive_field"]
    assert len(data) <= 1
    return data[0] if data else None


@pytest.mark.parametrize(
    ("spec", "layer", "size"),
    [
        ("lenet5", "s4", (16, 16)),  # 5, then 5 + 1 = 6 in steps of 2, then 6 + 2·4 = 14, then 16
        ("inception_module", "inception3a.output", (3, 3)),  # of its widest branch, 2 are padding
        ("tdnn", "sigmoid2", (7,)),  # 3 + 4
        ("1x8x8-1C3s2p1", "conv1", (2, 2)),  # the third is padding
        ("1x8x8-1C1p3", "conv1", (0, 0)),  # all of it
        ({"input": "1x8x8", "layers": [  # all of it along one axis, so nothing is read
            {"conv": {"filters": 1, "kernel": [1, 3], "padding": [0, 3]}}
        ]}, "conv1", (0, 0)),
        ("1x9-1C5p4d2", "conv1", (5,)),  # taps at −4, −2, 0, 2 and 4
        ({"input": "1x8", "layers": [
            {"pad": {"padding": 1, "mode": "reflect"}}, {"conv": {"filters": 1, "kernel": 3}}
        ]}, "conv1", (2,)),  # pixels 1, 0 and 1
        ({"input": "1x20x20", "layers": [{"max_pool": 3}, {"conv": {"filters": 2, "kernel": 2}}]},
         "conv1", (6, 6)),
        # squeeze-and-excitation: the factors depend on the whole map
        ({"input": "1x9x8", "layers": [
            {"conv": {"filters": 2, "kernel": 3, "padding": 1}, "name": "a"},
            "global_avg_pool",
            {"multiply": None, "from": ["a", "global_avg_pool1"]},
        ]}, "multiply1", (9, 8)),
        ({"input": "1x9x8", "layers": [
            {"conv": {"filters": 2, "kernel": 3}}, {"layer_norm": "channels"}
        ]}, "layer_norm1", (3, 3)),
    ],
)  # fmt: skip
def test_receptive_fields_agree(spec, layer, size):
    check = field_of(spec)
    assert (check.layer, check.agrees) == (layer, True)
    assert check.pytorch == (size or check.pytorch)


def test_float64_is_used_if_float32_is_not_exact(monkeypatch):
    monkeypatch.setattr(influence, "EXACT", False)
    for spec in ("lenet5", {"input": "1x8x8", "layers": [{"max_pool": 2}]}):
        assert field_of(spec).agrees


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_other_precisions_are_equally_exact(dtype):
    assert field_of("lenet5", tiny=True, batch=2, dtype=dtype).agrees
    blurred = {"input": "3x9x9", "layers": [{"blur_pool": {"kernel": 3, "stride": 2}}]}
    assert field_of(blurred, dtype=dtype).agrees  # whose filter is a buffer


@pytest.mark.parametrize(
    ("spec", "device", "why"),
    [
        ("1x8x8-1C3", "meta", "it is found only on the CPU"),
        ({"input": {"x": "1x4", "y": "1x4"}, "layers": [{"add": None, "from": ["x", "y"]}]},
         "cpu", "several inputs"),
        ({"input": "1x8x8", "layers": [{"upsample": 2}]}, "cpu", "uneven"),
        ({"input": "4x8x8", "layers": [{"group_norm": 2}]}, "cpu", "which do not count"),
        ({"input": "4x8x8", "layers": [{"batch_norm": {"track_running_stats": False}}]},
         "cpu", "which do not count"),
        ({"input": "4x8x8", "layers": [{"reshape": [8, 4, 8]}]}, "cpu", "moves numbers"),
        ({"input": "4x8x8", "layers": [{"permute": [1, 2, 0]}]}, "cpu", "moves numbers"),
        ({"input": "4x8x8", "layers": [{"roll": 1}]}, "cpu", "only an upper bound"),
        ({"input": "1x8", "layers": [
            {"pad": {"padding": 1, "mode": "circular"}}, {"conv": {"filters": 1, "kernel": 3}}
        ]}, "cpu", "at the other end of the image"),
        ({"input": "1x8", "layers": [
            {"pad": {"padding": 3, "mode": "reflect"}}, {"conv": {"filters": 1, "kernel": 3}}
        ]}, "cpu", "which copies pixels"),
        # Roots of what is below 0.
        ({"input": "4x8x8", "layers": [{"lrn": {"size": 3, "k": -1}}]}, "cpu", "is NaN"),
        ({"input": "4x8x8", "layers": [
            "global_avg_pool", {"conv": {"filters": 1, "kernel": 1, "padding": 1}}
        ]}, "cpu", "nothing but padding"),
        # Taps at −1 and 1: pixel 0 lies between them.
        ("1x8x8-1C2p1d2", "cpu", "ends in a gap"),
    ],
)  # fmt: skip
def test_an_unmeasurable_receptive_field_is_reported(spec, device, why):
    assert why in field_of(spec, device).why


def test_a_network_without_maps_has_no_receptive_field():
    assert field_of("8-4N") is None


# It can fail: each compared quantity, with a deliberately broken formula.

NETWORK = {
    "input": "2x8x8",
    "layers": [
        {"conv": {"filters": 4, "kernel": 3}},
        "batch_norm",
        {"prelu": None, "trainable": False},
        {"max_pool": 2},
        {"rbf": 3},
    ],
}


def counted(quantity):
    """A method that returns one more of a quantity than the right one."""

    def broken(right):
        def wrong(self, x):
            counts = right(self, x)
            return counts._replace(**{quantity: getattr(counts, quantity) + 1})

        return wrong

    return broken


def of(kind):
    return layers.load(kind)


BROKEN = {
    # quantity: class and method, how it is broken, and the layer that must be named
    "output": (of("rbf"), "output", lambda right: lambda self, x: Vector(4), "rbf1"),
    "macs": (of("conv"), "macs", lambda right: lambda self, x: right(self, x) + 1, "conv1"),
    "backward_macs": (
        layer.mac_formulas, "backward_macs",
        lambda right: lambda of_weights, of_inputs: 2 * of_weights, "conv1",
    ),
    "weights": (of("conv"), "parameters", counted("weights"), "conv1"),
    "biases": (of("conv"), "parameters", counted("biases"), "conv1"),
    "fixed": (of("rbf"), "parameters", counted("fixed"), "rbf1"),
    "frozen": (of("prelu"), "parameters", counted("weights"), "prelu1"),
    "buffers": (of("batch_norm"), "parameters", counted("buffers"), "batch_norm1"),
    "tensors": (of("conv"), "tensors", lambda right: lambda self, x: {"weight": (4, 2)}, "conv1"),
    "saved_for_backward": (
        footprint, "saved_for_backward",
        lambda right: lambda report, **named: right(report, **named)[1:], "conv1",
    ),
    "inference_peak": (
        footprint, "inference_peak",
        lambda right: lambda report, **named: right(report, **named)._replace(bytes=1), "total",
    ),
    "training_peak": (
        footprint, "training_peak",
        lambda right: lambda report, **named: right(report, **named)._replace(bytes=1), "total",
    ),
    "receptive_field": (
        of("conv"), "reach", lambda right: lambda self, x: (Reach(4), Reach(3)), "max_pool1"
    ),
}  # fmt: skip


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_broken_formula_is_caught(monkeypatch, tmp_path, quantity):
    assert quantity in BROKEN, "every compared quantity needs a broken formula"
    file = tmp_path / "net.yaml"
    file.write_text(json.dumps(NETWORK))
    arguments = (str(file), "--device", "cpu", "--receptive-field")
    assert verify(*arguments).exit_code == 0
    owner, name, broken, layer = BROKEN[quantity]
    monkeypatch.setattr(owner, name, broken(getattr(owner, name)))
    ran = verify(*arguments)
    assert ran.exit_code == 1
    named = "weight" if quantity == "tensors" else quantity
    assert [layer, named] in [line.split()[:2] for line in ran.stdout.splitlines()]


@pytest.mark.parametrize(
    ("layer", "fields"),
    [
        ("conv", {"filters": 3, "kernel": 2}),
        ("batch_norm", {}),
        ("instance_norm", {"affine": True}),
    ],
)
@pytest.mark.parametrize("image", ["2x8x8", "2x3x4x5"])
def test_a_training_peak_too_low_is_caught_on_the_meta_device_too(
    monkeypatch, image, layer, fields
):
    # There PyTorch makes a gradient of the image for a norm, which the CPU does not.
    spec = {"input": image, "layers": [{layer: fields}]}
    report = cnncalc.summarize(spec, batch=2)
    assert bridge.verify(report, "cpu").agrees
    found = bridge.verify(report, "meta")
    assert found.agrees
    assert [one.quantity for one in found.skipped] == ["training_peak"] * (layer != "conv")
    _, name, broken, _ = BROKEN["training_peak"]
    monkeypatch.setattr(footprint, name, broken(footprint.training_peak))
    (caught,) = bridge.verify(report, "meta").disagreements
    assert caught[:2] == ("total", "training_peak")


@pytest.mark.parametrize("quantity", ["weights", "biases", "fixed", "buffers", "macs"])
def test_only_the_broken_layer_is_blamed(monkeypatch, quantity):
    owner, name, broken, layer = BROKEN[quantity]
    monkeypatch.setattr(owner, name, broken(getattr(owner, name)))
    found = bridge.verify(cnncalc.summarize(NETWORK), "cpu")
    blamed = {(check.layer, check.quantity) for check in found.disagreements}
    backward = {(layer, "backward_macs"), ("total", "backward_macs")}
    # Additional resident memory also counts at the peak.
    held = {("total", "training_peak")}
    assert blamed - backward - held == {(layer, quantity), ("total", quantity)}
    counted = [check for check in found.disagreements if check.quantity != "training_peak"]
    assert all(check.calculated == check.pytorch + 1 for check in counted)


def test_a_tensor_that_only_one_side_has_is_caught(monkeypatch):
    monkeypatch.setattr(of("conv"), "tensors", lambda self, x: {"wieght": (4, 2, 3, 3)})
    found = bridge.verify(cnncalc.summarize(NETWORK), "cpu")
    assert [check[1:] for check in found.disagreements] == [
        ("wieght", (4, 2, 3, 3), "none"),
        ("weight", "none", (4, 2, 3, 3)),
        ("bias", "none", (4,)),
    ]


def test_a_shape_so_wrong_that_nothing_runs_is_caught(monkeypatch):
    monkeypatch.setattr(layers.load("max_pool"), "output", lambda self, x: Map(4, (3, 4)))
    found = bridge.verify(cnncalc.summarize("2x8x8-4C3-MP2-10N"), "cpu")
    # Later layers are not compared, except for their parameters.
    assert [(check.layer, check.quantity) for check in found.disagreements] == [
        ("max_pool1", "output"),
        ("flatten", "output"),
        ("linear1", "runs"),
    ]
    refused = found.disagreements[-1]
    assert refused[:3] == ("linear1", "runs", "yes")
    assert "mat1 and mat2 shapes cannot be multiplied" in refused.pytorch
    assert ("linear1", "weights", 480, 480) in found.checks


def test_a_backward_pass_that_fails_is_caught(monkeypatch):
    def refuse(self, *given, **named):
        raise RuntimeError("a page\nof advice")

    monkeypatch.setattr(torch.Tensor, "backward", refuse)
    (refused,) = bridge.verify(cnncalc.summarize("4-2N"), "cpu").disagreements
    assert refused == ("total", "runs", "yes", "no: a page")


def test_a_layer_that_pytorch_refuses_is_caught(monkeypatch):
    monkeypatch.setattr(layers.load("group_norm"), "output", lambda self, x: x)
    report = cnncalc.summarize({"input": "4x5x5", "layers": [{"group_norm": 3}]})
    (refused,) = bridge.verify(report, "cpu").disagreements
    assert refused[:3] == ("total", "builds", "yes")
    assert "must be divisible by num_groups" in refused.pytorch


# Where it runs.


def test_a_network_that_cannot_fit_is_refused_with_the_numbers(monkeypatch):
    monkeypatch.setattr(devices, "_main_memory", lambda: 10**9)
    huge = cnncalc.summarize("3x224x224-1000000N")  # 150,528 · 10⁶ weights and 10⁶ biases
    with pytest.raises(
        UsageError,
        match=r"1\.81 TB \(602\.12 GB for parameters, 602\.12 GB for a second copy of them, "
        r"602\.12 GB for gradients, .* for activations\), and cpu has 1\.00 GB; --device meta",
    ):
        bridge.verify(huge, "cpu")
    found = bridge.verify(huge, "auto")
    assert (found.device, found.agrees) == ("meta", True)


def test_a_forward_pass_needs_no_gradients_and_no_second_copy(monkeypatch):
    monkeypatch.setattr(devices, "_memory", lambda device: 5 * 10**5)
    lenet = cnncalc.summarize("lenet5")  # 61,706 parameters of 4 bytes
    assert devices.choose(lenet, "cpu", trains=False) == "cpu"
    with pytest.raises(UsageError, match=r"246\.82 kB for a second copy of them"):
        devices.choose(lenet, "cpu")
    monkeypatch.setattr(devices, "_memory", lambda device: 10**5)
    with pytest.raises(UsageError, match=r"\(246.82 kB for parameters, .* for activations\)"):
        devices.choose(lenet, "cpu", trains=False)


def test_saved_tensors_may_be_what_does_not_fit(monkeypatch):
    monkeypatch.setattr(devices, "_main_memory", lambda: 300 * 10**6)
    report = cnncalc.summarize("resnet18", batch=16)
    with pytest.raises(UsageError, match=r"46\.76 MB for parameters.*354.92 MB for activations"):
        bridge.verify(report, "cpu")
    # Not modelled: the input and output of the first norm, 2·64·112² for each image.
    monkeypatch.setattr(footprint, "saved_for_backward", not_modelled)
    with pytest.raises(UsageError, match=r"411\.04 MB for activations"):
        bridge.verify(cnncalc.summarize("resnet18", batch=64), "cpu")


@pytest.mark.parametrize(
    ("spec", "batch", "says"),
    [
        ("3x64x64-4C3", 10**14, r"'input' has 1,228,800,000,000,000,000 numbers in its output"),
        # 3·10⁹ · 4·10⁹ weights and 4·10⁹ biases
        ("3000000000-4000000000N", 1, r"'linear1' has 12,000,000,004,000,000,000 numbers in its p"),
    ],
)
def test_tensors_that_pytorch_cannot_have_are_refused(spec, batch, says):
    with pytest.raises(UsageError, match=says):
        bridge.verify(cnncalc.summarize(spec, batch=batch), "meta")


def test_auto_uses_the_meta_device_for_slow_networks():
    assert bridge.verify(cnncalc.summarize("unet"), "auto").device == "meta"


def test_a_container_may_have_less_memory_than_the_machine(monkeypatch, tmp_path):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(devices, "CONTAINER", limit)
    machine = devices._main_memory()
    limit.write_text("max\n")
    assert devices._main_memory() == machine
    limit.write_text("1000000\n")
    assert devices._main_memory() == 1_000_000
    monkeypatch.delattr("os.sysconf")
    assert devices._main_memory() is None


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="sees no cuda device here; use --device cpu or meta"):
        bridge.verify(cnncalc.summarize("4-2N"), "cuda")


def test_unknown_devices_and_dtypes_are_refused():
    with pytest.raises(UsageError, match="no device 'cdua'; did you mean 'cuda'"):
        bridge.verify(cnncalc.summarize("4-2N"), "cdua")
    with pytest.raises(UsageError, match="no device 'gpu'; did you mean 'cuda'"):
        bridge.verify(cnncalc.summarize("4-2N"), "gpu")
    with pytest.raises(UsageError, match="do not compute in int8"):
        bridge.verify(cnncalc.summarize("4-2N", dtype="int8"), "meta")


@pytest.mark.parametrize(
    "full",
    [
        torch.OutOfMemoryError("a page of advice"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"),
    ],
)
@pytest.mark.parametrize("step", ["__init__", "forward"])
def test_running_out_of_memory_gets_one_sentence(monkeypatch, full, step):
    def fill(self, *inputs):
        raise full

    monkeypatch.setattr(verification.Network, step, fill)
    with pytest.raises(UsageError, match="does not fit in the memory of cpu"):
        bridge.verify(cnncalc.summarize("4-2N"), "cpu")


def test_a_layer_that_pytorch_cannot_run_gets_one_sentence(monkeypatch):
    def refuse(self, *inputs):
        raise NotImplementedError("no such kernel\nand more")

    monkeypatch.setattr(verification.Network, "forward", refuse)
    with pytest.raises(UsageError, match=r"PyTorch cannot run 4-2N on cpu: no such kernel$"):
        bridge.verify(cnncalc.summarize("4-2N"), "cpu")


def test_our_own_errors_are_not_attributed_to_pytorch(monkeypatch):
    def wrong(*given):
        raise RuntimeError("ours")

    monkeypatch.setattr(oracles, "inference_peak_in_pytorch", wrong)
    with pytest.raises(RuntimeError, match="ours"):
        bridge.verify(cnncalc.summarize("4-2N"), "cpu")


def test_normalising_one_number_gets_a_fix():
    spec = {"input": "4", "layers": [{"linear": 3}, {"batch_norm": None, "name": "norm"}]}
    with pytest.raises(UsageError, match=r"cannot run layer 'norm' .*; use --batch 2 or --eval"):
        bridge.verify(cnncalc.summarize(spec), "cpu")
    assert bridge.verify(cnncalc.summarize(spec), "cpu", training=False).agrees
    assert bridge.verify(cnncalc.summarize(spec, batch=2), "cpu").agrees


def test_normalising_one_position_gets_a_fix():
    tracked = {"track_running_stats": True}
    spec = {"input": "4x1x1", "layers": [{"instance_norm": tracked, "name": "norm"}]}
    with pytest.raises(UsageError, match=r"'norm' with one position .*; use a larger --input"):
        bridge.verify(cnncalc.summarize(spec, batch=2), "meta")
    assert bridge.verify(cnncalc.summarize(spec, batch=2), "meta", training=False).agrees
    assert bridge.verify(cnncalc.summarize(spec, input="4x1x2", batch=2), "meta").agrees


def test_normalizing_one_number_without_running_statistics_gets_a_fix():
    norm = {"batch_norm": {"track_running_stats": False}, "name": "norm"}
    spec = {"input": "4", "layers": [{"linear": 3}, norm]}
    for training in (True, False):
        with pytest.raises(UsageError, match=r"cannot run layer 'norm' .*; use --batch 2$"):
            bridge.verify(cnncalc.summarize(spec), "cpu", training=training)
    assert bridge.verify(cnncalc.summarize(spec, batch=2), "cpu", training=False).agrees


# On CUDA there are measurements. Without a GPU, stand-ins replace the device's functions.


class Event:
    """Stands in for ``torch.cuda.Event``: every one is recorded 2 milliseconds after the last."""

    now = 0

    def __init__(self, enable_timing):
        assert enable_timing

    def record(self):
        Event.now += 2
        self.at = Event.now

    def elapsed_time(self, end):
        return end.at - self.at


def test_on_cuda_times_and_the_allocator_s_peak_are_shown(monkeypatch):
    peaks = {"allocated_bytes.all.peak": 5_120, "requested_bytes.all.peak": 4_000}
    calls = []
    cuda = SimpleNamespace(
        Event=Event,
        synchronize=lambda: calls.append("synchronize"),
        reset_peak_memory_stats=lambda: calls.append("reset"),
        memory_stats=lambda: peaks,
    )
    monkeypatch.setattr(torch, "cuda", cuda)
    report = cnncalc.summarize("4-3N-2N")
    network, inputs = cnncalc.to_torch(report), [torch.zeros(1, 4)]
    data = {one[:2]: one.value for one in gpu.measure(report, network, inputs)}
    assert calls == ["synchronize", "reset", "synchronize"]
    assert data[("linear1", "microseconds")] == 2_000
    assert data[("total", "allocator_peak")] == 5_120
    assert data[("total", "rounding")] == 1_120
    # 12 + 3 + 6 + 2 parameters and at most 4 + 3 numbers alive, in 4 bytes
    assert data[("total", "modelled")] == 4 * 23 + 4 * 7
    assert data[("total", "not_modelled")] == 4_000 - 120
    monkeypatch.setattr(footprint, "inference_peak", not_modelled)
    data = {one.quantity for one in gpu.measure(report, network, inputs)}
    assert data == {"microseconds", "allocator_peak", "rounding"}


def test_bytes_on_another_device_are_not_compared(monkeypatch):
    ran = SimpleNamespace(tensors="cuda")
    (left,) = QUANTITIES["inference_peak"](ran)
    assert left.why == "the calculated bytes are those of the CPU"


# The command.


def verify(*arguments):
    return CliRunner().invoke(app, ["verify", *arguments])


def test_the_command_reports_full_agreement():
    ran = verify("lenet5", "--device", "cpu")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("✓ LeNet-5: 115 of 115 figures agree with PyTorch ")
    assert ran.stdout.endswith(" (cpu, float32, batch 1, training)\n")
    assert ran.stdout.count("\n") == 1


def test_the_command_shows_everything_when_asked():
    ran = verify("lenet5", "--all", "--eval")
    assert ran.exit_code == 0
    assert ran.stdout.count("✓") == 115 + 1
    assert ran.stdout.endswith("batch 1, evaluation)\n")


def test_the_command_shows_what_differs(monkeypatch):
    conv = layers.load("conv")
    right = conv.macs
    monkeypatch.setattr(conv, "macs", lambda self, x: right(self, x) - 1000)
    ran = verify("2x8x8-4C3-MP2", "--device", "meta")
    assert ran.exit_code == 1
    heading, _, forward, back, *totals, summary = ran.stdout.splitlines()
    assert heading.split() == ["Layer", "Quantity", "Calculated", "PyTorch"]
    assert forward.split() == ["conv1", "macs", "1,592", "✗", "2,592", "(+1,000)"]
    assert back.split() == ["conv1", "backward_macs", "1,592", "✗", "2,592", "(+1,000)"]
    assert [line.split()[0] for line in totals] == ["total", "total"]
    assert summary.startswith("✗ ")


def test_the_command_reports_what_is_not_compared():
    ran = verify("depthwise_separable", "--tiny")
    assert ran.exit_code == 0
    summary, left = ran.stdout.splitlines()
    assert summary.endswith("batch 2, training)")
    assert left.startswith("  2 × backward_macs not compared: PyTorch counts ")


def test_tiny_takes_the_smallest_input_and_a_batch_of_two():
    data = json.loads(verify("vgg16", "--tiny", "-f", "json").stdout)
    shapes = {one["layer"]: one["pytorch"] for one in data["checks"] if one["quantity"] == "output"}
    assert shapes["conv1_1"] == [2, 64, 32, 32]
    data = json.loads(verify("lenet5", "--tiny", "--batch", "1", "-f", "json").stdout)
    assert data["batch"] == 1


def test_the_command_writes_json():
    ran = verify("lenet5", "--format", "json")
    data = json.loads(ran.stdout)
    assert (data["format"], data["agrees"], len(data["checks"])) == (
        "cnncalc.verification",
        True,
        115,
    )
    assert (data["training"], data["skipped"], data["measured"]) == (True, [], [])


def test_the_command_writes_csv(tmp_path):
    ran = verify("depthwise_separable", "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(ran.stdout)))
    by_name = {(line["layer"], line["quantity"]): line for line in lines}
    assert by_name[("pointwise", "weight")]["pytorch"] == "64×32×1×1"
    assert by_name[("pointwise", "weight")]["agrees"] == "yes"
    assert by_name[("depthwise", "backward_macs")]["agrees"].startswith("PyTorch counts")
    file = tmp_path / "told.md"
    assert verify("lenet5", "-o", str(file)).exit_code == 0
    assert "| LeNet-5 | c1 | macs | 117,600 | 117,600 | yes |" in file.read_text(encoding="utf-8")


def test_measurements_are_shown_beside_the_checks(monkeypatch):
    found = bridge.verify(cnncalc.summarize("4-2N"), "cpu")
    data = gpu.Measured("linear1", "microseconds", 1_234)
    timed = verification.Verification(**{**vars(found), "measured": (data,)})
    monkeypatch.setattr(bridge, "verify", lambda *given, **named: timed)
    _, _, line, _ = verify("4-2N").stdout.splitlines()
    assert line.split() == ["linear1", "microseconds", "1,234"]
    assert "microseconds,,1234,\n" in verify("4-2N", "-f", "csv").stdout.replace("\r", "")


def test_bytes_of_columns_are_compared_on_the_cpu_only():
    spec = {"input": "2x5x5", "layers": [{"unfold": {"kernel": 3, "stride": 3}}, {"linear": 2}]}
    report = cnncalc.summarize(spec)
    assert bridge.verify(report, "cpu").skipped == ()
    found = bridge.verify(report, "meta")
    assert found.agrees
    assert {one.quantity for one in found.skipped} >= {"saved_for_backward", "training_peak"}


def test_all_architectures_can_be_verified(monkeypatch):
    monkeypatch.setattr(catalog, "names", lambda: ("lenet5", "mlp_mnist"))
    ran = verify("--all-architectures")
    assert ran.exit_code == 0
    first, second = ran.stdout.splitlines()
    assert "(meta, float32, batch 2, " in first
    assert second.startswith("✓ MLP")
    assert [one["name"] for one in json.loads(verify("--all-architectures", "-f", "json").stdout)]
    assert "(cpu, float32, batch 2, training)" in verify("--all-architectures", "--tiny").stdout
    assert ran.stderr == ""  # no progress bar without a terminal


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give either a network or --all-architectures"),
        (["vgg16", "--all-architectures"], "give either a network"),
        (["--all-architectures", "--set", "classes=3"], "need a single network"),
        (["vgg16", "--format", "jsno"], "did you mean 'json'"),
        (["vgg16", "--batch", "0"], "at least 1, not 0"),
    ],
)
def test_the_command_refuses_invalid_input(arguments, says):
    ran = verify(*arguments)
    assert isinstance(ran.exception, UsageError)
    assert says in str(ran.exception)


def test_without_pytorch_the_error_says_how_to_install_it():
    code = (
        "import sys\nsys.modules['torch'] = None\nfrom cnncalc.cli import main\n"
        "sys.argv = ['cnncalc', 'verify', 'lenet5']\nmain()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    install = "install it with pip install 'cnncalc[torch]'"
    assert ran.stderr == f"cnncalc: verify needs PyTorch; {install}\n"
