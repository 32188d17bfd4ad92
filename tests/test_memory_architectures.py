"""Memory of every built-in architecture, to the byte.

Training runs on the meta device, where nothing is computed. There, PyTorch's batch normalization
saves statistics in eval mode too, so networks with it are evaluated on the CPU. The daily tests use
one batch for some networks; ``--exhaustive`` runs all, with both batches, at full size.
"""

from contextlib import suppress

import pytest
from torch_memory import saved_by_pytorch

import cnncalc
from architectures import UNMODELLED, is_daily
from cnncalc import footprint
from cnncalc.bridge.oracles import (
    inference_peak_in_pytorch,
    training_peak_in_pytorch,
)
from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.footprint import checkpoints
from cnncalc.layers.batch_norm import BatchNorm
from cnncalc.spec import catalog


def both_batches(turn):
    """Batches of 1 and 4 for every architecture; daily tests run one of them, and take turns with
    those of test_verify.py."""
    for number, name in enumerate(catalog.names()):
        for batch in (1, 4):
            daily = (batch == 1) == (number % 2 == 0) and is_daily(name, turn, of=4)
            marks = () if daily else pytest.mark.exhaustive
            yield pytest.param(name, batch, id=f"{name}-{batch}", marks=marks)


def reduced(name, batch):
    """An architecture with an input that the CPU runs in a moment: the smallest of several sizes
    that it accepts."""
    full = cnncalc.summarize(name)
    for size in (48, 64, 96, 128, 188):
        inputs = {
            label: "x".join(map(str, (shape.dimensions[0], *(min(n, size) for n in spatial))))
            for label, shape in full.input_shapes.items()
            for spatial in [shape.dimensions[1:]]
        }
        with suppress(CnncalcError):
            return cnncalc.summarize(name, input=inputs, batch=batch)
    return cnncalc.summarize(name, batch=batch)


@pytest.mark.parametrize(("name", "batch"), [*both_batches(turn=2)])
def test_training_agrees(name, batch):
    if name == "deeplabv3_resnet50":  # PyTorch does not normalize a single number
        batch += 1
    report = cnncalc.summarize(name, batch=batch)
    if name in UNMODELLED:
        is_refused(report)
        return
    found = footprint.measure(report)
    assert found.saved_for_backward == saved_by_pytorch(report, "meta")
    assert found.training_peak.bytes == training_peak_in_pytorch(report, device="meta")


def is_refused(report):
    with pytest.raises(UsageError, match="not modelled"):
        footprint.measure(report)


def evaluation_agrees(name, report, device):
    if name in UNMODELLED:
        is_refused(report)
        return
    found = footprint.measure(report, training=False)
    assert found.saved_for_backward == saved_by_pytorch(report, device, training=False)
    peak = training_peak_in_pytorch(report, device=device, training=False)
    assert found.training_peak.bytes == peak
    assert found.inference_peak.bytes == inference_peak_in_pytorch(report, device)


@pytest.mark.parametrize(("name", "batch"), [*both_batches(turn=3)])
def test_evaluation_agrees(name, batch):
    report, device = cnncalc.summarize(name, batch=batch), "meta"
    if report.totals.buffers:
        report, device = reduced(name, batch), "cpu"
    evaluation_agrees(name, report, device)


@pytest.mark.exhaustive
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("name", catalog.names())
def test_evaluation_agrees_at_full_size(name, batch, monkeypatch):
    report = cnncalc.summarize(name, batch=batch)
    if not report.totals.buffers:
        pytest.skip("test_evaluation_agrees runs it at full size")
    # As on the meta device.
    monkeypatch.setattr(BatchNorm, "measures", lambda self, training: True)
    evaluation_agrees(name, report, "meta")


# Other training settings: a few architectures daily, all of them with --exhaustive.


def some(*few):
    """All architectures, only these in daily tests."""
    for name in catalog.names():
        marks = () if name in few else pytest.mark.exhaustive
        yield pytest.param(name, id=name, marks=marks)


@pytest.mark.parametrize("name", [*some("lenet5", "alexnet", "resnet18", "squeezenet1_1", "unet")])
@pytest.mark.parametrize("optimizer", ["nag", "adagrad", "adadelta", "adam"])
def test_the_peak_with_an_optimizer_agrees(name, optimizer):
    report = cnncalc.summarize(name)
    found = footprint.training_peak(report, optimizer=optimizer)
    assert found.bytes == training_peak_in_pytorch(report, optimizer, device="meta")


MOST = 3 * 10**9
"""The most multiply-accumulates that the CPU runs in bfloat16 in reasonable time."""


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", [*some("lenet5_1998", "resnet18", "mobilenet_v3_small")])
def test_mixed_precision_agrees(name, training):
    report = reduced(name, batch=2)
    if report.totals.macs > MOST:
        pytest.skip("takes minutes")
    found = footprint.measure(report, training=training, dtype="amp")
    saved = saved_by_pytorch(report, training=training, autocast=True)
    assert found.saved_for_backward == saved
    peak = training_peak_in_pytorch(report, training=training, autocast=True)
    assert found.training_peak.bytes == peak
    assert found.inference_peak.bytes == inference_peak_in_pytorch(report, autocast=True)


@pytest.mark.parametrize("name", [*some("lenet5", "vgg11", "resnet18", "unet")])
@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_checkpoints_agree(name, every):
    report = cnncalc.summarize(name)
    rows = checkpoints.groups(report, every)
    found = footprint.measure(report, checkpoint=every).training_peak.bytes
    peak = training_peak_in_pytorch(report, device="meta", segments=rows)
    # A product frees its saved tensors before its gradients are summed if squeeze-and-excitation
    # broadcasts its factors; the peak is then lower by less than one part in ten thousand.
    assert found == peak or 0 < found - peak < peak // 10_000
