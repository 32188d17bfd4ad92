"""What is kept of PyTorch models: weights, modes, inputs and outputs; and commands for models."""

import json
import sys
from dataclasses import dataclass
from math import inf
from random import Random

import pytest
import random_networks
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from torch_memory import SavedTensors
from typer.testing import CliRunner

import cnncalc
from cnncalc import CnncalcError, UsageError, cli
from cnncalc.bridge import importing, original
from cnncalc.bridge.importing import OnMeta


def read(model, *shape):
    return cnncalc.summarize(cnncalc.from_torch(model, shape))


MYNET = """
from torch import nn

def net(width=4):
    return nn.Sequential(
        nn.Conv2d(3, width, 3), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * width, 10)
    )

class Resized(nn.Module):
    def forward(self, x):
        return nn.functional.interpolate(x, size=[n + 1 for n in x.shape[2:]])
"""
BY_HAND = {  # 27 weights and a bias for each filter, and 4 weights for each map and unit
    width: (28 * width + 10 * (4 * width + 1), 27 * width * 36 + 40 * width) for width in (4, 8)
}
"""Parameters and MACs for an input of 8×8, by hand."""


@pytest.fixture
def mynet(tmp_path, monkeypatch):
    """A module of this name in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "mynet", raising=False)
    (tmp_path / "mynet.py").write_text(MYNET)
    yield
    sys.modules.pop("mynet", None)


def run(*words):
    done = CliRunner().invoke(cli.app, words)
    if isinstance(done.exception, CnncalcError):
        raise done.exception
    return done.stdout


@pytest.mark.usefixtures("mynet")
def test_sweep_and_solve_vary_the_arguments_and_options_of_a_model():
    over = ("--over", "width=4,8", "--over", "batch=1,2", "--input", "3x8x8", "-f", "json")
    records = json.loads(run("sweep", "mynet:net", *over))
    assert [(one["width"], one["batch"], one["params"], one["macs"]) for one in records] == [
        (width, batch, params, batch * macs)
        for width, (params, macs) in BY_HAND.items()
        for batch in (1, 2)
    ]
    weights = run("sweep", "mynet:net", "--over", "dtype=int8", "--show", "weights", "-f", "csv")
    assert str(BY_HAND[4][0]) in weights
    assert "3×8×8" in run("quiz", "mynet:net", "--input", "3x8x8", "--set", "width=8", "-n", "9")
    budget = ("--for", "width", "--macs", str(BY_HAND[8][1]))
    found = run("solve", "mynet:net", "--input", "3x8x8", *budget)
    assert found.splitlines()[2].split()[:2] == ["within", "8"]
    fits = run("solve", "mynet:net", "--for", "width", "--params", str(BY_HAND[8][0]))
    assert fits.splitlines()[2].split()[:2] == ["within", "8"]


@pytest.mark.usefixtures("mynet")
def test_a_model_is_read_again_for_each_input_of_a_sweep():
    # One size replaces both axes of the input; a whole shape is also possible.
    for sizes in ("8,9", "3x8x8,3x9x9"):
        words = ("--over", f"input={sizes}", "--show", "activations", "-f", "json")
        records = json.loads(run("sweep", "mynet:Resized", *words))
        assert [one["activations"] for one in records] == [12 * (64 + 81), 12 * (81 + 100)]


@pytest.mark.usefixtures("mynet")
def test_the_windows_of_a_model_are_checked_and_it_has_no_published_figures():
    assert "fits" in run("check-stride", "mynet:net", "--input", "3x8x8")
    with pytest.raises(UsageError, match="only a spec has published figures"):
        run("claims", "mynet:net")


class Tied(nn.Module):
    """A linear layer that shares the weights of another, but not its biases."""

    def __init__(self, bias):
        super().__init__()
        self.one = nn.Linear(6, 6, bias=bias)
        self.other = nn.Linear(6, 6, bias=bias)
        self.other.weight = self.one.weight

    def forward(self, x):
        return self.other(self.one(x).relu())


def test_tied_weights_count_once():
    report = read(Tied(bias=False), 6)
    assert report["other"].weights_of == "one"
    assert (report.totals.params, report.totals.macs) == (36, 72)


def test_weights_that_are_partly_tied_count_once_in_an_opaque_layer():
    report = read(Tied(bias=True), 6)
    assert [row.kind for row in report] == ["linear", "relu", "opaque"]
    assert report.totals.params == 36 + 6 + 6
    assert report["other"].layer.params == 6


class InPlace(nn.Module):
    """Activations that overwrite their inputs, in every way to request it."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 1) for _ in range(4))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        one, two, three, four = self.convs
        x = functional.relu(two(self.relu(one(x))), inplace=True)
        return torch.relu_(four(three(x).relu_()))


def saved_bytes(model, x):
    with SavedTensors(model.parameters()) as saved:
        outputs = model(x)
    found = saved.bytes
    del outputs
    return found


