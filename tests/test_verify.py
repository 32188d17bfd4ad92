"""The proof: PyTorch agrees on every built-in, and a formula broken on purpose is caught."""

import json
import subprocess
import sys

import pytest
import torch
from typer.testing import CliRunner

import cnncalc
from cnncalc import UsageError, bridge, catalog, layers
from cnncalc.bridge import verification
from cnncalc.cli import app
from cnncalc.shape import Map


@pytest.mark.parametrize("name", catalog.names())
def test_pytorch_agrees_on_every_architecture(name):
    found = bridge.verify(cnncalc.summarize(name), "meta")
    assert found.disagreements == ()
    layers_of = {check.layer for check in found.checks if check.quantity in {"output", "macs"}}
    assert len(layers_of) > 1


def test_batch_and_dtype_are_those_of_the_report():
    report = cnncalc.summarize("1x8x8-4C3-10N", batch=3, dtype="float64")
    found = bridge.verify(report, "cpu")
    assert found.agrees
    assert (found.batch, found.dtype, found.device) == (3, "float64", "cpu")
    assert ("conv1", "output", (3, 4, 6, 6), (3, 4, 6, 6)) in found.checks
    # 3·3 taps, 4 filters, 6·6 places, 3 images
    assert ("conv1", "macs", 3_888, 3_888) in found.checks


# It can fail: each compared quantity, with the formula broken on purpose.

NETWORK = {
    "input": "2x8x8",
    "layers": [{"conv": {"filters": 4, "kernel": 3}}, "batch_norm", {"max_pool": 2}, {"rbf": 3}],
}


@pytest.mark.parametrize(
    ("kind", "quantity", "layer"),
    [
        ("conv", "weights", "conv1"),
        ("conv", "biases", "conv1"),
        ("batch_norm", "buffers", "batch_norm1"),
        ("rbf", "fixed", "rbf1"),
    ],
)
def test_a_wrong_count_of_numbers_is_caught(monkeypatch, kind, quantity, layer):
    broken = layers.load(kind)
    right = broken.parameters

    def wrong(self, x):
        counts = right(self, x)
        return counts._replace(**{quantity: getattr(counts, quantity) + 1})

    monkeypatch.setattr(broken, "parameters", wrong)
    found = bridge.verify(cnncalc.summarize(NETWORK), "cpu")
    assert [(check.layer, check.quantity) for check in found.disagreements] == [
        (layer, quantity),
        ("total", quantity),
    ]
    assert all(check.calculated == check.pytorch + 1 for check in found.disagreements)


def test_a_wrong_count_of_macs_is_caught(monkeypatch):
    conv = layers.load("conv")
    right = conv.macs
    monkeypatch.setattr(conv, "macs", lambda self, x: right(self, x) + 1)
    found = bridge.verify(cnncalc.summarize(NETWORK), "cpu")
    # 3·3·2 taps, 4 filters, 6·6 places
    assert found.disagreements == (
        ("conv1", "macs", 2_593, 2_592),
        ("total", "macs", 2_593, 2_592),
    )


def test_a_wrong_shape_is_caught(monkeypatch):
    monkeypatch.setattr(layers.load("max_pool"), "output", lambda self, x: Map(4, (3, 4)))
    found = bridge.verify(cnncalc.summarize("2x8x8-4C3-MP2"), "cpu")
    assert [check[2:] for check in found.disagreements] == [((1, 4, 3, 4), (1, 4, 3, 3))]


def test_a_shape_so_wrong_that_nothing_runs_is_caught(monkeypatch):
    monkeypatch.setattr(layers.load("max_pool"), "output", lambda self, x: Map(4, (3, 4)))
    found = bridge.verify(cnncalc.summarize("2x8x8-4C3-MP2-10N"), "cpu")
    *_, refused = found.disagreements
    assert refused[1:3] == ("runs", "yes")
    assert "mat1 and mat2 shapes cannot be multiplied" in refused.pytorch


