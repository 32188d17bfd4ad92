"""A printed number leads to its convention, as a sum of named parts, or to the nearest one."""

import csv
import json

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import UsageError, layers
from cnncalc.cli import app
from cnncalc.conventions.convention import Part
from cnncalc.conventions.reconcile import readings, reconcile
from cnncalc.core.errors import CnncalcError


def found(network, number, **options):
    """The conventions that give a number, and the multiple of their total."""
    answer = reconcile(cnncalc.summarize(network, **options), number)
    return {(count.name, one.times) for one in answer.agreeing for count in one.counts}


# Numbers.


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("4089184256", [("4089184256", "", 1000, None)]),
        ("4,089,184,256 MACs", [("4,089,184,256", "", 1000, "operations")]),
        ("4.134G", [("4.134", "G", 1000, None), ("4.134", "G", 1024, "parameters")]),
        ("8.2 GFLOPs", [("8.2", "G", 1000, "operations")]),
        ("~3.6 billion FLOPs", [("3.6", "G", 1000, "operations")]),
        ("716 M mult-adds", [("716", "M", 1000, "operations")]),
        ("65.3 BFLOPs", [("65.3", "B", 1000, "operations")]),
        ("25.6M params", [("25.6", "M", 1000, "parameters"), ("25.6", "M", 1024, "parameters")]),
        ("97.5 MB", [("97.5", "M", 1000, "bytes"), ("97.5", "M", 1024, "bytes")]),
        ("97.5 MiB", [("97.5", "M", 1024, "bytes")]),
        ("102228128 bytes", [("102228128", "", 1000, "bytes")]),
        ("4.1B", [("4.1", "B", 1000, None), ("4.1", "", 1000, "bytes")]),
        ("3.8×10^9", [("3.8", "G", 1000, None)]),
        ("3.8 x 10⁹ FLOPs", [("3.8", "G", 1000, "operations")]),
        ("7.2e8", [("0.72", "G", 1000, None)]),
        ("7.2*10^7", [("0.072", "G", 1000, None)]),
        ("5e3", [("5", "K", 1000, None)]),
    ],
)  # fmt: skip
def test_numbers_are_read_as_papers_and_tools_write_them(text, taken):
    assert [tuple(reading) for reading in readings(text)] == taken


@pytest.mark.parametrize(
    "text",
    ["", "x", "G", "4.1 GHz", "4.1 Giga", "-3", "1.2.3", "4 apples", "9" * 100, "4 Q", "4,1G"],
)
def test_an_invalid_number_is_refused(text):
    with pytest.raises(UsageError, match=r"is not a number.*; write a number such as 4\.134G"):
        readings(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("25.6M parms", "'25.6M parms' is not a number, because 'M parms' is not a known unit; "),
        ("25,6M params", "'25,6M params' is not a number, because a comma separates thousands; "),
        ("many", "'many' is not a number; write"),
    ],
)
def test_what_is_not_a_number_has_a_reason(text, says):
    with pytest.raises(UsageError, match=says):
        readings(text)


@pytest.mark.parametrize("text", ["3e40", "3e2 GFLOPs"])
def test_powers_are_bounded(text):
    with pytest.raises(UsageError, match=r"power of ten up to 10\^12"):
        readings(text)


# The table of other tools (docs/conventions.md), every row exactly, and figures of papers.