def test_activations_in_place_stay_in_place():
    model, x = InPlace(), torch.rand(2, 3, 4, 4)
    report = read(model, 3, 4, 4)
    assert [row.layer.inplace for row in report if row.kind == "relu"] == [True] * 4
    assert cnncalc.memory(report, batch=2).saved_for_backward == saved_bytes(model, x)


def test_a_model_keeps_its_dtype_layout_and_mode():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.3)).train()
    plain = read(model, 3, 6, 6)
    model = model.half().to(memory_format=torch.channels_last)
    report = read(model, 3, 6, 6)
    assert [(row.name, row.layer, row.params, row.macs) for row in report] == [
        (row.name, row.layer, row.params, row.macs) for row in plain
    ]
    assert 2 * report.totals.parameter_bytes == plain.totals.parameter_bytes
    assert model[0].weight.dtype == torch.float16
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert all(one.training for one in model.modules())
    assert [row.kind for row in report] == ["conv", "batch_norm", "dropout"]


@dataclass
class Features:
    low: torch.Tensor
    high: torch.Tensor


class Backbone(nn.Module):
    """Returns two tensors in a form of choice."""

    def __init__(self, form):
        super().__init__()
        self.form = form
        self.conv = nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, x):
        return self.form(x, self.conv(x))


class Head(nn.Module):
    """Takes a dictionary, and reads what its backbone returns."""

    def __init__(self, form, parts):
        super().__init__()
        self.backbone = Backbone(form)
        self.parts = parts

    def forward(self, batch):
        low, high = self.parts(self.backbone(batch["image"]))
        return {"sum": low + high * batch["mask"], "features": (high, [low])}


@pytest.mark.parametrize(
    ("form", "parts"),
    [
        (lambda low, high: (low, high), lambda both: both),
        (lambda low, high: [high, low], lambda both: both[::-1]),
        (lambda low, high: {"a": low, "b": high}, lambda both: both.values()),
        (Features, lambda both: (both.low, both.high)),
    ],
)
def test_modules_take_dictionaries_and_return_several_tensors(form, parts):
    inputs = {"image": (2, 4, 4), "mask": (2, 4, 4)}
    model = Head(form, parts)
    report = cnncalc.summarize(cnncalc.from_torch(model, inputs))
    assert [row.kind for row in report] == ["conv", "multiply", "add", "identity"]
    assert [row.name for row in report.outputs] == ["add", "backbone.conv", "identity"]
    checked = cnncalc.verify(model, "cpu", input=inputs)
    assert checked.agrees, checked.disagreements


