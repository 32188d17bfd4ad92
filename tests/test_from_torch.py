"""Live PyTorch models become networks with the same counts, shapes and names."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from typer.testing import CliRunner

import cnncalc
from cnncalc import CnncalcError, UsageError, cli
from cnncalc.bridge.recorder import record


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
    "ranges of both axes": (lambda x: x[..., 1:5, :-2], ["crop"], (4, 4, 4)),
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
        lambda x: x.permute(0, 2, 3, 1).softmax(-1).permute(0, 3, 1, 2),
        ["permute", "softmax", "permute"],
        (4, 6, 6),
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
        "words = 'abc'.split\nnumber = 3\ndictionary = dict\n"
        "class Silent(nn.Module):\n    def forward(self, x):\n        assert False\n"
        "def silent():\n    raise AssertionError\n"
        "ready = net()\n"
        "def needs(size, depth=3): ...\ndef nothing(): ...\ndef kind(): return Silent\n"
    )
    (tmp_path / "needs.py").write_text("import nowhere")
    monkeypatch.chdir(tmp_path)
    table = run("mynet:net", "--arg", "width=8", "-i", "3x8x8", "-f", "csv")
    assert "8×6×6" in table.output
    assert "4×6×6" in run("mynet:ready", "-i", "3x8x8").output
    for target, says in {
        "mynet:nett": "did you mean 'net'?",
        "nowhere:net": "install it, or run cnncalc in the folder that contains it",
        "nowhere.models:net": "there is no module 'nowhere'",
        "torch.optm:Adam": "'torch.optm:Adam': torch has no module 'optm'; did you mean 'optim'?",
        "mynet.zoo:net": "mynet has no module 'zoo'",
        "needs:net": "needs needs the package 'nowhere'; install it",
        "mynet:broken": "raised KeyError: 'no such width'",
        "mynet:Silent.depth": "mynet.Silent has no 'depth'",
        "mynet:number.depth": "mynet.number has no 'depth'",
        "mynet:silent": "'mynet:silent' raised AssertionError",
        "mynet:Silent": "Silent raises AssertionError for an input of 3×224×224",
        "mynet:ready --arg width=8": "'mynet:ready' is a model, which takes no arguments; name a",
        "mynet:words": "returns list instead of a torch.nn.Module",
        "mynet:number": "is of type int, not a model or factory",
        "mynet:needs": "missing a required argument: 'size'; it takes size, depth=3; give",
        "mynet:needs --arg siez=2": "unexpected keyword argument 'siez'; it takes size, depth=3",
        "mynet:nothing --arg depth=2": "unexpected keyword argument 'depth'; it takes none",
        "mynet:nothing": "'mynet:nothing' returns None instead of a torch.nn.Module",
        "mynet:kind": "'mynet:kind' returns a class instead of a torch.nn.Module",
        "mynet:dictionary --arg depth=2": "returns dict instead of a torch.nn.Module",
    }.items():
        assert says in str(run(*target.split()).exception)


class Attends(nn.Module):
    """A class token, positions and attention, as in a vision transformer."""

    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.rand(1, 1, 8))
        self.positions = nn.Parameter(torch.rand(1, 10, 8))
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1) + self.positions
        y = self.norm(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return self.head(x[:, 0])


def test_a_transformer_gives_the_same_outputs():
    model = Attends()
    report = read(model, 8, 3, 3)
    assert [row.kind for row in report] == [
        "flatten", "class_token", "positional_embedding", "layer_norm", "attention", "add",
        "slice", "flatten", "linear",
    ]  # fmt: skip
    checked = cnncalc.verify(model, "cpu", input=(8, 3, 3))
    (outputs,) = [check for check in checked.checks if check.quantity == "outputs"]
    assert outputs.agrees
    assert checked.agrees, checked.disagreements


@dataclass
class Named:
    """A result with names."""

    scores: torch.Tensor
    words: tuple[str, ...] = ("cat", "dog")


@pytest.mark.parametrize(
    "result",
    [
        lambda y: (y, y, y.relu()),
        lambda y: (y, nn.functional.dropout(y, training=False)),
        lambda y: {"scores": y, "name": "cat"},
        Named,
    ],
    ids=["repeated", "copied", "dictionary", "dataclass"],
)
def test_every_form_of_result_is_compared(result):
    class Returns(nn.Conv2d):
        def forward(self, x):
            return result(super().forward(x))

    checked = cnncalc.verify(Returns(2, 3, 3), "cpu", input=(2, 5, 5))
    assert ("outputs", True) in [(one.quantity, one.agrees) for one in checked.checks]
    # The dropout that is always off looks like one that is off in eval mode.
    assert {one.quantity for one in checked.disagreements} <= {"saved_by_original"}


def test_padding_of_a_vector_without_cells_is_a_copy():
    report = read(Calls(lambda x: nn.functional.pad(x.flatten(1), (0, 0))), 2, 3)
    assert [row.kind for row in report] == ["flatten", "identity"]
    with pytest.raises(UsageError, match="one of its outputs cannot be described: its result has"):
        read(Calls(lambda x: x.view(-1, 2, 2, 2, 2, 2).permute(0, 1, 3, 5, 2, 4).softmax(1)), 2, 16)


def test_a_query_that_all_images_share_is_opaque():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.query = nn.Parameter(torch.zeros(1, 2, 3, 4))

        def forward(self, x):
            return nn.functional.scaled_dot_product_attention(self.query, x, x)

    assert [row.kind for row in read(Attention(), 2, 5, 4)] == ["opaque"]


class Doubles(nn.Module):
    """Doubles its input; in training, it also keeps the square of the double."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 1)

    def forward(self, x):
        y = self.conv(x)
        return y * y if self.training else y + y


