"""Counting conventions, compared with what the tools print and with values worked by hand.

``cases/peers.csv`` has what the tools printed for the built-in architectures; ``test_peers`` runs
them again.
"""

import csv
import json
import subprocess
import sys
from importlib import import_module

import peers
import pytest
import torch
from typer.testing import CliRunner

import cnncalc
from cnncalc import UsageError, conventions, layers
from cnncalc.cli import app

NAMES = conventions.names()
RECORDED = peers.recorded()


# What the tools print.


@pytest.mark.parametrize("name", RECORDED)
def test_every_architecture_reproduces_the_tools_totals(name):
    report = cnncalc.summarize(name)
    assert {tool: report.under(tool).total for tool in peers.TOOLS} == RECORDED[name]


def test_the_record_covers_every_tool():
    # onnx-tool is compared below: the totals of some architectures are not known for it.
    tools = {name for name in NAMES if conventions.load(name).version} - {"onnx-tool"}
    assert tools == {*peers.TOOLS}
    assert all({*totals} == tools for totals in RECORDED.values())
    assert len(RECORDED) >= 60


# The conventions' table of ResNet-50 (docs/conventions.md): each excess over 4,089,184,256 MACs.
MACS = (1, 4_089_184_256, "conv + linear MACs")
RESNET50 = {
    "macs": [MACS],
    "paper": [MACS],
    "torch": [(2, *MACS[1:])],
    "flops": [(2, *MACS[1:])],
    "torchinfo": [
        MACS,
        (1, 1_000, "biases at output positions"),
        (1, 53_120, "batch-norm parameters"),
    ],
    "ptflops-aten": [MACS, (1, 1_000, "biases at output positions")],
    "torchprofile": [
        MACS,
        (1, 11_113_984, "batch-norm elements"),
        (1, 2_048, "average-pool outputs"),
    ],
    "fvcore": [
        MACS,
        (2, 11_113_984, "batch-norm elements"),
        (1, 100_352, "adaptive average-pool inputs"),
    ],
    "thop": [
        MACS,
        (4, 11_113_984, "batch-norm elements"),
        (1, 2_048 * 49, "adaptive average-pool inputs"),
        (1, 2_048, "average-pool outputs"),
    ],
    "ptflops": [
        MACS,
        (1, 1_000, "biases at output positions"),
        (2, 11_113_984, "batch-norm elements"),
        # 64·112·112; 64·56·56·6 and 256·56·56·3 with 128·56·56, and so on: 9,608,704 in all
        (2, 9_608_704, "ReLU elements"),
        (2, 64 * 112 * 112 + 2_048 * 49, "pool inputs"),
    ],
}  # fmt: skip
TOTALS = {
    "torch": 8_178_368_512,
    "torchinfo": 4_089_238_376,
    "ptflops-aten": 4_089_185_256,
    "torchprofile": 4_100_300_288,
    "fvcore": 4_111_512_576,
    "thop": 4_133_742_592,
    "ptflops": 4_132_436_968,
}


@pytest.mark.parametrize("name", RESNET50)
def test_the_parts_of_resnet50_are_those_by_hand(name):
    count = cnncalc.summarize("resnet50").under(name)
    assert [tuple(part) for part in count.parts] == RESNET50[name]
    assert count.total == TOTALS.get(name, 4_089_184_256 * (2 if name == "flops" else 1))


# Single layers, by hand from the tools' formulas.


def under(name, *layers, input, batch=1):
    spec = {"input": input, "layers": [*layers]}
    return cnncalc.summarize(spec, batch=batch).under(name).total


TRANSPOSED = {"conv_transpose": {"filters": 4, "kernel": 4, "stride": 2, "padding": 1}}
GROUPED = {"conv_transpose": {"filters": 4, "kernel": 2, "stride": 2, "groups": 2}}
CONV = {"conv": {"filters": 16, "kernel": 3, "padding": 1}}


