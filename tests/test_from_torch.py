"""Live PyTorch models become networks with the same counts, shapes and names."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from typer.testing import CliRunner

import cnncalc
from cnncalc import UsageError, cli


class Bottleneck(nn.Module):
    def __init__(self, channels, width, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, stride, 1, groups=2)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Sequential(nn.Conv2d(channels, 2 * width, 1, stride))

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.conv2(y)
        y += self.downsample(x)
        return self.relu(y)


class Small(nn.Module):
    def __init__(self, width=4, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1), nn.ReLU(), nn.MaxPool2d(2))
        self.layer1 = nn.Sequential(Bottleneck(width, width), Bottleneck(2 * width, width, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = self.pool(self.layer1(self.stem(x)))
        return self.fc(self.drop(torch.flatten(x, 1)))


def read(model, *shape):
    return cnncalc.summarize(cnncalc.from_torch(model, shape or (3, 32, 32)))


def counted(model, *inputs):
    with FlopCounterMode(display=False) as flops, torch.no_grad():
        model.eval()(*inputs)
    return flops.get_total_flops() // 2


def test_a_model_keeps_its_names_counts_and_shapes():
    model = Small()
    report = read(model)
    assert [row.name for row in report] == [
        "stem.0", "stem.1", "stem.2",
        "layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu", "layer1.0.conv2",
        "layer1.0.downsample.0", "layer1.0.add", "layer1.0.relu_2",
        "layer1.1.conv1", "layer1.1.bn1", "layer1.1.relu", "layer1.1.conv2",
        "layer1.1.downsample.0", "layer1.1.add", "layer1.1.relu_2",
        "pool", "flatten", "drop", "fc",
    ]  # fmt: skip
    assert report.totals.params == sum(one.numel() for one in model.parameters())
    assert report.totals.buffers == sum(one.numel() for one in model.buffers())
    assert report.totals.macs == counted(model, torch.zeros(1, 3, 32, 32))
    assert report["layer1.1.add"].output == (8, 4, 4)
    assert report["drop"].layer.p == 0.2
    assert report["layer1.1.conv2"].layer.given == {
        "out_channels": 8, "kernel_size": 3, "stride": 2, "padding": 1, "groups": 2
    }  # fmt: skip


def test_the_model_stays_as_it_is():
    model = Small().train()
    model.drop.eval()
    before = {name: one.clone() for name, one in model.state_dict().items()}
    call = nn.Module.__call__
    read(model)
    assert nn.Module.__call__ is call
    assert [one.training for one in (model, model.fc, model.drop)] == [True, True, False]
    assert all(torch.equal(one, before[name]) for name, one in model.state_dict().items())


class Calls(nn.Module):
    """Runs a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


FUNCTIONS = {
    "numbers": (
        lambda x: (2 * x + 3) / 4 - 1, ["multiply", "add", "divide", "subtract"], (4, 6, 6)
    ),
    "a number minus a map": (lambda x: 1 - x, ["multiply", "add"], (4, 6, 6)),
    "powers": (lambda x: (x**2 - x).sqrt(), ["power", "subtract", "power"], (4, 6, 6)),
    "chunks": (
        lambda x: torch.cat(x.chunk(2, dim=1)[::-1], dim=1), ["slice", "slice", "concat"], (4, 6, 6)
    ),
    "gates": (
        lambda x: x * x.mean((2, 3), keepdim=True).sigmoid(),
        ["global_avg_pool", "sigmoid", "multiply"],
        (4, 6, 6),
    ),
    "ranges": (lambda x: x[:, 1:3, ..., :2], ["slice", "slice"], (2, 6, 2)),
    "places": (lambda x: x[:, 1, :, None], ["slice", "reshape"], (6, 1, 6)),
    "channels last and back": (
        lambda x: functional.gelu(x.permute(0, 2, 3, 1)).movedim(-1, 1).contiguous(),
        ["gelu"],
        (4, 6, 6),
    ),
    "an order that is needed": (
        lambda x: x.transpose(1, 2).flatten(1), ["permute", "flatten"], (144,)
    ),
    "means over channels": (lambda x: x.mean(1), ["reduce"], (6, 6)),
    "softmax over channels last": (
        lambda x: x.permute(0, 2, 3, 1).softmax(-1).permute(0, 3, 1, 2), ["softmax"], (4, 6, 6)
    ),
    "interpolation": (
        lambda x: functional.interpolate(x, scale_factor=2), ["upsample"], (4, 12, 12)
    ),
    "padding": (lambda x: functional.pad(x, (1, 2)), ["pad"], (4, 6, 9)),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_become_layers(name):
    function, kinds, output = FUNCTIONS[name]
    report = read(Calls(function), 4, 6, 6)
    assert [row.kind for row in report] == kinds
    assert report.output_shape == output
    x = torch.rand(2, 4, 6, 6) + 1
    assert torch.allclose(cnncalc.to_torch(report)(x), function(x), atol=1e-6)


def test_a_model_is_named_on_the_command_line(tmp_path, monkeypatch):
    def run(*words):
        return CliRunner().invoke(cli.app, ["summarize", *words])

    (tmp_path / "mynet.py").write_text(
        "from torch import nn\n"
        "def net(width=4):\n    return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU())\n"
        "def broken():\n    raise KeyError('no such width')\n"
        "words = 'abc'.split\n"
    )
    monkeypatch.chdir(tmp_path)
    table = run("mynet:net", "--arg", "width=8", "-i", "3x8x8", "-f", "csv")
    assert "8×6×6" in table.output
    for target, says in {
        "mynet:nett": "did you mean 'net'?",
        "nowhere:net": "there is no module 'nowhere'",
        "mynet:broken": "raised KeyError: 'no such width'",
        "mynet:words": "gives list, not a torch.nn.Module",
    }.items():
        assert says in str(run(target).exception)


def test_only_modules_are_read():
    with pytest.raises(UsageError, match=r"reads a torch\.nn\.Module, not str"):
        cnncalc.from_torch("resnet18")
