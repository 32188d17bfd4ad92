"""The tools themselves: their totals equal those of the conventions.

``pip install -e ".[peers]"`` installs them; without them, these tests are skipped.
"""

import re
from importlib import metadata

import peers
import pytest

import cnncalc
from cnncalc import UsageError, conventions, layers
from cnncalc.core.errors import CnncalcError
from cnncalc.spec import catalog

if peers.MISSING:
    pytest.skip(
        f"needs {', '.join(peers.MISSING)}: pip install -c constraints.txt -e '.[peers]'",
        allow_module_level=True,
    )


# At full size: the networks in the tools' own tables and in this project's documentation.
FULL = (
    "alexnet_torchvision",
    "googlenet_torchvision",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnext50_32x4d",
    "densenet121",
    "squeezenet1_0",
    "squeezenet1_1",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "shufflenet_v2_x1_0",
)

SIZES = (32, 64, 96, 128, 192, 224, 256)


def small(name):
    """The architecture with the smallest image that it accepts, otherwise unchanged."""
    shape = next(iter(cnncalc.summarize(name).input_shapes.values()))
    if len(shape.dimensions) != 3:
        return cnncalc.summarize(name)
    channels, *sizes = shape.dimensions
    for size in SIZES:
        if size < min(sizes):
            try:
                return cnncalc.summarize(name, input=f"{channels}x{size}x{size}")
            except CnncalcError:
                continue
    return cnncalc.summarize(name)


def ours(report, tools):
    """The totals under the tools' conventions, without unknown ones."""
    totals = {}
    for tool in tools:
        try:
            totals[tool] = report.under(tool).total
        except UsageError as why:
            assert "is not known" in str(why)  # noqa: PT017
    return totals


def theirs(report, tools):
    return {tool: peers.printed(tool, report) for tool in tools}


@pytest.mark.parametrize("name", FULL)
def test_the_tools_print_the_totals_of_their_conventions(name):
    report = cnncalc.summarize(name)
    printed = theirs(report, peers.TOOLS)
    assert ours(report, peers.TOOLS) == printed == peers.recorded()[name]


@pytest.mark.parametrize("name", catalog.names())
def test_the_tools_agree_on_every_architecture_at_a_small_size(name):
    report = small(name)
    totals = ours(report, peers.TOOLS)
    assert totals == theirs(report, totals)


# Every kind. PyTorch does not compute the variance of a batch of one vector.

MORE = [
    ("conv_transpose", {"filters": 8, "kernel": 3, "stride": 2, "groups": 2}, ("8x6x6",)),
    ("conv_transpose", {"filters": 4, "kernel": 3, "stride": 2, "groups": 2}, ("8x6x6",)),
    ("conv_transpose", {"filters": 4, "kernel": 5, "dilation": 2, "bias": False}, ("8x6",)),
    ("batch_norm", {"affine": False}, ("8x6x6",)),
    ("batch_norm", {"track_running_stats": False}, ("8x6x6",)),
    ("group_norm", {"num_groups": 2, "affine": False}, ("8x6x6",)),
    ("instance_norm", {"affine": True}, ("8x6x6",)),
    ("instance_norm", None, ("8x6x6",)),
    ("layer_norm", "all", ("8x6x6",)),
    ("layer_norm", "last", ("8x6",)),
    ("layer_norm", {"over": "channels", "elementwise_affine": False}, ("8x6x6",)),
    *[("upsample", 3, (x,)) for x in ("2x5", "2x5x5", "2x5x5x5")],
    *[("upsample", {"scale": 2, "mode": "linear"}, (x,)) for x in ("2x5", "2x5x5", "2x5x5x5")],
    *[("adaptive_avg_pool", 3, (x,)) for x in ("4x9", "4x9x9", "4x9x9x9", "3x2x2")],
    ("max_pool", {"kernel": 3, "stride": 2, "padding": "same"}, ("4x8x8",)),
    ("avg_pool", {"kernel": 3, "stride": 2, "padding": "same"}, ("4x8x8",)),
    ("conv", {"filters": 3, "kernel": 4, "padding": "same"}, ("4x8x8",)),
    ("conv", {"filters": 2, "kernel": 3, "connections": [[0], [1, 2]]}, ("4x8x8",)),
    *[("local_response_norm", 4, (x,)) for x in ("4x8", "4x8x8", "4x8x8x8")],
    ("linear", {"out_features": 5, "bias": False}, ("7",)),
    ("maxout", {"out_features": 3, "pieces": 4, "bias": False}, ("7",)),
    ("multiply", None, ("4x1x1", "4x1x1", "4x5x6")),
    *[("lp_pool", {"norm_type": 2, "kernel_size": 2}, (x,)) for x in ("4x8", "4x8x8x8")],
    ("softmax", None, ("4x5x6",)),
    ("global_avg_pool", {"keepdim": False}, ("4x5",)),
    ("separable_conv", {"filters": 8, "kernel": 3, "bias": False, "multiplier": 2}, ("4x9x9",)),
    ("locally_connected", {"filters": 3, "kernel": 3, "bias": False}, ("4x9",)),
    ("prelu", 4, ("4x5x5",)),
]
LARGEST = 3 * 10**8


