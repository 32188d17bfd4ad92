"""Little models with the traits of published ones: what they store, where they pad, and what they
save for the backward pass."""

import sys

import pytest
import torch
from test_torch_models import Standardized, read, saved_bytes
from torch import nn
from torch.nn import functional

import cnncalc
from cnncalc.bridge import importing


class Remembers(nn.Module):
    """Computes numbers in its first run, and keeps them for the next."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(4, 6, 6))
        self.bias = {}
        self.register_buffer("scale", None)

    def forward(self, x):
        if "once" not in self.bias:
            self.bias["once"] = self.weight.exp()
        if self.scale is None:
            self.scale = torch.full((1, 4, 1, 1), 0.5)
        return x * self.scale + self.bias["once"]


def test_a_model_that_keeps_tensors_for_its_next_run_is_read():
    model = Remembers()
    report = read(model, 4, 6, 6)
    assert report.totals.params == 4 * 6 * 6
    assert (model.bias, model.scale) == ({}, None)
    checked = cnncalc.verify(model, "cpu", input=(4, 6, 6))
    assert checked.agrees, checked.disagreements


NEEDY = """
import torch
from torch import nn

def net():
    stem = nn.LayerNorm(8)
    width = int(stem(torch.zeros(3, 8)).isfinite().sum())
    return nn.Sequential(stem, nn.Flatten(), nn.Linear(width, 10))

def broken():
    return nn.Conv2d(3, 4, 3, groups=2)