@pytest.mark.parametrize("training", [True, False])
def test_what_the_original_saves_is_compared(training):
    checked = cnncalc.verify(Doubles(), "cpu", input=(2, 4, 4), batch=3, training=training)
    (found,) = (one for one in checked.checks if one.quantity == "saved_by_original")
    # The input of the convolution: 2·16 numbers; the product also saves 3·16, once.
    assert found.calculated == 3 * 2 * 16 * 4
    assert found.pytorch == 3 * (2 + 3 * training) * 16 * 4
    assert found.agrees is not training


@pytest.mark.parametrize(
    ("model", "device", "input", "why"),
    [
        (nn.Conv2d(2, 3, 1), "meta", (2, 4, 4), "the original is run only on the CPU"),
        (
            nn.Conv2d(2, 3, 1, device="meta"),
            "cpu",
            (2, 4, 4),
            "are on the meta device, so they have no values",
        ),
        (Attends(), "cpu", (8, 3, 3), "(attention): "),
    ],
)
def test_what_the_original_saves_is_compared_where_it_can_run(model, device, input, why):
    (left,) = (
        one
        for one in cnncalc.verify(model, device, input=input).skipped
        if one.quantity == "saved_by_original"
    )
    assert why in left.why


class Lost(nn.Module):
    """Operations with weights that no kind describes, between layers."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, bias=False)
        self.mixed = nn.Linear(10, 5)
        self.last = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        x = self.conv(x)
        x = self.mixed(x.reshape(-1, 10).cumsum(0)).relu().view(-1, 4, 3, 5)
        return self.last(x)


def test_unknown_operations_become_opaque_layers_with_their_counts():
    model = Lost()
    report = read(model, 3, 8, 7)
    names = {row.name: row.kind for row in report}
    assert names == {"conv": "conv", "opaque": "opaque", "last": "conv"}
    layer = report["opaque"].layer
    assert (layer.params, layer.buffers, layer.multiply_accumulates) == (55, 0, 600)
    assert layer.what == "cumsum, linear, relu, view"
    assert report.totals.params == sum(one.numel() for one in model.parameters())


class Twice(nn.Module):
    """A convolution that runs twice, after one that is frozen, and a head that never runs."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 1).requires_grad_(False)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.unused = nn.Linear(3, 3)

    def forward(self, x):
        return self.conv(self.conv(self.first(x)).relu())


def test_shared_and_frozen_weights_are_kept():
    report = read(Twice(), 3, 8, 8)
    assert [row.name for row in report] == ["first", "conv", "relu", "conv_2"]
    assert report["conv_2"].weights_of == "conv"
    assert not report["first"].trainable
    assert (report.totals.params, report.totals.trainable) == (16 + 148, 148)