@pytest.mark.parametrize(
    ("name", "total"),
    [
        # 8·4·4·4 weights = 512; 16·16 inputs, 32·32 outputs; 4·32·32 = 4,096 biases are added
        ("macs", 131_072),
        ("torch", 262_144),
        ("fvcore", 131_072),
        ("torchinfo", 524_288 + 4_096),
        ("thop", 524_288),
        ("torchprofile", 524_288),
        ("ptflops", 131_072 + 4_096),
        ("ptflops-aten", 131_072 + 4_096),
        # ... and 4 biases at (16 + 2 − 4)/2 + 1 = 8 by 8 positions
        ("calflops", 262_144 + 4 * 64),
    ],
)
def test_a_tool_counts_a_transposed_convolution_as_by_hand(name, total):
    assert under(name, TRANSPOSED, input="8x16x16") == total


@pytest.mark.parametrize(
    ("name", "channels", "total"),
    [
        # 8·2·2·2 = 64 weights at 10·10 outputs, and the groups are left out
        ("torchprofile", 8, 12_800),
        # 4·2·2·2 = 32 weights at 10·10 outputs
        ("torchprofile", 4, 3_200),
        # 2 · 8·(4/2/2)·2·2 at 5·5 inputs, and 4/2 biases at (5 − 2)/2 + 1 = 2 by 2 positions
        ("calflops", 8, 1_600 + 8),
    ],
)
def test_a_tool_counts_a_grouped_transposed_convolution_as_by_hand(name, channels, total):
    assert under(name, GROUPED, input=f"{channels}x5x5") == total


def test_ptflops_runs_one_image_whatever_the_batch():
    # 8·16·3·3 · 16·16 and 16·16·16 biases
    assert under("ptflops", CONV, input="8x16x16", batch=4) == 299_008
    assert under("ptflops-aten", CONV, input="8x16x16", batch=4) == 299_008


@pytest.mark.parametrize(
    ("name", "layer", "input", "total"),
    [
        # 2·5·5 inputs and 2·10·10 outputs
        ("thop", {"upsample": 2}, "2x5x5", 200),
        ("thop", {"upsample": {"scale": 2, "mode": "bilinear"}}, "2x5x5", 2_200),
        ("thop", {"upsample": {"scale": 2, "mode": "bicubic"}}, "2x5x5", 51_800),  # 259 each
        ("thop", {"upsample": {"scale": 2, "mode": "linear"}}, "2x5", 100),
        ("thop", {"upsample": {"scale": 2, "mode": "linear"}}, "2x5x5x5", 0),
        ("fvcore", {"upsample": 2}, "2x5x5", 200),
        ("fvcore", {"upsample": 2}, "2x5", 0),
        ("fvcore", {"upsample": {"scale": 2, "mode": "bilinear"}}, "2x5x5", 800),
        ("torchprofile", {"upsample": {"scale": 2, "mode": "bilinear"}}, "2x5x5", 800),
        ("ptflops", {"upsample": 2}, "2x5x5", 400),
        ("calflops", {"upsample": 2}, "2x5x5", 50),
        ("calflops", {"upsample": 1.5}, "2x6x6", 72),
        # 3·8·8 elements
        ("fvcore", {"batch_norm": {"affine": False}}, "3x8x8", 192),
        ("fvcore", {"batch_norm": {"track_running_stats": False}}, "3x8x8", 5 * 192),
        ("fvcore", {"group_norm": 3}, "3x8x8", 5 * 192),
        ("calflops", "instance_norm", "3x8x8", 4 * 192),
        ("thop", "instance_norm", "3x8x8", 2 * 192),
        ("ptflops", {"layer_norm": "all"}, "3x8x8", 192),
        ("torchprofile", {"layer_norm": "channels"}, "3x8x8", 192),
        ("thop", {"layer_norm": "channels"}, "3x8x8", 0),
        # 3·8·8 exponentials and divisions, and 2·8·8 sums
        ("thop", "softmax", "3x8x8", 3 * 192 - 64),
        # ... and 7 sums in each of 3·4 rows of 8
        ("thop", {"softmax": "last"}, "3x4x8", 2 * 96 + 12 * 7),
        ("fvcore", {"adaptive_avg_pool": 4}, "3x8", 0),
        # squares, divisor times alpha plus k, each twice (a function): only the pool is larger
        ("ptflops", {"lrn": 5}, "3x8x8", 3 * 192 + 7 * 64),
        ("torchprofile", {"lrn": 5}, "3x8x8", 3 * 192),
        # 12·7 products in one place, 3 pieces each, for the largest of which none counts
        ("torchinfo", {"maxout": {"out_features": 4, "pieces": 3}}, "7", 84 + 12),
        ("ptflops", {"maxout": {"out_features": 4, "pieces": 3}}, "7", 0),
        ("fvcore", {"maxout": {"out_features": 4, "pieces": 3}}, "7", 84),
        # 3 filters of 2·3 weights at each of 6 places
        ("torchprofile", {"locally_connected": {"filters": 3, "kernel": 3}}, "2x8", 108),
        ("thop", {"locally_connected": {"filters": 3, "kernel": 3}}, "2x8", 0),
        # 2·2·2 + 3·2·2 weights at 3·3 places
        ("calflops", {"conv": {"filters": 2, "kernel": 2, "connections": [[0], [1, 2]]}}, "3x4x4",
         2 * 12 * 9),
        # 8·3·3 and 8·4 weights at 8·8 places, and 12 biases
        ("ptflops", {"separable_conv": {"filters": 4, "kernel": 3, "padding": 1,
                                       "depthwise_bias": True}}, "8x8x8",
         (104 + 12) * 64),
        # the padded input of 4·9·9 is pooled
        ("ptflops", {"max_pool": {"kernel": 3, "stride": 2, "padding": "same"}}, "4x8x8",
         2 * 4 * 9 * 9),
        # 3·4·4 outputs: pool, sign, size
        ("torchprofile", {"lp_pool": {"norm_type": 2, "kernel_size": 2}}, "3x8x8", 3 * 48),
        ("calflops", {"lp_pool": {"norm_type": 2, "kernel_size": 2}}, "3x8x8", 192 + 48 + 48),
        # the pool, times the size of the window, times the coefficient
        ("torchprofile", {"subsampling": 2}, "3x8x8", 3 * 48),
        ("torchprofile", "scale", "3x8x8", 192),
        ("ptflops", {"global_avg_pool": {"keepdim": False}}, "3x8x8", 2 * 192),
        ("torchinfo", {"rbf": 10}, "84", 840),
        ("paper", CONV, "8x16x16", 294_912),
    ],
)  # fmt: skip
def test_a_tool_counts_one_layer_as_by_hand(name, layer, input, total):
    assert under(name, layer, input=input) == total


