"""Layers that read several maps, and layers along an axis, in networks that PyTorch runs too."""

import pytest
import yaml

import cnncalc
from cnncalc.core.errors import Mistakes, UsageError
from cnncalc.spec.graph import build
from cnncalc.spec.source import load
from cnncalc.spec.writing import write

CONV = {"filters": 6, "kernel": 1}
S = {"scale": None, "from": "a", "name": "s"}
T = {"scale": None, "from": "b", "name": "t"}


def network(*layers, a="4x5", b="6x7"):
    return {"input": {"a": a, "b": b}, "layers": list(layers)}


@pytest.mark.parametrize(
    "spec",
    [
        # Gradients of one operand, of the other, of both, and of one used twice.
        network(S, {"matmul": None, "from": ["s", "b"]},
                b="5x3"),
        network({**T, "name": "s"}, {"matmul": None, "from": ["a", "s"]},
                b="5x3"),
        network(S, T,
                {"matmul": None, "from": ["s", "t"]}, a="2x4x5", b="2x5x3"),
        {"input": "3x3", "layers": ["scale", {"matmul": None, "from": ["scale1", "scale1"]}]},
        # Cross-attention, with as many channels and with others.
        network({"attention": 2, "from": ["a", "b"]}, a="6x5"),
        network({"attention": {"heads": 2, "bias": False}, "from": ["a", "b"]}),
        network(S, {"attention": 2, "from": ["s", "b"]}),
        network({**T, "name": "s"}, {"attention": 2, "from": ["a", "s"]}),
        network(S, T,
                {"attention": 1, "from": ["s", "t"]}, a="4x2x3"),
        {"input": "4x3x2", "layers": ["scale",
            {"attention": {"heads": 2, "relative_bias": True, "bias": False}}]},
        # Concatenated, cut and normalized along other axes than the channels.
        network(S, {"concat": "length", "from": ["s", "b"]},
                {"slice": {"start": 2, "stop": 9, "along": "length"}}, {"softmax": "length"},
                {"conv": CONV}, a="6x5"),
        network({"concat": "height", "from": ["a", "b"]}, {"conv": CONV}, a="2x3x4", b="2x1x4"),
        {"input": "4x3x3", "layers": [{"conv": CONV}, {"flatten": "positions"}, {"glu": None},
                                      {"linear": {"units": 4, "per_position": True}},
                                      "positional_embedding", {"reduce": {"by": "mean",
                                      "over": "length", "keepdim": False}}, {"linear": 3}]},
        # Split into parts, some of which are read by number.
        {"input": "6x4x9", "layers": [
            {"split": 2, "name": "halves"}, {"conv": CONV, "from": "halves.1"},
            {"concat": None, "from": ["halves.0", "conv1"]},
            {"split": {"sizes": [2, 3, 4], "along": "width"}, "name": "columns"},
            {"concat": "width"}, {"conv": CONV, "from": "columns.2", "name": "last"},
            {"concat": "width", "from": ["columns.*"]}, {"split": {"parts": 4, "along": "height"}},
            "add", {"concat": "width", "from": ["add1", "concat2"], "when": False},
            {"linear": 2}, {"linear": 2, "from": "last"}, {"linear": 2, "from": "concat2"}]},
        {"input": "4x3x3", "layers": [
            {"conv": CONV}, {"reduce": {"by": "max", "over": "channels"}, "name": "m"},
            {"add": 1}, {"multiply": 2}, {"divide": 3}, {"power": 2}, {"expand": [5, 3, 3]},
            {"reduce": {"by": "var", "over": "positions"}},
            {"reduce": {"by": "norm", "over": "last"}},
            {"divide": None, "from": ["power1", "m"]}]},
    ],
)  # fmt: skip
def test_pytorch_agrees_on_networks_of_joins(spec):
    result = cnncalc.verify(spec)
    assert [check for check in result.checks if not check.agrees] == []


def test_attention_to_a_map_of_another_size_has_no_receptive_field():
    report = cnncalc.summarize(network({"attention": 2, "from": ["a", "b"]}, b="6x7x7"))
    assert report["attention1"].receptive_field is None


def test_the_operands_of_arithmetic_are_counted():
    for spec, says in (
        (network({"add": 1, "from": ["a", "a"]}), "remove the number"),
        (
            network({"multiply": None, "from": "a"}),
            "a second input is missing; name two layers with 'from', or give a number",
        ),
        (
            network({"add": {"parameter": [5, 1, 1]}, "from": "a"}),
            "a parameter of 5×1×1 does not fit",
        ),
    ):
        with pytest.raises(Mistakes) as refused:
            cnncalc.summarize(spec)
        assert says in str(refused.value)


HALVES = {"split": 2, "name": "halves"}


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([{"split": 4}], "cannot split 6 channels into 4 equal parts; list their sizes"),
        ([HALVES, {"conv": CONV}], "expected 1 input, not 2; choose with 'from': halves.0, halves"),
        (
            [HALVES, {"conv": CONV, "from": "halves.2"}],
            "'from: halves.2' does not name a layer; available: halves.0, halves.1",
        ),
        (
            [{"split": 2, "name": "s"}, {"conv": CONV, "from": "s.2"}],
            "'from: s.2' does not name a layer; available: s.0, s.1",
        ),
        ([HALVES, {"relu": None, "name": "halves"}], "two layers are named 'halves'"),
        ([{"split": [2, 2]}], "parts of 2 and 2 add up to 4 channels, not 6"),
        ([{"split": [2, 2, 3]}], "parts of 2, 2, 3 add up to 7 channels, not 6"),
        ([HALVES, {"split": 2}], "expected 1 input, not 2"),
        ([{"split": 1001}], "must be a number of parts from 1 to 1,000"),
        ([{"split": {"parts": 2, "like": "a"}}], "split has no field 'like'"),
    ],
)
def test_a_wrong_split_is_refused(layers, says):
    with pytest.raises(Mistakes) as refused:
        cnncalc.summarize({"input": "6x4x4", "layers": layers})
    assert says in str(refused.value)


def test_a_split_that_does_not_fit_is_one_mistake_of_the_whole_layer():
    layers = [{"split": n, "from": "input"} for n in (3, 4, 2)]
    with pytest.raises(Mistakes) as refused:
        cnncalc.summarize({"input": "10x4x4", "layers": layers})
    first, second = (one.fact for one in refused.value.errors)
    assert first.startswith("layer 'split1' (split, input 10×4×4): cannot split 10 channels into 3")
    assert second.startswith(
        "layer 'split2' (split, input 10×4×4): cannot split 10 channels into 4"
    )
    with pytest.raises(Mistakes, match=r"^split \(input 10×4×4\): cannot split"):
        cnncalc.layer("split", "10x4x4", parts=4)


def test_a_split_inside_a_block_is_written_again():
    spec = {"input": "8x4x4", "layers": [{"split": 2, "name": "s"}, "add"]}
    block = {"input": "8x4x4", "blocks": {"b": {"layers": spec["layers"]}}, "layers": ["b", "b"]}
    report = cnncalc.summarize(block)
    assert [row.output.channels for row in report] == [4, 4, 4, 2, 2, 2]
    text = write(build(load(block)))
    assert [row.name for row in cnncalc.summarize(yaml.safe_load(text))] == [
        row.name for row in report
    ]
    with pytest.raises(UsageError, match="split has several outputs; choose one with 'part'"):
        cnncalc.layer("split", "8x4x4", parts=2)
    assert cnncalc.layer("split", "8x4x4", parts=2, part=1).output == (4, 4, 4)