class Pads(nn.Module):
    """Pads on one side before a convolution and a max pool, as TensorFlow does."""

    def __init__(self):
        super().__init__()
        self.conv = PaddedConv(3, 4, 3, 2)
        self.pool = PaddedPool()

    def forward(self, x):
        return self.pool(self.conv(x))


class PaddedConv(nn.Conv2d):
    def forward(self, x):
        return super().forward(functional.pad(x, (0, 1, 0, 1)))


class PaddedPool(nn.Module):
    def forward(self, x):
        return functional.max_pool2d(functional.pad(x, (0, 1), value=-torch.inf), 2)


def test_padding_inside_a_module_is_that_of_its_layer():
    model = Pads()
    report = read(model, 3, 8, 9)
    assert [(row.name, row.kind) for row in report] == [("conv", "conv"), ("pool", "max_pool")]
    assert report["conv"].layer.padding == ((0, 1), (0, 1))
    assert report["pool"].layer.padding == ((0, 0), (0, 1))
    checked = cnncalc.verify(model, "cpu", input=(3, 8, 9))
    assert checked.agrees, checked.disagreements


class Recurs(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(20, 6)
        self.lstm = nn.LSTM(6, 5, 2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(10, 3, bias=False, batch_first=True)

    def forward(self, x):
        return self.gru(self.lstm(self.words(x))[0])[0]


def test_words_and_recurrent_networks_are_read():
    model = Recurs()
    report = read(model, 7)
    assert [row.kind for row in report] == ["embedding", "lstm", "gru", "permute"]
    assert report.totals.params == sum(one.numel() for one in model.parameters())


def test_layers_of_all_kinds_are_read_back():
    model = nn.Sequential(
        nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2, bias=False), nn.PReLU(6), nn.GroupNorm(3, 6),
        nn.InstanceNorm2d(6, affine=True), nn.Hardswish(), nn.ReLU6(), nn.LeakyReLU(0.2),
        nn.AvgPool2d(2, 1, count_include_pad=False, padding=1), nn.PixelShuffle(1), nn.Softmax2d(),
        nn.ReflectionPad2d((1, 2, 0, 1)), nn.LocalResponseNorm(3), nn.Upsample(scale_factor=2),
    )  # fmt: skip
    checked = cnncalc.verify(model, "cpu", input=(4, 5, 5))
    assert checked.agrees, checked.disagreements
    report = read(model, 4, 5, 5)
    assert [row.kind for row in report] == [
        "conv_transpose", "prelu", "group_norm", "instance_norm", "hardswish", "relu6",
        "leaky_relu", "avg_pool", "pixel_shuffle", "softmax", "pad", "local_response_norm",
        "upsample",
    ]  # fmt: skip


class Learned(nn.Module):
    """Parameters of all shapes that operations use directly."""

    def __init__(self):
        super().__init__()
        self.channel = nn.Parameter(torch.rand(4, 1, 1) + 1)
        self.shift = nn.Parameter(torch.rand(4))
        self.plane = nn.Parameter(torch.rand(1, 1, 5, 5) + 1)
        self.whole = nn.Parameter(torch.rand(4, 5, 5))

    def forward(self, x):
        x = x * self.channel + self.shift.reshape(1, -1, 1, 1)
        return self.plane * x / self.plane - self.shift.view(4, 1, 1) + self.whole


def test_parameters_used_raw_are_read():
    model = Learned()
    report = read(model, 4, 5, 5)
    assert [row.kind for row in report] == [
        "scale", "multiply", "parameter", "expand", "divide", "parameter", "expand", "subtract",
        "positional_embedding",
    ]  # fmt: skip
    # The second use of a parameter counts no more of them.
    assert [row.params for row in report if row.kind == "parameter"] == [0, 0]
    assert report.totals.params == sum(one.numel() for one in model.parameters())


def test_what_to_torch_builds_is_read_back():
    layers = [
        {"conv": {"filters": 4, "kernel": 3, "connections": [[0], [1, 2], [0, 1], [2]]}},
        {"max_pool": {"kernel": 2, "padding": "same", "stride": 2}}, {"blur_pool": 3},
        {"separable_conv": {"out_channels": 4, "kernel_size": 3}},
        {"crop": [[0, 1], [2, 0]]}, {"add": {"parameter": [4, 1, 1]}}, {"attention": 2},
        {"global_max_pool": {"keepdim": False}}, {"maxout": 3},
    ]  # fmt: skip
    report = cnncalc.summarize({"input": "3x21x21", "layers": layers})
    back = read(cnncalc.to_torch(report), 3, 21, 21)
    assert [(row.name, row.kind, row.output) for row in back] == [
        (row.name, row.kind, row.output) for row in report
    ]
    assert back.totals == report.totals


class DropPath(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop_prob = 0.3

    def forward(self, x):
        return x if not self.training else x * torch.rand(len(x), 1, 1, 1).round()


def test_what_does_nothing_in_eval_mode_is_kept():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), DropPath(), nn.Identity(), nn.Dropout2d(0.2))
    report = read(model, 3, 4, 4)
    assert [row.kind for row in report] == ["conv", "stochastic_depth", "channel_dropout"]
    assert report["1"].layer.p == 0.3