@pytest.mark.parametrize(
    ("number", "names"),
    [
        ("4089184256", {("macs", 1), ("paper", 1)}),
        ("8178368512", {("flops", 1), ("torch", 1)}),
        ("4089238376", {("torchinfo", 1)}),
        ("4089185256", {("ptflops-aten", 1), ("connections", 1)}),
        ("4089185256 MACs", {("ptflops-aten", 1)}),
        ("4100300288", {("torchprofile", 1)}),
        ("4111512576", {("fvcore", 1)}),
        ("4133742592", {("thop", 1)}),
        ("4132436968", {("ptflops", 1)}),
        ("8211108352", {("calflops", 1)}),
        ("4.134G", {("thop", 1)}),
        ("4.11 GFLOPs", {("fvcore", 1)}),
        # 2 · 4,133,742,592 = 8,267,485,184, as people double thop's total
        ("8.267 GFLOPs", {("thop", 2)}),
        (
            "25.6M params",
            {
                ("params", 1),
                ("params-buffers", 1),
                ("keras", 1),
                ("keras-biased", 1),
                ("keras-biased-trainable", 1),
            },
        ),
        ("25557032", {("params", 1)}),
        ("25529472", {("weights", 1)}),
        # + 2 · 26,560 running statistics and 53 counters
        ("25610205", {("params-buffers", 1)}),
        # Keras's own ResNet-50 has 26,560 more biases: 25,636,712, of which 53,120 are moving.
        ("25636712", {("keras-biased", 1)}),
        ("25583592", {("keras-biased-trainable", 1)}),
        ("53120", {("keras-non-trainable", 1)}),
        # In training mode: 4,089,184,256 + 5 · 11,113,984 + 100,352
        ("4144854528", {("fvcore-training", 1)}),
        # What the tools print for torchvision's resnet50
        ("286.56 MB", {("torchsummary-functions", 1)}),
        ("384.62 MB", {("torchsummary-functions-total", 1)}),
        ("177.83 MB", {("torchinfo-memory", 1)}),
        ("280.66 MB", {("torchinfo-total", 1)}),
        # 4 · 25,557,032 = 102,228,128, in 2²⁰ 97.49
        ("102.23 MB", {("params", 4)}),
        ("97.49 MiB", {("params", 4)}),
        ("97.49 MB", {("params", 4)}),
    ],
)
def test_a_number_of_resnet50_is_found(number, names):
    assert found("resnet50", number) == names


@pytest.mark.parametrize(
    ("network", "number", "names"),
    [
        # keras.applications: MobileNet, Xception and VGG16, summary()
        ("mobilenet_v1", "4253864", {("keras", 1)}),
        ("mobilenet_v1", "21888", {("keras-non-trainable", 1)}),
        ("xception", "22910480", {("keras", 1)}),
        ("xception", "22855952", {("params", 1)}),
        ("vgg16", "138357544", {("params", 1), ("params-buffers", 1)}),
        # pytorch-summary's README: vgg16 of an older torchvision, without the adaptive pool
        ("vgg16", "218.59 MB", {("torchsummary-functions", 1)}),
        ("vgg16", "746.96 MB", {("torchsummary-functions-total", 1)}),
        ("vgg16", "108.45 MB", {("torchinfo-memory", 1)}),
        # As cnncalc itself prints them
        ("vgg16", "58.13 MiB", {("activations", 4)}),
        ("vgg16", "15.2M values", {("activations", 1)}),
        ("lenet5_1998", "340,908 connections", {("connections", 1)}),
        # conv1_1 and conv1_2, 64·224·224 each, in and out: 2 · 3,211,264 · 4 bytes
        ("vgg16", "25.69 MB", {("inference-peak", 1)}),
    ],
)
def test_a_number_that_tools_print_of_a_network_is_found(network, number, names):
    assert found(network, number) == names


def test_an_accidental_equality_is_listed_after_the_simpler_sum():
    # Keras: 4096·512 + 512·80 weights, 592 biases, 2·512 learned and 2·512 moving of the norm.
    spec = {"input": 4096, "layers": [{"linear": 512}, "relu", "batch_norm", {"linear": 80}]}
    answer = reconcile(cnncalc.summarize(spec), "2140752")
    assert [one.counts[0].name for one in answer.agreeing] == ["keras", "ptflops"]


def test_the_first_version_of_the_network_is_what_its_paper_counts():
    # He et al. 2015, table 1: 3.8 · 10⁹ for the 50 layers, which are multiply-adds.
    assert ("macs", 1) in found("resnet50_v1", "3.86 × 10^9")
    assert found("resnet50", "3.86 × 10^9") == set()


def test_parameters_are_bytes_of_the_dtype():
    assert found("resnet50", "51.1 MB", dtype="float16") == {("params", 2), ("weights", 2)}


def test_kilo_may_be_1024_for_parameters():
    # Szegedy et al. 2014, table 1: 112K for the 114,688 weights of conv2.
    conv2 = {"input": "64x56x56", "layers": [
        {"conv": {"filters": 64, "kernel": 1, "bias": False}},
        {"conv": {"filters": 192, "kernel": 3, "padding": 1, "bias": False}},
    ]}  # fmt: skip
    answer = reconcile(cnncalc.summarize(conv2), "112K")
    assert answer.reading.kilo == 1024
    assert {count.name for one in answer.agreeing for count in one.counts} >= {"params", "weights"}


def test_a_batch_multiplies():
    assert found("resnet50", "16356737024", batch=4) == {("macs", 1), ("paper", 1)}
    assert found("resnet50", "4132436968", batch=4) == {("ptflops", 1)}


# The nearest, and what is missing.