def test_a_layer_that_pytorch_refuses_is_caught(monkeypatch):
    monkeypatch.setattr(layers.load("group_norm"), "output", lambda self, x: x)
    report = cnncalc.summarize({"input": "4x5x5", "layers": [{"group_norm": 3}]})
    (refused,) = bridge.verify(report, "cpu").disagreements
    assert refused[:3] == ("total", "builds", "yes")
    assert "must be divisible by num_groups" in refused.pytorch


# Where it runs.


def test_a_network_that_cannot_fit_is_refused_with_the_numbers(monkeypatch):
    monkeypatch.setattr(verification, "_main_memory", lambda: 10**9)
    huge = cnncalc.summarize("3x224x224-1000000N")  # 150,528 · 10⁶ weights and 10⁶ biases
    with pytest.raises(
        UsageError, match=r"602\.12 GB of it for parameters\), and cpu has 1\.00 GB; --device meta"
    ):
        bridge.verify(huge, "cpu")
    found = bridge.verify(huge, "auto")
    assert (found.device, found.agrees) == ("meta", True)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a machine without CUDA is meant")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="sees no cuda device here"):
        bridge.verify(cnncalc.summarize("4-2N"), "cuda")


def test_unknown_devices_and_dtypes_are_refused():
    with pytest.raises(UsageError, match="no device 'cdua'; did you mean 'cuda'"):
        bridge.verify(cnncalc.summarize("4-2N"), "cdua")
    with pytest.raises(UsageError, match="do not compute in int8"):
        bridge.verify(cnncalc.summarize("4-2N", dtype="int8"), "meta")


def test_running_out_of_memory_is_one_sentence(monkeypatch):
    def full(self, *inputs):
        raise torch.OutOfMemoryError("a page of advice")

    monkeypatch.setattr(verification.Network, "forward", full)
    with pytest.raises(UsageError, match="does not fit into the memory of cpu"):
        bridge.verify(cnncalc.summarize("4-2N"), "cpu")


# The command.


def verify(*arguments):
    return CliRunner().invoke(app, ["verify", *arguments])


def test_the_command_says_that_all_agrees():
    ran = verify("lenet5", "--device", "cpu")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("✓ LeNet-5: 77 of 77 figures agree with PyTorch ")
    assert ran.stdout.count("\n") == 1


def test_the_command_shows_everything_when_asked():
    ran = verify("lenet5", "--all")
    assert ran.exit_code == 0
    assert ran.stdout.count("✓") == 77 + 1


def test_the_command_shows_what_differs(monkeypatch):
    conv = layers.load("conv")
    right = conv.macs
    monkeypatch.setattr(conv, "macs", lambda self, x: right(self, x) - 1000)
    ran = verify("2x8x8-4C3-MP2", "--device", "meta")
    assert ran.exit_code == 1
    heading, layer, total, summary = ran.stdout.splitlines()
    assert heading.split() == ["Layer", "Quantity", "Calculated", "PyTorch"]
    assert layer.split() == ["conv1", "macs", "1,592", "✗", "2,592", "(+1,000)"]
    assert total.split()[0] == "total"
    assert summary.startswith("✗ ")


def test_the_command_writes_json():
    ran = verify("lenet5", "--format", "json")
    told = json.loads(ran.stdout)
    assert (told["format"], told["agrees"], len(told["checks"])) == (
        "cnncalc.verification",
        True,
        77,
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "needs a network or --all-architectures"),
        (["vgg16", "--all-architectures"], "one of the two"),
        (["--all-architectures", "--set", "classes=3"], "for one network"),
        (["vgg16", "--format", "jsno"], "did you mean 'json'"),
    ],
)
def test_the_command_refuses_what_it_cannot_use(arguments, says):
    ran = verify(*arguments)
    assert isinstance(ran.exception, UsageError)
    assert says in str(ran.exception)


def test_without_pytorch_one_sentence_says_how_to_get_it():
    code = (
        "import sys\nsys.modules['torch'] = None\nfrom cnncalc.cli import main\n"
        "sys.argv = ['cnncalc', 'verify', 'lenet5']\nmain()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr == "cnncalc: this needs PyTorch: pip install 'cnncalc[torch]'\n"