def test_changes_in_place_are_followed_or_refused():
    def whole(x):
        y = x + 1
        y.mul_(2)
        y += x
        return functional.relu_(y)

    report = read(Calls(whole), 3, 4, 4)
    assert [row.kind for row in report] == ["add", "multiply", "add", "relu"]

    def all_of_each(x):
        y, z = torch.zeros_like(x), torch.empty_like(x)
        y[...] = x + 1
        z[:, ...] = y * 2
        return z.relu()

    report = read(Calls(all_of_each), 3, 4, 4)
    assert [row.kind for row in report] == ["add", "multiply", "relu"]

    def place(x):
        y = x + 1
        y[:, :1] += 2
        return y.relu()

    assert [row.kind for row in read(Calls(place), 3, 4, 4)][-1] == "relu"

    def part(x):
        y = x + 1
        y[:, :1].mul_(2)
        return y

    with pytest.raises(
        UsageError, match=r"^Calls reads a tensor that shares memory with one that "
    ):
        read(Calls(part), 3, 4, 4)
    with pytest.raises(UsageError, match=r"^Sequential: layer '1' reads a tensor that shares mem"):
        read(nn.Sequential(Calls(part), nn.ReLU()), 3, 4, 4)


class Several(nn.Module):
    def forward(self, left, right):
        return {"sum": left + right, "pair": (left * 2, [right.transpose(1, 2)])}


def test_several_inputs_and_outputs_are_read():
    spec = cnncalc.from_torch(Several(), {"right": (2, 3, 3), "left": "2x3x3"})
    report = cnncalc.summarize(spec)
    assert [*report.input_shapes] == ["right", "left"]
    assert [row.kind for row in report.outputs] == ["add", "multiply", "permute"]
    report = cnncalc.summarize(cnncalc.from_torch(Several(), [(2, 3, 3), (2, 3, 3)]))
    assert [*report.input_shapes] == ["input1", "input2"]


@pytest.mark.parametrize("given", [(3, -8, 8), (3, 0, 8), "3x0x8", (), [[3, 8, 8], [0]]])
def test_an_input_needs_sizes_of_at_least_1(given):
    with pytest.raises(UsageError, match="an input needs sizes of at least 1, not"):
        cnncalc.from_torch(nn.Identity(), given)


@pytest.mark.parametrize("given", [224, {}, torch.zeros(1, 3, 8, 8)])
def test_an_input_that_is_not_a_shape_is_refused(given):
    says = f"an input must be a shape, such as 3x224x224, not {type(given).__name__}"
    with pytest.raises(UsageError, match=says):
        cnncalc.from_torch(nn.Identity(), given)


@pytest.mark.parametrize(
    ("given", "not_"),
    [
        ((3, 32.0, 32), r"\[3, 32.0, 32\]"),
        ({"x": 7}, "int"),
        (["3x32x32", 5], "int"),
        ([(3, 8, 8), (3, None)], r"\[3, null\]"),
    ],
)
def test_what_is_not_a_shape_among_inputs_is_refused(given, not_):
    with pytest.raises(UsageError, match=f"such as 3x224x224, not {not_}$"):
        cnncalc.from_torch(nn.Identity(), given)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: x if len(x) == 2 else x + 1, "does different things for a batch of 2 and of 3"),
        (lambda x: x.reshape(6, -1), "in a way that no kind describes"),
        (
            lambda x: x.view(-1, 3, 2, 2, 4).transpose(1, 2).reshape(-1, 3, 2, 4),
            "one of its outputs merges the batch with another axis",
        ),
        (
            lambda x: x.view(2, 3),
            "fails for an input of 3×4×4: .*; if its input has another shape, give that without "
            "the batch size, as in --input 1x28x28",
        ),
        (lambda x: x if x.sum() > 0 else -x, "models that do not depend on the values of tensors"),
        (lambda x: torch.ones(3), "is computed"),
    ],
)
def test_a_model_that_is_not_one_network_is_refused(function, says):
    with pytest.raises(UsageError, match=says):
        read(Calls(function), 3, 4, 4)