"""


def test_a_model_that_runs_its_stem_while_it_is_built_gets_weights(tmp_path, monkeypatch):
    (tmp_path / "needy.py").write_text(NEEDY)
    monkeypatch.syspath_prepend(tmp_path)
    model = importing.factory("needy:net", {})
    assert model[2].weight.shape == (10, 3 * 8)
    assert not model[0].weight.is_meta
    with pytest.raises(cnncalc.UsageError, match="in_channels must be divisible by groups"):
        importing.factory("needy:broken", {})
    sys.modules.pop("needy")


def test_a_model_with_lazy_layers_is_read_once_it_has_run():
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(affine=False))
    says = (
        r"^Sequential has tensors whose sizes are not known yet: 0\.weight, 0\.bias, "
        r"1\.running_mean, 1\.running_var; run it once before it is read, as in "
        r"model\(torch\.zeros\(1, 3, 8, 8\)\)$"
    )
    with pytest.raises(cnncalc.UsageError, match=says):
        cnncalc.from_torch(model, "3x8x8")
    model(torch.zeros(1, 3, 8, 8))
    assert cnncalc.summarize(cnncalc.from_torch(model, "3x8x8")).totals.params == 112


def test_a_model_whose_error_only_resembles_one_about_values_is_built_once():
    built = []

    def build():
        built.append("once")
        raise RuntimeError("the metadata of the dataset is missing")

    with pytest.raises(RuntimeError, match="metadata"):
        importing.without_weights(build)
    assert built == ["once"]


class PerPosition(nn.Module):
    """Normalizes the channels of all positions, after merging two axes in a given order."""

    def __init__(self, order):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.order = order

    def forward(self, x):
        x = x.flatten(2).permute(self.order)
        return self.norm(x.flatten(0, 1)).reshape(x.shape).permute(*map(self.order.index, range(3)))


def test_a_batch_norm_of_positions_that_are_merged_with_the_batch_is_read():
    model = PerPosition([0, 2, 1])
    report = read(model, 4, 3, 5)
    assert [row.kind for row in report if row.params] == ["batch_norm"]
    assert (report.totals.params, report.totals.buffers) == (2 * 4, 2 * 4 + 1)
    checked = cnncalc.verify(model, "cpu", input=(4, 3, 5))
    assert checked.agrees, checked.disagreements


def test_a_batch_norm_of_positions_before_the_batch_is_opaque():
    report = read(PerPosition([2, 0, 1]), 4, 3, 5)
    assert "opaque" in [row.kind for row in report]


class Padded(nn.Module):
    """Pads a map with a number, and then runs a module without padding of its own."""

    def __init__(self, module, sides, value=0.0):
        super().__init__()
        self.module, self.sides, self.value = module, sides, value

    def forward(self, x):
        padded = functional.pad(x, self.sides, value=self.value)
        return type(self.module).forward(self.module, padded)  # as if it were this module


def test_a_linear_layer_of_positions_that_are_merged_with_the_batch_is_read_back():
    given = {"linear": {"out_features": 6, "per_position": True}}
    report = cnncalc.summarize({"input": "4x7", "layers": [given]})
    back = read(cnncalc.to_torch(report), 4, 7)
    assert [(row.kind, row.output, row.params) for row in back] == [("linear", (6, 7), 4 * 6 + 6)]
    assert back.totals == report.totals


AROUND = {
    "both sides": (nn.Conv2d(4, 4, 3, 2), (1, 1, 1, 1), 0.0, ["pad", "conv"]),
    "one side": (nn.Conv2d(4, 4, 3, 2), (0, 1, 0, 1), 0.0, ["conv"]),
    "both sides of one axis": (nn.Conv2d(4, 4, 3, 2), (1, 1), 0.0, ["pad", "conv"]),
    "more than half of a pool": (nn.AvgPool2d(2), (2, 2, 2, 2), 0.0, ["pad", "avg_pool"]),
    "zeros that count": (
        nn.AvgPool2d(3, 2, count_include_pad=False), (0, 1, 0, 1), 0.0, ["avg_pool"]
    ),
    "one side of a max pool": (nn.MaxPool2d(3, 2), (0, 1, 0, 1), -torch.inf, ["max_pool"]),
    "both sides of a max pool": (nn.MaxPool2d(3, 2), (1, 1, 1, 1), -torch.inf, ["pad", "max_pool"]),
}  # fmt: skip


@pytest.mark.parametrize("name", AROUND)
def test_padding_outside_a_layer_keeps_its_outputs_and_saved_bytes(name):
    module, sides, value, kinds = AROUND[name]
    model, x = (
        nn.Sequential(nn.Conv2d(3, 4, 1), Padded(module, sides, value)),
        torch.rand(2, 3, 9, 9),
    )
    report = read(model, 3, 9, 9)
    assert [row.kind for row in report][1:] == kinds
    assert cnncalc.memory(report, batch=2).saved_for_backward == saved_bytes(model, x)
    checked = cnncalc.verify(model, "cpu", input=(3, 9, 9))
    assert checked.agrees, checked.disagreements


@pytest.mark.parametrize("padding", [0, 1, (1, 0)])
def test_standardized_filters_save_the_map_without_its_padding(padding):
    model, x = Standardized(3, 4, 3, padding=padding), torch.rand(2, 3, 9, 9)
    report = read(model, 3, 9, 9)
    assert [row.kind for row in report] == ["standardized_conv"]
    assert cnncalc.memory(report, batch=2).saved_for_backward == saved_bytes(model, x)


class Shrinks(nn.Sequential):
    """A convolution and a function."""

    def __init__(self, function):
        super().__init__(nn.Conv2d(3, 4, 3))
        self.function = function

    def forward(self, x):
        return self.function(self[0](x))


@pytest.mark.parametrize(
    ("function", "saves_output"),
    [
        (torch.sqrt, True),
        (torch.rsqrt, True),
        (torch.reciprocal, True),
        (torch.square, False),
        (lambda x: x**0.5, False),
    ],
)
def test_powers_save_their_input_or_their_output(function, saves_output):
    model, x = Shrinks(function), torch.rand(2, 3, 9, 9)
    report = read(model, 3, 9, 9)
    assert report["power"].layer.saves_output == saves_output
    # One map is saved either way, so add a convolution, which saves its input: if the power saves
    # its output, both save the same map.
    model = nn.Sequential(model, nn.Conv2d(4, 2, 1))
    report = read(model, 3, 9, 9)
    assert cnncalc.memory(report, batch=2).saved_for_backward == saved_bytes(model, x)


class Around(nn.Module):
    """A convolution in another module, applied to the result of a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.conv(self.function(x))


BEFORE = {
    "uneven padding": (lambda x: functional.pad(x, (0, 1, 0, 1)), ["pad", "conv"]),
    "another type": (lambda x: x.float(), ["conv"]),
}


@pytest.mark.parametrize("name", BEFORE)
def test_what_comes_before_another_module_is_read(name):
    function, kinds = BEFORE[name]
    model = Around(function)
    report = cnncalc.summarize(cnncalc.from_torch(model, input=(3, 6, 6)))
    assert [row.kind for row in report] == kinds
    assert report.output_shape == tuple(model(torch.zeros(1, 3, 6, 6)).shape[1:])
    assert report.totals.params == sum(one.numel() for one in model.parameters())