def test_a_product_of_n_inputs_is_n_minus_1_products():
    spec = {
        "input": {"a": "4x1x1", "b": "4x1x1", "c": "4x5x6"},
        "layers": [{"multiply": None, "from": ["a", "b", "c"]}],
    }
    assert cnncalc.summarize(spec).under("torchprofile").total == 4 + 4 * 5 * 6


# Laws.


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("network", ["lenet5", "mobilenet_v3_small", "unet_image"])
def test_the_layers_and_the_parts_add_up_to_the_total(name, network):
    report = cnncalc.summarize(network)
    count = report.under(name)
    assert count.total == sum(count.layers.values()) == sum(part.total for part in count.parts)
    assert [*count.layers] == [row.name for row in report.rows]
    assert all(part.amount > 0 for part in count.parts)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_three_counts_three_images_unless_the_tool_runs_one(name):
    one, three = (cnncalc.summarize("vgg11", batch=batch).under(name).total for batch in (1, 3))
    images = 1 if conventions.load(name).per_image else 3
    # 4 bytes for each of 132,863,336 parameters, whatever the batch size.
    once = 4 * 132_863_336 if name == "torchinfo-total" else 0
    assert three - once == (one - once) * images


@pytest.mark.parametrize("kind", [*layers.every()], ids=lambda kind: kind.kind)
def test_every_kind_is_counted_or_refused(kind):
    for example in kind.examples:
        names = [f"x{index}" for index in range(len(example.inputs))]
        spec = {
            "layout": "chw",
            "input": dict(zip(names, example.inputs, strict=True)),
            "layers": [{kind.kind: example.given, "from": names, "name": "one"}],
        }
        report = cnncalc.summarize(spec)
        for name in NAMES:
            try:
                assert report.under(name).total >= 0
            except UsageError as why:
                assert "layer 'one'" in str(why)  # noqa: PT017


