"""Networks side by side."""

import dataclasses
import json

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.analysis.explore import compare
from cnncalc.core.errors import UsageError
from cnncalc.render import comparison


def net(*layers):
    return {"input": "4x8x8", "layers": [*layers]}


def conv(name, width, size=1):
    return {"conv": {"out_channels": width, "kernel_size": size}, "name": name}


def changes(one, other, everything=False):
    found = cnncalc.compare(one, other).layers
    return [(each.name, each.change) for each in found if everything or each.change != "same"]


def run(*words):
    done = CliRunner().invoke(cli.app, ["compare", *words], terminal_width=80)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_small_ratios_have_two_significant_digits():
    # 32·(5·5 + 1) + 10·(32·12·12 + 1) = 46,922 of 11,689,512 parameters
    line = next(
        one for one in run("resnet18", "1x28x28-32C5-MP2-10N").splitlines() if "Para" in one
    )
    assert line.split()[-1] == "×0.0040"
    assert "×1.00" in run("lenet5", "lenet5")


@pytest.mark.parametrize(
    ("value", "text"), [(0.0996, "×0.10"), (0.00996, "×0.010"), (0.1, "×0.10"), (0.0994, "×0.099")]
)
def test_a_ratio_that_rounds_up_keeps_its_digits(value, text):
    assert comparison._ratio(value, 1) == text


def test_a_network_is_the_same_as_itself():
    assert changes("lenet5", "lenet5") == []


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        (net(conv("a", 4)), net(conv("a", 4)), "1 layer is the same"),
        (net(conv("a", 4)), net(conv("a", 5)), "1 layer changed"),
        (net(conv("a", 4), "relu"), net(conv("a", 4), "relu"), "2 layers are the same"),
        (net(conv("a", 4)), net(conv("a", 4), "relu"), "1 layer is the same, 1 added"),
        (net(conv("a", 4), "relu"), net("tanh"), "1 layer added, 2 removed"),
    ],
)
def test_the_layers_are_counted_in_a_sentence(one, other, says):
    assert comparison.counts(cnncalc.compare(one, other)) == says


def test_a_network_may_have_no_layers():
    report = cnncalc.summarize(net("relu"))
    empty = dataclasses.replace(report, rows=report.rows[:1])
    assert comparison.counts(cnncalc.compare(empty, empty)) == "no layers"


def test_layers_are_matched_by_name():
    one = net(conv("a", 4), conv("b", 8), conv("c", 4))
    other = net(conv("a", 4), conv("x", 8), conv("c", 6))
    assert changes(one, other, everything=True) == [
        ("a", "same"), ("b", "removed"), ("x", "added"), ("c", "changed")]  # fmt: skip


def test_a_layer_that_is_added_does_not_change_the_automatic_names_of_others():
    one = net("relu", {"max_pool": 2}, "relu", conv("c", 4), conv("d", 4))
    other = net("relu", conv("x", 4), "relu", {"max_pool": 2}, "relu", conv("c", 4), conv("d", 4))
    assert changes(one, other) in ([("x", "added"), ("relu2", "added")],
                                   [("relu1", "added"), ("x", "added")])  # fmt: skip


def test_automatic_names_with_other_fields_are_the_same_layer():
    one, other = (net({"conv": {"out_channels": n, "kernel_size": 1}}, "relu") for n in (4, 8))
    assert changes(one, other) == [("conv1", "changed"), ("relu1", "changed")]


def test_layers_with_other_names_are_matched_by_structure():
    one = net(conv("a", 4), conv("b", 8, 3), {"relu": None, "name": "r"}, conv("c", 2))
    other = net(conv("p", 4), conv("q", 8, 3), {"relu": None, "name": "s"}, conv("t", 3))
    assert changes(one, other, everything=True) == [
        ("p", "same"), ("q", "same"), ("s", "same"), ("t", "changed")]  # fmt: skip


def test_long_networks_are_matched_by_name_alone(monkeypatch):
    monkeypatch.setattr(compare, "MOST_LAYERS", 2)
    one, other = net(conv("a", 4), "relu", "relu"), net(conv("p", 4), "relu", "relu")
    assert changes(one, other) == [("a", "removed"), ("p", "added")]