class Calls(nn.Module):
    """Runs a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.register_buffer(
            "blur", torch.tensor([1.0, 2, 1]).outer(torch.tensor([1.0, 2, 1])) / 16
        )

    def forward(self, x):
        return self.function(self, x)


def attend(model, x):
    heads = x.flatten(2).mT.unflatten(2, (2, 2)).transpose(1, 2)
    y = functional.scaled_dot_product_attention(heads, heads, heads)
    return y.transpose(1, 2).flatten(2)


def aligned(model, x):
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


def blurred(model, x):
    x = functional.pad(x, (1, 1, 1, 1), mode="reflect")
    return functional.conv2d(x, model.blur.expand(4, 1, 3, 3), stride=2, groups=4)


@pytest.mark.parametrize(
    ("function", "kinds", "macs"),
    [
        (attend, ["flatten", "permute", "reshape", "permute", "permute", "permute",
                  "dot_product_attention", "permute", "reshape", "permute"],
         2 * 2 * 36 * 36 * 2),  # scores and weighted sums of 2 heads with 2 channels
        (aligned, ["upsample"], 0),
        (blurred, ["pad", "opaque"], 9 * 4 * 9),
        (lambda _, x: functional.pad(x, (-1, -2)), ["slice", "identity"], 0),
        (lambda _, x: functional.pad(x, (-1, 0, 0, -2)), ["crop", "identity"], 0),
        (lambda _, x: functional.pad(x, (-1, 0, 0, 0, -1, 0)), ["slice", "slice", "identity"], 0),
        (lambda _, x: functional.pad(x, (-1, 2)), ["slice", "pad"], 0),
    ],
)  # fmt: skip
def test_an_operation_is_read_or_a_marked_lower_bound(function, kinds, macs):
    model, x = Calls(function), torch.rand(1, 4, 6, 6)
    report = read(model, 4, 6, 6)
    assert [row.kind for row in report] == kinds
    with FlopCounterMode(display=False) as flops:
        expected = model(x)
    assert report.totals.macs == flops.get_total_flops() // 2 == macs
    assert report.output_shape == tuple(expected.shape[1:])
    assert bool(report.unknown) == ("opaque" in kinds)
    if "opaque" not in kinds:
        assert torch.allclose(cnncalc.to_torch(report)(x), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda _, x: x.shape[1], "returns no tensor"),
        (lambda _, x: x if x.max().item() > 0 else -x, "do not depend on the values of tensors"),
        (lambda _, x: x[x > 0], "do not depend on the values of tensors"),
    ],
)
def test_a_model_that_is_not_a_network_of_tensors_is_refused(function, says):
    with pytest.raises(UsageError, match=says):
        read(Calls(function), 4, 6, 6)


def round_trip(seed):
    """A random network, and what is read from the module that ``to_torch`` makes; None if PyTorch
    has no module for one of its layers."""
    report = cnncalc.summarize(random_networks.network(Random(seed)))
    try:
        with OnMeta():
            model = cnncalc.to_torch(report)
    except UsageError:
        return None
    shapes = [tuple(shape) for shape in report.input_shapes.values()]
    return report, cnncalc.summarize(cnncalc.from_torch(model, shapes), layout="chw")


DAILY = 12


@pytest.mark.parametrize(
    "seeds",
    [range(DAILY), pytest.param(range(DAILY, 1_000), marks=pytest.mark.exhaustive)],
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's, with odd but legal sizes
def test_a_random_network_is_read_back_from_its_module(seeds):
    pairs = {seed: pair for seed in seeds if (pair := round_trip(seed))}
    assert len(pairs) > 0.9 * len(seeds)
    for seed, (report, back) in pairs.items():
        assert facts(back) == facts(report), seed


def facts(report):
    """What must come back: the counts, and what the outputs are and see."""
    totals = report.totals
    counts = totals.params, totals.trainable, totals.buffers, totals.macs
    return counts, [(row.output, row.receptive_field) for row in report.outputs], report.unknown


class Standardized(nn.Conv2d):
    """A convolution that standardizes its filters, as in BiT."""

    def forward(self, x):
        rows = functional.batch_norm(
            self.weight.reshape(1, self.out_channels, -1), None, None, training=True, eps=1e-10
        )
        return functional.conv2d(
            x, rows.reshape_as(self.weight), self.bias, self.stride, self.padding
        )


def test_filters_that_are_standardized_keep_their_weights():
    model = Standardized(3, 4, 3, stride=2)
    report = read(model, 3, 9, 9)
    assert report["standardized_conv"].params == 4 * 28
    checked = cnncalc.verify(model, "cpu", input=(3, 9, 9))
    assert checked.agrees, checked.disagreements


def test_filters_with_learned_lengths_keep_their_weights():
    convolution = nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 16, 3, padding=2, dilation=2))
    model = nn.Sequential(convolution, nn.ReLU())
    report = read(model, 4, 20)
    assert report["0"].kind == "weight_norm_conv"
    assert report["0"].params == 3 * 4 * 16 + 16 + 16
    checked = cnncalc.verify(model, "cpu", input=(4, 20))
    assert checked.agrees, checked.disagreements


def test_filters_with_lengths_along_another_axis_are_opaque():
    convolution = nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 16, 3), dim=1)
    report = read(nn.Sequential(convolution), 4, 20)
    assert [(row.kind, row.params) for row in report] == [("opaque", 3 * 4 * 16 + 4 + 16)]


def test_a_norm_may_learn_only_a_shift():
    batch, group = nn.BatchNorm2d(4), nn.GroupNorm(2, 4)
    batch.weight = group.weight = None
    report = read(nn.Sequential(batch, group), 4, 3, 3)
    assert [(row.kind, row.params) for row in report] == [("batch_norm", 4), ("opaque", 4)]
    assert not report["0"].layer.scale


def test_groups_of_channels_that_are_not_interleaved_are_not_a_shuffle():
    class Halves(nn.Module):
        def forward(self, x):
            split = x.view(x.shape[0], 2, 3, 4, 4).transpose(1, 2)
            return split.reshape(x.shape[0], 3, 2, 16)

    report = read(Halves(), 6, 4, 4)
    assert report.output_shape == (3, 2, 16)
    assert "channel_shuffle" not in {row.kind for row in report.layers}


def test_an_input_that_nothing_reads_stays():
    class First(nn.Module):
        def forward(self, x, y):
            return x.relu()

    spec = cnncalc.from_torch(First(), [(3, 4, 4), (2, 5, 5)])
    assert [tuple(shape) for shape in cnncalc.summarize(spec).input_shapes.values()] == [
        (3, 4, 4), (2, 5, 5),
    ]  # fmt: skip


def test_outputs_that_are_not_numbers_agree_only_with_their_like():
    class Roots(nn.Module):
        def forward(self, x):
            return x - 2, (x - 2).sqrt()  # of negative numbers

    assert cnncalc.verify(Roots(), "cpu", input=(3, 4, 4)).agrees
    model = importing.read(Roots(), (3, 4, 4))
    model.model.forward = lambda x: (x - 2, (x - 2).abs())
    assert original.largest_difference(model) == inf