def cases():
    for kind in filter(lambda kind: kind.known, layers.every()):
        for index, example in enumerate(kind.examples):
            case = (kind.kind, example.given, example.inputs)
            yield pytest.param(*case, id=f"{kind.kind}-{index}")
    for index, (kind, given, inputs) in enumerate(MORE):
        yield pytest.param(kind, given, inputs, id=f"{kind}-more-{index}")


def of_one_layer(kind, given, inputs, batch):
    """A network of one layer, after one with parameters for each input, because some tools need
    parameters."""
    names = [f"x{index}" for index in range(len(inputs))]
    before = [{"prelu": None, "from": name, "name": f"before_{name}"} for name in names]
    node = {kind: given, "from": [layer["name"] for layer in before], "name": "layer"}
    spec = {"input": dict(zip(names, inputs, strict=True)), "layers": [*before, node]}
    return cnncalc.summarize(spec, batch=batch)


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize(("kind", "given", "inputs"), [*cases()])
def test_the_tools_agree_on_every_kind(kind, given, inputs, batch):
    report = of_one_layer(kind, given, inputs, batch)
    if report.totals.macs + report.totals.activation > LARGEST:
        pytest.skip("too large for a test")
    tools = [*peers.TOOLS]
    if kind == "batch_norm" and isinstance(report.output_shape, cnncalc.Vector):
        tools = [] if batch == 1 else [t for t in tools if not conventions.load(t).per_image]
    totals = ours(report, tools)
    assert totals == theirs(report, totals)


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "convnext_tiny", "lenet5_1998"])
def test_fvcore_agrees_in_training_mode(name):
    (shape,) = small(name).input_shapes.values()
    report = cnncalc.summarize(name, input=str(shape), batch=2)
    assert peers.printed_in_training(report) == report.under("fvcore-training").total


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "xception", "vgg11_bn"])
def test_the_sizes_that_torchsummary_prints(name, capsys):
    torchsummary = pytest.importorskip("torchsummary")
    report = small(name)
    (image,) = peers.images(report, "cpu")
    torchsummary.summary(peers.network_of(report, "cpu"), tuple(image.shape[1:]), device="cpu")
    printed = re.findall(r"(?:pass|Total) [Ss]ize \(MB\): ([0-9.]+)", capsys.readouterr().out)
    totals = [report.under(tool).total for tool in ("torchsummary", "torchsummary-total")]
    assert printed == [f"{total / 2**20:.2f}" for total in totals]


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "xception", "vgg11_bn"])
def test_the_sizes_of_torchinfo(name):
    import torchinfo

    report = small(name)
    found = torchinfo.summary(
        peers.network_of(report, "meta"),
        input_data=peers.images(report, "meta"),
        device="meta",
        verbose=0,
    )
    sizes = found.total_output_bytes, found.total_output_bytes + found.total_param_bytes
    (image,) = report.input_shapes.values()
    totals = [report.under(tool).total for tool in ("torchinfo-memory", "torchinfo-total")]
    assert sizes == (totals[0], totals[1] - 4 * image.elements)


@pytest.mark.parametrize("tool", peers.TOOLS)
def test_the_versions_are_those_that_the_conventions_name(tool):
    package = tool.removesuffix("-aten")
    # Some append a date or a build tag.
    assert (
        re.match(r"\d+\.\d+\.\d+", metadata.version(package))[0] == conventions.load(tool).version
    )