def test_totals_are_those_of_summarize():
    found = cnncalc.compare("resnet18", "resnet34", batch=2)
    for name, report in zip(("resnet18", "resnet34"), found.reports):
        assert report.totals == cnncalc.summarize(name, batch=2).totals
    # He et al. 2015, table 1: 1.8 and 3.6 · 10⁹; 3.6 leaves out the projections.
    assert [round(macs / 2 / 10**9, 1) for macs in found.totals["macs"]] == [1.8, 3.7]
    assert found.totals["peak"][0] == found.reports[0].memory.inference_peak.bytes


def test_what_is_not_known_is_not_a_number():
    opaque = net({"opaque": {"output": "4x8x8"}, "name": "a"})
    vector = {"input": 8, "layers": [{"linear": 2}]}
    found = cnncalc.compare(opaque, vector)
    assert found.totals["macs"][0] is None
    assert found.totals["memory"][0] is None
    assert found.totals["rf"][1] is None


def test_a_report_can_be_compared_and_a_single_network_cannot():
    report = cnncalc.summarize("lenet5")
    assert cnncalc.compare(report, "lenet5").reports[0] is report
    with pytest.raises(UsageError, match="at least two"):
        cnncalc.compare("lenet5")


def test_the_command_shows_totals_and_what_differs():
    text = run("vgg11", "vgg13")
    assert "×1.49" in text  # 11.31 / 7.61 G
    assert "4 added" in text
    assert "conv2_2" in text
    assert "conv8" not in text
    assert "pool5" in run("vgg11", "vgg13", "--all")
    assert "12 layers are the same\n" in run("lenet5", "lenet5")


def test_a_table_of_three_networks_fits_80_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = run("resnet50", "densenet121", "convnext_tiny")
    above, headings, rule, first, *_ = text.splitlines()
    assert above.split() == ["DenseNet-121", "ConvNeXt-T"]
    assert headings.split("  ")[-2:] == [" / ResNet-50", "/ ResNet-50"]
    assert len(headings) == len(rule) == len(first) == 80
    assert "Parameter memory  102.23 MB" in text  # headings wrap before texts


def test_options_may_be_for_one_network_alone():
    found = json.loads(run("resnet18", "resnet18", "--set", "2:classes=10", "-i", "3x64x64",
                           "--format", "json"))  # fmt: skip
    assert [change["layer"] for change in found["layers"] if change["change"] != "same"] == ["fc"]
    assert found["totals"]["params"] == [11_689_512, 11_689_512 - 990 * 513]
    with pytest.raises(UsageError, match="for network 3, but networks are numbered from 1 to 2"):
        run("lenet5", "lenet5", "--set", "3:classes=10")


@pytest.mark.parametrize("form", ["csv", "markdown", "latex", "html"])
def test_every_format_shows_the_layers_or_the_totals(form):
    two = run("resnet18", "resnet34", "--format", form)
    assert "115605504" in two.replace(",", "").replace(r"\,", "")  # 9·64·64·56·56
    three = run("lenet5", "alexnet", "vgg11", "--format", form)
    assert "132.86 M" in three


def test_networks_of_very_many_equal_layers_are_matched_by_name(monkeypatch):
    one, other = net(*["relu", "tanh"] * 4), net(*["tanh", "relu", "relu"] * 3)
    # both contain (tanh, relu) three times: 2 removed, 3 added
    assert len(changes(one, other)) == 5
    monkeypatch.setattr(compare, "MOST_PAIRS", 30)
    # relu1 to relu4 and tanh1 to tanh3 are in both, at other positions.
    found = dict(changes(one, other, everything=True))
    assert {*found} == {f"relu{n}" for n in range(1, 7)} | {f"tanh{n}" for n in range(1, 5)}


def test_a_single_network_is_refused():
    with pytest.raises(UsageError, match="2 to 8 networks, not 1"):
        run("lenet5")