def test_without_a_match_the_nearest_is_shown_with_its_difference():
    answer = reconcile(cnncalc.summarize("resnet50"), "4.2G")
    assert answer.agreeing == ()
    assert answer.nearest.title == "fvcore 0.1.5 in training mode"
    assert answer.difference == 4_200_000_000 - 4_144_854_528
    assert answer.missing == ()


def test_a_missing_part_is_named():
    # thop without its pool: 4,089,184,256 + 4 · 11,113,984.
    answer = reconcile(cnncalc.summarize("resnet50"), "4133640192")
    first = answer.missing[0]
    assert first.candidate.counts[0].name == "macs"
    assert first.part == (4, 11_113_984, "batch-norm elements")


def test_a_surplus_part_is_named():
    # ptflops without its 2 · (64·112·112 + 100,352) pool inputs: 4,132,436,968 − 1,806,336.
    answer = reconcile(cnncalc.summarize("resnet50"), "4130630632")
    (only,) = answer.missing
    assert only.candidate.title == "ptflops 0.7.5"
    assert only.part == (-2, 903_168, "pool inputs")


def test_every_explanation_is_listed_the_simplest_first():
    # fvcore without its 100,352 pool inputs is also MACs + 2 · 11,113,984.
    answer = reconcile(cnncalc.summarize("resnet50"), "4111412224")
    assert [(one.candidate.counts[0].name, one.part) for one in answer.missing] == [
        ("macs", (2, 11_113_984, "batch-norm elements")),
        ("fvcore", (-1, 100_352, "adaptive average-pool inputs")),
    ]


@pytest.mark.parametrize(
    ("network", "number"),
    [
        # fvcore's total less 1,000: it counts no biases that could be left out.
        ("resnet50", "4111511576"),
        # The parameters and 2 · 27,264: torchinfo's MACs include 2 · 27,264 batch-norm parameters,
        # but that is no part of a parameter count, and Keras already counts the statistics.
        ("xception", "22965008"),
    ],
)
def test_a_coincidence_is_not_an_explanation(network, number):
    assert reconcile(cnncalc.summarize(network), number).missing == ()


def test_too_many_explanations_count_as_none():
    """Eight layers of one linear unit have 8 weights, 8 biases, 8 MACs and so on."""
    spec = {"input": 1, "layers": [{"linear": 1}, "relu"] * 8}
    answer = reconcile(cnncalc.summarize(spec), "40")
    assert answer.agreeing == answer.missing == ()


def test_unknown_totals_of_other_quantities_are_not_reported():
    spec = {"input": "4x9", "layers": [{"lstm": 3}]}
    assert {*reconcile(cnncalc.summarize(spec), "1 MB").unknown} == {
        "inference-peak", "saved", "torchinfo-memory", "torchinfo-total", "torchsummary",
        "torchsummary-functions", "torchsummary-functions-total", "torchsummary-total",
    }  # fmt: skip
    assert reconcile(cnncalc.summarize(spec), "108 params").unknown == {}


@pytest.mark.parametrize(
    "kind", [kind for kind in layers.every() if kind.known], ids=lambda kind: kind.kind
)
def test_every_kind_is_compared_or_named_as_unknown(kind):
    """Also before a batch norm, which tools treat by what precedes it."""
    example = kind.examples[0]
    inputs = {f"x{index}": shape for index, shape in enumerate(example.inputs)}
    node = {kind.kind: example.given, "from": [*inputs], "name": "layer"}
    try:
        report = cnncalc.summarize({"input": inputs, "layers": [node, "batch_norm"]})
    except CnncalcError:
        report = cnncalc.summarize({"input": inputs, "layers": [node]})
    for number in ("1.5G", "5 MB", "7 connections", "9 params"):
        answer = reconcile(report, number)
        assert all("is not known" in why or "modelled" in why for why in answer.unknown.values())


def test_unknown_totals_are_reported():
    spec = {"input": "4x8x8", "layers": [{"adaptive_avg_pool": 3}, {"linear": 5}]}
    answer = reconcile(cnncalc.summarize(spec), "180")
    assert [*answer.unknown] == ["onnx-tool", "thop"]
    assert "floating point" in answer.unknown["thop"]


# The command.


def run(*arguments):
    return CliRunner().invoke(app, ["reconcile", *arguments])


def test_a_part_of_one_is_singular():
    result = run("1x8x8-1C3", "10")
    assert "= 9 weights\n  + 1 bias\n" in result.stdout
    assert Part(2, 1, "pool inputs in other layers").text() == "2 · 1 pool input in other layers"


