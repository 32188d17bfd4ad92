"""The exported source is self-contained and computes what ``to_torch`` computes."""

import subprocess
import sys

import pytest
import torch
from random_networks import NOT_RUN
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from typer.testing import CliRunner

import cnncalc
from architectures import LARGE, all_of_them
from cnncalc import UsageError, bridge, cli, layers


def class_in(text):
    """The network's class, which is the last one in the file."""
    assert "cnncalc" not in text
    names = {"__name__": "net"}
    exec(compile(text, "net.py", "exec"), names)
    return [made for made in names.values() if getattr(made, "__module__", "") == "net"][-1]


def both(report, device):
    """The network as a module, and as exported, with the same random weights."""
    made = class_in(bridge.torch_source(report))
    with torch.device("meta"):
        module, exported = cnncalc.to_torch(report).eval(), made().eval()
    trained = [parameter.requires_grad for parameter in module.parameters()]
    assert [parameter.requires_grad for parameter in exported.parameters()] == trained
    wanted, given = (one.to_empty(device=device).state_dict() for one in (module, exported))
    assert [value.shape for value in given.values()] == [value.shape for value in wanted.values()]
    for value in wanted.values():
        if value.dim() > 1:
            value.normal_(std=value[0].numel() ** -0.5)
        elif value.dim() == 1:
            value.uniform_(0.5, 1.5)
    exported.load_state_dict(dict(zip(given, wanted.values(), strict=True)))
    return module, exported


def agree(report, device):
    """Both give the same output for a random input, with the same MACs; on meta, the same shape."""
    module, exported = (one.requires_grad_(False) for one in both(report, device))
    shapes = report.input_shapes.values()
    draw = torch.zeros if report.layers[0].kind == "embedding" else torch.randn  # of indices
    inputs = [draw(2, *shape.dimensions, device=device) for shape in shapes]
    with torch.no_grad(), FlopCounterMode(display=False) as of_module:
        wanted = module(*inputs)
    with torch.no_grad(), FlopCounterMode(display=False) as of_exported:
        given = exported(*inputs)
    assert of_exported.get_total_flops() == of_module.get_total_flops()
    if isinstance(wanted, torch.Tensor):
        wanted, given = (wanted,), (given,)
    for one, other in zip(wanted, given, strict=True):
        assert one.shape == other.shape
        # An L3 pool turns negative numbers into NaN, in both.
        assert device == "meta" or torch.equal(one.nan_to_num(), other.nan_to_num())


@pytest.mark.parametrize("name", all_of_them(turn=0, of=2))
def test_every_architecture_exports_the_same_parameters(name):
    report = cnncalc.summarize(name)
    with torch.device("meta"):
        module, exported = cnncalc.to_torch(report), class_in(bridge.torch_source(report))()
    held = {name.replace(".", "_"): value.shape for name, value in module.state_dict().items()}
    given = {name.replace(".", "_"): value.shape for name, value in exported.state_dict().items()}
    assert given == held
    numel = sum(parameter.numel() for parameter in exported.parameters())
    assert numel == report.totals.params + report.totals.fixed


MOST = 10**10
"""Multiply-accumulates that the CPU computes in a few seconds."""


@pytest.mark.parametrize("name", all_of_them(turn=1, of=2))
def test_with_the_same_weights_the_outputs_are_equal(name):
    report = cnncalc.summarize(name, tiny=True)
    large = report.totals.macs > MOST
    assert large == (name in LARGE)
    agree(report, "meta" if large else "cpu")


@pytest.mark.parametrize("name", ["resnet18", "unet_image", "inception_module"])
def test_outputs_are_equal_for_larger_inputs(name):
    size = 8 if name == "inception_module" else 32
    channels = cnncalc.summarize(name).input_shape.channels
    agree(cnncalc.summarize(name, input=[channels, size, size]), "cpu")


SMALL = 10**6
"""Layers with fewer numbers and products than this run on the CPU."""


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        pytest.param(kind.kind, example, id=f"{kind.kind}-{index}")
        for kind in layers.every()
        if kind.known
        for index, example in enumerate(kind.examples)
        if not isinstance(example.given, dict) or {*NOT_RUN}.isdisjoint(example.given)
    ],
)
def test_every_worked_example_of_a_kind_is_exported(kind, example):
    names = [f"x{number}" for number in range(len(example.inputs))]
    node = {kind: example.given, "from": names, "name": "layer"}
    inputs = dict(zip(names, example.inputs, strict=True))
    report = cnncalc.summarize({"input": inputs, "layers": [node]}, layout="chw")
    totals = report.totals
    small = totals.params + totals.fixed + totals.macs + totals.activation < SMALL
    agree(report, "cpu" if small else "meta")


def test_padding_that_differs_before_and_after_is_a_module():
    spec = {
        "input": "2x7x8",
        "layers": [
            {"conv": {"filters": 3, "kernel": 2, "padding": [[0, 1], [0, 1]]}, "name": "conv"},
            {"max_pool": {"kernel": 3, "stride": 2, "padding": "same"}, "name": "pool"},
        ],
    }
    report = cnncalc.summarize(spec)
    agree(report, "cpu")
    text = bridge.torch_source(report)
    assert "self.conv = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(2, 3, 2))" in text
    assert 'nn.ConstantPad2d((0, 1, 1, 1), float("-inf"))' in text


# How it reads.


def test_lenet5_reads_like_handwritten_code(golden):
    golden("lenet5_torch.txt", bridge.torch_source(cnncalc.summarize("lenet5")))