# Unknown totals.


@pytest.mark.parametrize(
    ("name", "layer", "says"),
    [
        (
            "torchinfo",
            {"avg_pool": {"kernel": 3, "stride": 2, "padding": "same", "count_include_pad": False}},
            r"total of torchinfo 1\.8\.0 is not known: layer 'avg_pool1' \(avg_pool\): what "
            "PyTorch runs inside MeanInside is not modelled",
        ),
        ("thop", {"adaptive_avg_pool": 3}, "sizes of 4×8×8 by those of 4×3×3 in floating point"),
        ("calflops", {"upsample": {"size": 16}}, "modelled only for a single scale factor"),
    ],
)
def test_an_unknown_total_is_refused(name, layer, says):
    with pytest.raises(UsageError, match=says):
        under(name, layer, input="4x8x8")


def test_an_unknown_convention_gets_the_nearest_one():
    report = cnncalc.summarize("lenet5")
    with pytest.raises(UsageError, match="no convention 'thpo'; did you mean 'thop'"):
        report.under("thpo")
    with pytest.raises(UsageError, match=r"choose from activations, calflops, .* weights"):
        report.under("xyz")


# What onnx-tool 1.0.1 prints for torch.onnx.export(network.eval(), images, dynamo=False), where the
# network is the one that ``to_torch`` builds.
ONNX_TOOL = {
    "lenet5": 923_950,
    "resnet18": 1_821_452_264,
    "mobilenet_v2": 319_949_192,
    "squeezenet1_1": 357_475_224,
    "densenet121": 3_184_545_768,  # most of its norms come before convolutions
    "googlenet_torchvision": 1_517_437_192,
    "vgg11_bn": 7_630_081_000,  # its convolutions have biases
    "mobilenet_v3_small": 63_067_712,
    "efficientnet_b0": 600_987_584,
    "xception": 8_410_559_752,
    "inception_v3": 5_755_690_696,
    "autoencoder_conv": 3_316_384,
    "unet_image": 50_403_147_776,
    "tdnn": 10_434,
    "darknet53": 9_327_850_472,
}


@pytest.mark.parametrize("name", ONNX_TOOL)
def test_onnx_tool_prints_the_total(name):
    assert cnncalc.summarize(name).under("onnx-tool").total == ONNX_TOOL[name]


def test_the_version_of_onnx_tool_is_apart_from_its_name():
    found = conventions.load("onnx-tool")
    assert (found.tool, found.version, found.title) == ("onnx-tool", "1.0.1", "onnx-tool 1.0.1")


@pytest.mark.parametrize(
    ("layers", "total"),
    [
        # 8 filters of 3·3·4 = 36 weights at 6·6 positions: 8·36·36 = 10,368
        ([{"conv": {"filters": 8, "kernel": 3, "bias": False}}], 10_368),
        # ... folded: a bias for each of 8·6·6 outputs
        ([{"conv": {"filters": 8, "kernel": 3, "bias": False}}, "batch_norm"], 10_368 + 288),
        # ... not folded, because another layer reads the convolution: 31 each, and a sum
        (
            [
                {"conv": {"filters": 8, "kernel": 3, "bias": False}, "name": "conv"},
                {"batch_norm": {}, "name": "norm"},
                {"add": {"from": ["conv", "norm"]}},
            ],
            10_368 + 31 * 288 + 288,
        ),
        # A sum of three is two sums; 2·2 elements under each of 4·4·4 windows
        ([{"relu": {}, "name": "r"}, {"add": {"from": ["r", "r", "input"]}}], 3 * 256),
        ([{"avg_pool": 2}], 4 * 64),
        (["scale"], 256),
    ],
)
def test_onnx_tool_counts_as_by_hand(layers, total):
    assert under("onnx-tool", *layers, input="4x8x8") == total