def test_a_model_that_does_not_run_names_the_layer():
    with pytest.raises(UsageError, match=r"fails in layer '1' for an input of .*[^.]; if its"):
        read(nn.Sequential(nn.Flatten(), nn.Linear(9, 2)), 3, 4, 4)


def test_the_example_of_an_input_is_not_the_one_that_failed():
    with pytest.raises(UsageError, match=r"an input of 1×28×28: .*, as in --input 3x224x224$"):
        read(nn.Conv2d(3, 4, 3), 1, 28, 28)


def test_an_error_that_only_resembles_one_about_values_is_not_taken_for_it():
    def function(x):
        raise ValueError("the metadata of the dataset is missing")

    with pytest.raises(UsageError, match="dataset is missing; if its input has another shape"):
        read(Calls(function), 3, 4, 4)


class Takes(nn.Module):
    """A model with two inputs, and an option."""

    def forward(self, left, right, scale=1.0):
        return left + scale * right


class Hidden(nn.Module):
    """A model whose function says nothing about its arguments."""

    forward = staticmethod(torch.dot)


@pytest.mark.parametrize(
    ("model", "inputs", "says"),
    [
        (Takes(), "3x8x8", "an input of 3×8×8: .*; forward needs left, right; give each, as in "),
        (Takes(), ["3x8x8"] * 4, "; forward needs left, right"),
        (Takes(), {"left": "3x8x8", "rigth": "3x8x8"}, "inputs of 3×8×8 and 3×8×8: .*; forward ne"),
        (Takes(), {"left": "3x8x8", "right": "3x7x7"}, "; if its inputs have other shapes"),
        (Hidden(), "3", r"input of 3: .*; if its input has another shape"),
    ],
)
def test_a_model_that_gets_the_wrong_inputs_says_which_it_needs(model, inputs, says):
    with pytest.raises(UsageError, match=says):
        cnncalc.from_torch(model, inputs)


def test_a_spec_or_an_answer_sheet_never_runs_code():
    sheet = {"architecture": "mynet:net", "answers": {"0": {"params": 1}}}
    for refused in (
        lambda: cnncalc.load("mynet:net"),
        lambda: cnncalc.summarize({"extends": "mynet:net", "name": "x"}),
        lambda: cnncalc.grade(sheet),
    ):
        with pytest.raises(CnncalcError, match="names the code of a model, which only a command"):
            refused()


def test_only_modules_are_read():
    with pytest.raises(UsageError, match=r"reads a torch\.nn\.Module, not str"):
        cnncalc.from_torch("resnet18")


@pytest.mark.parametrize(
    "function",
    [
        lambda x: functional.conv2d(x, torch.zeros(8, 2, 3, 3, device=x.device), groups=2),
        lambda x: functional.conv_transpose2d(x, torch.zeros(4, 6, 3, 3, device=x.device)),
        lambda x: functional.group_norm(x, 2),
        lambda x: functional.pad(x, (1, 1, 1, 1), mode="reflect"),
        lambda x: x.roll(1, 2),
        lambda x: torch.channel_shuffle(x, 2),
        lambda x: functional.scaled_dot_product_attention(x, x, x),
    ],
)
@pytest.mark.parametrize("order", [(0, 3, 1, 2), (0, 2, 3, 1), (0, 1, 2, 3)])
def test_results_have_the_strides_of_the_cpu(function, order):
    recording = record(Calls(lambda x: function(x.permute(order))), {"x": (4, 4, 4)}, False)
    (number,) = recording.outputs
    expected = function(torch.zeros(2, 4, 4, 4).permute(order)).stride()
    assert recording.tensors[number].strides == expected