def test_a_residual_block_runs_in_two_variables():
    text = bridge.torch_source(cnncalc.summarize("resnet18"))
    block = """
        y = self.layer2_0_conv1(x)  # 128×28×28
        y = self.layer2_0_bn1(y)  # 128×28×28
        y = self.layer2_0_relu1(y)  # 128×28×28
        y = self.layer2_0_conv2(y)  # 128×28×28
        y = self.layer2_0_bn2(y)  # 128×28×28
        x = self.layer2_0_downsample_0(x)  # 128×28×28
        x = self.layer2_0_downsample_1(x)  # 128×28×28
        x = y + x  # 128×28×28
        x = self.layer2_0_relu2(x)  # 128×28×28
"""
    assert f"\n{block}\n" in text


def test_an_output_that_another_block_reads_is_named_after_its_layer():
    text = bridge.torch_source(cnncalc.summarize("unet"))
    assert "down4_relu2 = self.down4_relu2(x)  # 512×64×64" in text
    assert "y = down4_relu2[:, :, 4:-4, 4:-4]  # 512×56×56" in text


@pytest.mark.parametrize("name", ["lenet5_1998", "efficientnet_b0", "googlenet"])
def test_no_line_of_code_is_too_long(name):
    text = bridge.torch_source(cnncalc.summarize(name))
    assert max(len(line.partition("  # ")[0]) for line in text.splitlines()) <= 100


def test_more_branches_than_variables_are_named_after_their_layers():
    branches = [
        {"conv": {"filters": 1, "kernel": 1}, "name": f"b{n}", "from": "x"} for n in range(9)
    ]
    joined = {"concat": {"from": [f"b{n}" for n in range(9)]}, "name": "all"}
    report = cnncalc.summarize({"input": {"x": "2x3x3"}, "layers": [*branches, joined]})
    agree(report, "cpu")
    assert "b7 = self.b7(x)" in bridge.torch_source(report)


def test_several_inputs_and_outputs():
    spec = {
        "input": {"image": "2x4x4", "mask": "3x4x4"},
        "layers": [
            {"concat": {"from": ["image", "mask"]}, "name": "both"},
            {"conv": {"filters": 2, "kernel": 1}, "name": "left", "from": "both"},
            {"linear": 7, "name": "right", "from": "both"},
        ],
    }
    report = cnncalc.summarize(spec)
    agree(report, "cpu")
    assert "def forward(self, image, mask):  # 2×4×4, 3×4×4" in bridge.torch_source(report)


def test_long_calls_are_wrapped():
    names = [f"the_input_of_the_branch_{number}" for number in range(6)]
    spec = {
        "input": dict.fromkeys(names, "2x4x4"),
        "layers": [
            {"concat": {"from": names}, "name": "all"},
            {"relu": None, "name": "left", "from": "all"},
            {"tanh": None, "name": "right", "from": "all"},
        ],
    }
    report = cnncalc.summarize(spec)
    agree(report, "cpu")
    assert """
        all = torch.cat(
            [
                the_input_of_the_branch_0,
                the_input_of_the_branch_1,
                the_input_of_the_branch_2,
                the_input_of_the_branch_3,
                the_input_of_the_branch_4,
                the_input_of_the_branch_5,
            ],
            dim=1,
        )  # 12×4×4
""" in bridge.torch_source(report)


@pytest.mark.parametrize("name", ["half", "class", "self", "torch", "x", "3x3", "forward", "größe"])
def test_every_name_of_a_layer_can_be_exported(name):
    spec = {
        "input": "4",
        "layers": [{"linear": 3, "name": name}, {"linear": 2, "name": f"{name}_"}],
    }
    made = class_in(bridge.torch_source(cnncalc.summarize(spec)))
    assert made()(torch.zeros(1, 4)).shape == (1, 2)


@pytest.mark.parametrize("title", ['"""', "end\\", 'a""" raise SystemExit """', "7", "None", "nn"])
def test_a_title_is_kept_in_the_docstring(title):
    spec = {"name": title, "input": "4", "layers": [{"linear": 2}]}
    made = class_in(bridge.torch_source(cnncalc.summarize(spec)))
    assert made.__name__ in ("Network", "End", "ARaiseSystemExit", "Nn")
    assert issubclass(made, nn.Module)


# The command.


def test_the_file_runs_without_cnncalc(tmp_path):
    path = tmp_path / "net.py"
    ran = CliRunner().invoke(cli.app, ["export", "lenet5", "--to", "torch", "-o", str(path)])
    assert (ran.exit_code, ran.stdout) == (0, "")
    code = (
        "import runpy, sys\nsys.modules['cnncalc'] = None\n"
        f"runpy.run_path({str(path)!r}, run_name='__main__')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "torch.Size([1, 10])\n")


def test_inputs_and_settings_are_applied():
    ran = CliRunner().invoke(
        cli.app, ["export", "resnet18", "--input", "3x64x64", "--set", "classes=10"]
    )
    assert "self.fc = nn.Linear(512, 10)\n" in ran.stdout
    assert "y = network(torch.zeros(1, 3, 64, 64))\n" in ran.stdout


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("torhc", "cannot export to 'torhc'; did you mean 'torch'?"),
        ("jax", "cannot export to 'jax'; choose torch, yaml, onnx, scalesim or zigzag"),
    ],
)
def test_another_framework_is_refused(word, says):
    ran = CliRunner().invoke(cli.app, ["export", "lenet5", "--to", word])
    assert isinstance(ran.exception, UsageError)
    assert str(ran.exception) == says


def test_without_pytorch_the_error_says_how_to_install_it():
    code = (
        "import sys\nsys.modules['torch'] = None\nfrom cnncalc.cli import main\n"
        "sys.argv = ['cnncalc', 'export', 'lenet5']\nmain()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    install = "install it with pip install 'cnncalc[torch]'"
    assert ran.stderr == f"cnncalc: export to PyTorch code needs PyTorch; {install}\n"