def test_onnx_tool_is_not_modelled_for_every_layer():
    with pytest.raises(
        UsageError, match="the ONNX operations of LocalResponseNorm are not modelled"
    ):
        under("onnx-tool", {"local_response_norm": 5}, input="4x8x8")
    with pytest.raises(UsageError, match="is not known: layer 'lstm1'"):
        under("onnx-tool", {"lstm": 3}, "batch_norm", input="4x8")
    # Their buffers don't make them norms, which would be folded into the convolution.
    for layer in ({"blur_pool": 3}, {"positional_embedding": {"learned": False}}):
        with pytest.raises(UsageError, match=r"inside (BlurPool|PositionalEmbedding) is not"):
            under("onnx-tool", CONV, layer, input="8x16x16")
    with pytest.raises(UsageError, match="the ONNX operations of Scale are"):
        under("onnx-tool", {"scale": {"bias": True}}, input="4x8x8")
    with pytest.raises(UsageError, match="the ONNX operations of AdaptiveAvgPool2d are"):
        under("onnx-tool", {"adaptive_avg_pool": 2}, input="4x8x8")


# Sizes, compared with what PyTorch's own modules output.


@pytest.mark.parametrize(
    ("name", "input"),
    [("lenet5_1998", None), ("mobilenet_v3_small", "3x64x64"), ("unet_image", "3x64x64"),
     ("depthwise_separable", None), ("googlenet_torchvision", "3x64x64")],
)  # fmt: skip
def test_forward_and_backward_sizes_follow_from_the_outputs_of_modules(name, input):
    report = cnncalc.summarize(name, **({"input": input} if input else {}), batch=2)
    network = peers.network_of(report, "meta")
    outputs: list[tuple[torch.nn.Module, int]] = []
    for module in network.modules():
        if module is not network and not isinstance(module, torch.nn.Sequential):
            module.register_forward_hook(lambda one, _, y: outputs.append((one, y.numel())))
    network(*peers.images(report, "meta"))
    for tool, counts in {
        # torchsummary: all modules, one image; torchinfo: those with parameters and no children
        "torchsummary": [n // 2 for _, n in outputs],
        "torchinfo-memory": [
            n for one, n in outputs if [*one.parameters()] and not [*one.children()]
        ],
    }.items():
        assert report.under(tool).total == 2 * 4 * sum(counts)


@pytest.mark.parametrize(
    ("layer", "total"),
    [
        # Keras: 4·((5 + 3)·3 + 3), and 3·((5 + 3)·3 + 2·3) for a GRU that resets after the product
        ({"lstm": 3}, 108),
        ({"keras.LSTM": 3}, 108),
        ({"gru": 3}, 90),
        # 3·((5 + 3)·3 + 3) with reset_after=False
        ({"gru": {"hidden_size": 3, "separate_biases": False}}, 81),
        ({"rnn": 3}, 27),
        ({"keras.SimpleRNN": 3}, 27),
        # 2·5 learned and 2·5 moving
        ("batch_norm", 20),
        ({"batch_norm": {"affine": False}}, 10),
    ],
)
def test_keras_counts_its_own_parameters(layer, total):
    assert under("keras", layer, input="5x7") == total


def test_keras_adds_one_bias_per_gate():
    # 4·(5 + 3)·3 weights, and with biases 4·3 more
    layer = {"lstm": {"hidden_size": 3, "bias": False}}
    assert [under(name, layer, input="5x7") for name in ("keras", "keras-biased")] == [96, 108]


def test_memory_is_shown_with_its_own_units():
    # torchvision's resnet50: torchinfo prints 177.83 and torchsummary 286.56, both as MB.
    resnet = cnncalc.summarize("resnet50")
    assert resnet.under("torchinfo-memory").text() == "177,831,744 bytes = 177.83 MB"
    assert resnet.under("torchsummary-functions").text() == "300,478,272 bytes = 286.56 MiB"


# Records.


@pytest.mark.parametrize("name", peers.TOOLS)
def test_conventions_name_the_tested_versions(name, request):
    text = (request.config.rootpath / "constraints.txt").read_text(encoding="utf-8")
    pinned = dict(line.split("==") for line in text.splitlines() if not line.startswith("#"))
    package = name.removesuffix("-aten")
    # fvcore and thop append a date to their versions.
    assert pinned[package].split(".post")[0] == conventions.load(name).version


@pytest.mark.parametrize("name", NAMES)
def test_every_convention_describes_itself(name):
    module = import_module(f"cnncalc.conventions.tools.{name.replace('-', '_')}")
    assert module.__doc__.endswith(".") or module.__doc__.endswith(".\n")
    convention = conventions.load(name)
    assert 3 <= len(convention.counts.split()) <= 20
    names = [term.what for term in convention.terms]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("macs", "text"),
    [(4_089_184_256, "4.1 G"), (4_050_000_000, "4.1 G"), (999_950, "1.0 M"), (999, "999"),
     (15_470_264_320, "15.5 G"), (1_500, "1.5 K"), (2 * 10**12, "2.0 T"), (0, "0")],
)  # fmt: skip
def test_papers_may_round(macs, text):
    assert conventions.load("paper").read(macs) == text