def test_the_command_shows_the_sum():
    ran = run("resnet50", "4.134G")
    assert ran.exit_code == 0
    assert ran.stdout == (
        "ResNet-50 · input 3×224×224 · float32\n"
        "4.134G is the total of:\n"
        "\n"
        "thop 0.1.1: 4,133,742,592 MACs\n"
        "  = 4,089,184,256 conv + linear MACs\n"
        "  + 4 · 11,113,984 batch-norm elements\n"
        "  + 100,352 adaptive average-pool inputs\n"
        "  + 2,048 average-pool outputs\n"
    )


def test_the_number_may_be_several_words():
    ran = run("resnet50", "8.267", "GFLOPs")
    assert ran.exit_code == 0
    assert "2 · thop 0.1.1: 8,267,485,184 FLOPs\n  = 2 · 4,089,184,256 conv" in ran.stdout


def test_the_command_shows_bytes_and_binary_prefixes():
    ran = run("resnet50", "97.49 MB")
    assert "97.49 MB, with K = 1024, is the total of:\n" in ran.stdout
    assert "parameters, 4 bytes each: 102,228,128 bytes\n  = 4 · 25,529,472 weights" in ran.stdout


def test_the_command_exits_with_1_and_shows_the_nearest():
    ran = run("resnet50", "4133640192")
    assert ran.exit_code == 1
    assert (
        "no convention gives 4,133,640,192; the nearest total is that of:\n\nthop 0.1.1: 4,"
        in ran.stdout
    )
    assert "\n4,133,640,192 is 102,400 less than this total\n" in ran.stdout
    assert "it equals the total of MACs or papers + 4 · 11,113,984 batch-norm" in ran.stdout
    more = run("resnet50", "4.2G")
    assert more.stdout.endswith("4.2G is 55,145,472 more than this total\n")
    assert run("lenet5", "61.7").stdout.endswith("\n61.7 is 61.7 more than this total\n")
    assert run("lenet5", "0.25").stdout.endswith("\n0.25 is 0.25 more than this total\n")
    less = run("resnet50", "4130630632")
    assert "it equals the total of ptflops 0.7.5 − 2 · 903,168 pool inputs\n" in less.stdout


def test_the_command_reports_what_it_could_not_compare():
    ran = run("4x9x9-3C3", "243")
    assert "not compared" not in ran.stdout
    spec = '{"input": "4x8x8", "layers": [{"adaptive_avg_pool": 3}, {"linear": 5}]}'
    ran = CliRunner().invoke(app, ["reconcile", "-", "180"], input=spec)
    assert ran.exit_code == 0
    assert "\nnot compared: the total of thop 0.1.1 is not known: layer" in ran.stdout


def test_the_command_writes_json():
    data = json.loads(run("resnet50", "4.134G", "--format", "json").stdout)
    assert (data["format"], data["version"], data["agrees"]) == ("cnncalc.reconciliation", 1, True)
    assert data["inputs"] == {"input": [3, 224, 224]}
    (one,) = data["agreeing"]
    assert (one["conventions"], one["times"], one["total"]) == (["thop"], 1, 4_133_742_592)
    assert sum(part["times"] * part["amount"] for part in one["parts"]) == one["total"]
    data = json.loads(run("resnet50", "4133640192", "--format", "json").stdout)
    assert (data["agrees"], data["nearest"]["difference"]) == (False, -102_400)
    assert data["missing"][0]["part"]["amount"] == 11_113_984


def test_the_command_writes_a_csv_line_for_every_part(tmp_path):
    file = tmp_path / "why.csv"
    run("resnet50", "4.134G", "-o", str(file))
    data = [*csv.DictReader(file.read_text(encoding="utf-8").splitlines())]
    assert {(one["convention"], one["agrees"]) for one in data} == {("thop 0.1.1", "yes")}
    assert sum(int(one["times"]) * int(one["amount"]) for one in data) == 4_133_742_592
    (row,) = [one for one in data if one["part"] == "batch-norm elements"]
    assert (row["times"], row["amount"]) == ("4", "11113984")
    shown = run("resnet50", "5G", "-f", "markdown").stdout
    assert "| fvcore 0.1.5 in training mode | no | 4,144,854,528 |" in shown


def test_the_command_refuses_invalid_input():
    for arguments, says in ((["x"], "is not a number"), (["4G", "--format", "jsno"], "'json'")):
        ran = run("resnet50", *arguments)
        assert isinstance(ran.exception, UsageError)
        assert says in str(ran.exception)