# The command.


def summarize(*arguments):
    ran = CliRunner().invoke(app, ["summarize", *arguments])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.stdout


LINE = (
    "thop 0.1.1: 4,133,742,592 = 4.13 G MACs (multiply-accumulates, 4 for each batch-norm element"
)


@pytest.mark.parametrize("format", ["table", "markdown", "html", "latex"])
def test_a_table_has_a_line_with_the_total(format):
    text = summarize("resnet50", "--convention", "thop", "--format", format)
    assert LINE.replace("_", "\\_") in " ".join(text.split())


def test_csv_has_a_column_whose_sum_is_the_total():
    text = summarize("resnet50", "--convention", "thop", "--format", "csv", "--depth", "9")
    lines = [*csv.DictReader(text.splitlines())]
    assert sum(int(line["thop"]) for line in lines) == TOTALS["thop"]
    folded = summarize("resnet50", "--convention", "thop", "--format", "csv", "--depth", "1")
    assert sum(int(line["thop"]) for line in csv.DictReader(folded.splitlines())) == TOTALS["thop"]


def test_json_has_the_count():
    found = json.loads(summarize("resnet50", "--convention", "ptflops-aten", "--format", "json"))
    data = found["convention"]
    assert [data[key] for key in ("name", "tool", "version", "unit", "total")] == [
        "ptflops-aten", "ptflops aten", "0.7.5", "MACs", 4_089_185_256,
    ]  # fmt: skip
    assert data["parts"][1] == {"times": 1, "amount": 1_000, "what": "biases at output positions"}
    assert data["layers"]["fc"] == 2_048_000 + 1_000
    assert "convention" not in json.loads(summarize("lenet5", "--format", "json"))


def test_the_column_may_be_placed_and_sorted_by():
    text = summarize(
        "resnet50", "--convention", "fvcore", "--columns", "fvcore,layer", "--sort", "fvcore",
        "--depth", "1", "--format", "csv",
    )  # fmt: skip
    heading, *lines = text.splitlines()
    counts = [int(line.split(",")[0]) for line in lines]
    assert heading == "fvcore,layer"
    assert counts == sorted(counts, reverse=True)
    assert lines[0].endswith(",layer3")


def test_a_convention_that_is_already_a_column_is_not_added_twice():
    assert summarize("lenet5", "--convention", "macs", "--format", "csv") == summarize(
        "lenet5", "--format", "csv"
    )


def test_conventions_are_imported_only_when_asked_for():
    code = (
        "import sys, cnncalc.cli.summarize, cnncalc\n"
        "report = cnncalc.summarize('lenet5')\n"
        "def seen():\n"
        "    return [name for name in sys.modules if name.startswith('cnncalc.conventions.')]\n"
        "assert seen() == [], seen()\n"
        "report.under('thop')\n"
        "assert 'cnncalc.conventions.tools.thop' in seen() and 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("bias", "more"), [(False, 0), (True, 4 * 4 * 8)])
def test_calflops_adds_the_biases_of_a_transposed_convolution(bias, more):
    """At the 4×4 positions of an ordinary 3×3 convolution with stride 1 and padding 1."""
    layer = {"conv_transpose": {"filters": 8, "kernel": 3, "padding": 1, "bias": bias}}
    report = cnncalc.summarize({"input": "2x4x4", "layers": [layer]})
    assert report.under("calflops").total == report.totals.flops + more
