"""How layers find their inputs: gathered copies, names that count, and ports of blocks."""

import json

import pytest
import torch
from torch_memory import saved_by_pytorch

import cnncalc
from cnncalc import Mistakes, UsageError, bridge, footprint
from cnncalc.bridge.oracles import training_peak_in_pytorch
from cnncalc.footprint.checkpoints import groups
from cnncalc.spec.readers._wiring import Wiring

CONV = {"conv": {"filters": 8, "kernel": 1}}


def names(spec):
    return [row.name for row in cnncalc.summarize(spec)]


def refusal(spec):
    with pytest.raises(Mistakes) as refused:
        cnncalc.summarize(spec)
    return str(refused.value)


# Repeats.


def test_a_numeric_name_counts_on():
    first, more = CONV | {"name": "0"}, CONV | {"name": "1", "repeat": 3}
    spec = {"input": "8x4x4", "layers": [first, more, {"relu": None, "from": "2"}]}
    report = cnncalc.summarize(spec)
    assert [row.name for row in report] == ["0", "1", "2", "3", "relu1"]
    assert report.rows[report["relu1"].sources[0]].name == "2"


def test_blocks_count_on_as_well():
    spec = {
        "input": "8x4x4",
        "blocks": {"unit": {"layers": [CONV, "relu"]}, "stage": {"layers": [
            {"unit": None, "name": 0}, {"unit": None, "name": 1, "repeat": 2}]}},
        "layers": [{"stage": None, "name": "layer1"}],
    }  # fmt: skip
    assert names(spec) == [
        f"layer1.{index}.{kind}" for index in range(3) for kind in ("conv1", "relu1")
    ]


def test_a_name_that_is_counted_twice_is_refused():
    layers = [CONV | {"name": "1", "repeat": 3}, CONV | {"name": "2"}]
    assert "two layers are named '2'" in refusal({"input": "8x4x4", "layers": layers})
    layers.reverse()
    assert "two layers are named '2'" in refusal({"input": "8x4x4", "layers": layers})


def test_one_copy_of_counted_layers_can_be_replaced(tmp_path):
    layers = [CONV | {"name": "1", "repeat": 3}]
    (tmp_path / "base.yaml").write_text(json.dumps({"input": "8x4x4", "layers": layers}))
    net = tmp_path / "net.yaml"
    net.write_text(json.dumps({"extends": "base.yaml", "replace": {"2": "relu"}}))
    assert [row.kind for row in cnncalc.summarize(net)] == ["conv", "relu", "conv"]


@pytest.mark.parametrize("name", ["01", "1a", "m", "-1"])
def test_other_names_get_a_dot_and_a_number(name):
    spec = {"input": "8x4x4", "layers": [CONV | {"name": name, "repeat": 2}]}
    assert names(spec) == [f"{name}.0", f"{name}.1"]


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_all_copies_of_a_repeat_are_gathered(copies):
    # YOLO's C2f: both halves, and every bottleneck.
    spec = {
        "input": "8x4x4",
        "blocks": {"c2f": {"takes": ["n"], "layers": [
            CONV | {"name": "cv1"},
            {"slice": {"stop": 4}, "name": "a"},
            {"slice": {"start": 4}, "from": "cv1", "name": "b"},
            {"conv": {"filters": 4, "kernel": 3, "padding": 1}, "name": "m", "repeat": "$n"},
            {"concat": {"from": ["a", "b", "m.*"]}},
        ]}},
        "layers": [{"c2f": copies}],
    }  # fmt: skip
    assert cnncalc.summarize(spec).output_shape == (8 + 4 * copies, 4, 4)


def test_copies_of_blocks_are_gathered_and_read_one_by_one():
    spec = {
        "input": "8x4x4",
        "blocks": {"unit": {"layers": [CONV, "relu"]}},
        "layers": [
            {"unit": None, "name": "m", "repeat": 3},
            {"concat": {"from": ["m.*", "m.0"]}},
        ],
    }
    assert cnncalc.summarize(spec).output_shape == (32, 4, 4)


def test_copies_that_are_left_out_are_gathered_as_none():
    gather = {"concat": {"from": ["input", "m.*"]}}
    spec = {"input": "8x4x4", "layers": [CONV | {"name": "m", "repeat": 0}, gather]}
    assert cnncalc.summarize(spec).output_shape == (8, 4, 4)


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([CONV | {"name": "m", "repeat": 0}, {"concat": {"from": ["m.*"]}}],
         "'m.*' matches no layer, because 'm' is left out"),
        ([CONV | {"name": "m"}, {"concat": {"from": ["m.*"]}}],
         "'from: m.*' matches no layer: no layer 'm' here is repeated or has several outputs"),
    ],
)  # fmt: skip
def test_what_cannot_be_gathered_is_refused(layers, says):
    assert says in refusal({"input": "8x4x4", "layers": layers})


# Blocks with several inputs and outputs.

EXCHANGE = {
    "takes": ["c"],
    "reads": ["high", "low"],
    "gives": ["up", "down"],
    "layers": [
        {"conv": {"filters": "$c", "kernel": 3, "stride": 2, "padding": 1}, "from": "high",
         "name": "halved"},
        {"conv": {"filters": "$c", "kernel": 1}, "from": "low", "name": "same"},
        {"add": {"from": ["halved", "same"]}, "name": "down"},
        {"upsample": {"like": "high"}, "from": "same", "name": "doubled"},
        {"conv": {"filters": "$c", "kernel": 1}, "from": "high", "name": "big"},
        {"add": {"from": ["big", "doubled"]}, "name": "up"},
    ],
}  # fmt: skip


def exchanging(*layers, **more):
    return {
        "input": {"a": "3x9x9", "b": "3x5x5"},
        "blocks": {"exchange": EXCHANGE},
        "layers": [{"exchange": 4, "from": ["a", "b"], "name": "x"}, *layers],
        **more,
    }


def read_by(report, name):
    return [report.rows[source].name for source in report[name].sources]


def test_a_block_reads_its_inputs_by_name():
    report = cnncalc.summarize(exchanging())
    assert (read_by(report, "x.halved"), read_by(report, "x.same")) == (["a"], ["b"])
    assert report["x.up"].output == (4, 9, 9)
    assert report["x.down"].output == (4, 5, 5)


def test_what_a_block_gives_is_read_by_the_next_in_order():
    report = cnncalc.summarize(exchanging({"exchange": 2, "repeat": 2, "name": "y"}))
    assert read_by(report, "y.0.halved") == ["x.up"]
    assert read_by(report, "y.0.same") == ["x.down"]
    assert read_by(report, "y.1.same") == ["y.0.down"]


def test_what_a_block_gives_is_read_by_name():
    layers = [{"relu": None, "from": "x.down"}, {"exchange": 2, "from": ["x.up", "relu1"]}]
    report = cnncalc.summarize(exchanging(*layers))
    assert read_by(report, "exchange1.same") == ["relu1"]


def test_blocks_inside_blocks_give_by_name_too():
    outer = {
        "reads": "both",
        "layers": [{"relu": None, "name": "r"}],
    }
    stage = {
        "reads": ["m", "n"],
        "gives": ["e.up", "r"],
        "layers": [
            {"exchange": 4, "from": ["m", "n"], "name": "e"},
            {"one": None, "from": "e.down", "name": "r"},
        ],
    }
    spec = exchanging({"stage": None, "name": "s"})
    spec["blocks"] |= {"stage": stage, "one": outer}
    report = cnncalc.summarize(spec)
    assert [row.name for row in report.outputs] == ["s.e.up", "s.r.r"]
    assert read_by(report, "s.r.r") == ["s.e.down"]


@pytest.mark.parametrize("training", [True, False])
def test_pytorch_runs_blocks_with_several_outputs(training):
    spec = exchanging({"exchange": 2, "name": "y"}, outputs=["x.down", "y.up", "y.down"])
    for batch in (1, 2):
        report = cnncalc.summarize(spec, batch=batch)
        found = bridge.verify(report, "cpu", training=training)
        assert (found.disagreements, found.skipped) == ((), ())


def test_two_streams_share_their_weights():
    spec = exchanging({"exchange": 4, "from": ["a", "b"], "name": "y", "weights": "x"})
    report = cnncalc.summarize(spec)
    # 28·4 + 4·4 + 4·4 once, of which 12 are biases
    assert report.totals.params == 112 + 16 + 16
    assert not bridge.verify(report, "cpu").disagreements


@pytest.mark.parametrize(
    ("block", "layers", "says"),
    [
        ({}, [{"exchange": 4, "from": "a"}],
         "block 'exchange' reads high, low, but 'from' names 1 input"),
        ({}, [{"conv": [4, 1], "from": "a"}, {"exchange": 4}],
         "reads high, low, but it gets 1 input; name a layer for each with 'from'"),
        ({}, ["relu"], "expected 1 input, not 2; choose with 'from': x.up, x.down"),
        ({"gives": ["nope"]}, [], "'gives: nope' does not name a layer"),
        ({"gives": [3]}, [], "expected the name of a layer, not 3"),
        ({"reads": ["a b"]}, [], "'a b' is not a valid name"),
        ({"reads": ["high", "high"]}, [], "block 'exchange' reads 'high' twice"),
        ({"reads": ["down", "low"]}, [], "'down' is the name of an input"),
    ],
)  # fmt: skip
def test_what_a_block_cannot_read_or_give_is_refused(block, layers, says):
    spec = exchanging(*layers)
    spec["blocks"] = {"exchange": EXCHANGE | block}
    assert says in refusal(spec)


HALVES = {"split": 2, "from": "one", "name": "half"}


@pytest.mark.parametrize(
    ("reads", "layers", "fix"),
    [
        ({}, ["relu"], "name the inputs of block 'two' with 'reads', then choose one with 'from'"),
        ({"reads": ["one", "other"]}, ["relu"], "choose with 'from': one, other"),
        ({"reads": ["one", "other"]}, [HALVES, "relu"], "choose with 'from': two1.half.0, two1.h"),
    ],
)
def test_a_layer_with_one_input_cannot_read_all_those_of_its_block(reads, layers, fix):
    spec = {
        "input": {"a": "4x8x8", "b": "4x8x8"},
        "blocks": {"two": {**reads, "layers": layers}},
        "layers": [{"two": None, "from": ["a", "b"]}],
    }
    assert fix in refusal(spec)


# Outputs.

TAPPED = {
    "input": "3x8x8",
    "layers": [
        CONV | {"name": "c1"},
        {"max_pool": 2},
        CONV | {"name": "c2"},
        {"relu": None, "name": "last"},
    ],
}


def test_outputs_may_be_read_by_other_layers():
    report = cnncalc.summarize(TAPPED | {"outputs": ["c1", "last"]})
    assert report.to_dict()["outputs"] == {"c1": [8, 8, 8], "last": [8, 4, 4]}
    assert report.output_shape == (8, 4, 4)
    assert report.warnings == ()
    network = cnncalc.to_torch(report)
    assert [y.shape[1:] for y in network(torch.zeros(1, 3, 8, 8))] == [(8, 8, 8), (8, 4, 4)]


@pytest.mark.parametrize("outputs", [["c1", "last"], ["c2", "last", "max_pool1"], "last"])
def test_the_memory_of_outputs_agrees(outputs):
    report = cnncalc.summarize(TAPPED | {"outputs": outputs}, batch=2)
    for training in (True, False):
        assert not bridge.verify(report, "cpu", training=training).disagreements


def test_an_output_is_never_inside_a_checkpoint():
    report = cnncalc.summarize(TAPPED | {"outputs": ["c1", "last"]}, batch=2)
    found = footprint.measure(report, checkpoint=1).training_peak.bytes
    assert found == training_peak_in_pytorch(report, segments=groups(report, 1))


def test_the_exported_program_returns_the_outputs():
    module = {}
    exec(bridge.torch_source(cnncalc.summarize(TAPPED | {"outputs": ["c1", "last"]})), module)
    found = module["Network"]()(torch.zeros(1, 3, 8, 8))
    assert [y.shape[1:] for y in found] == [(8, 8, 8), (8, 4, 4)]


def test_a_layer_that_leads_to_no_output_has_no_backward_pass():
    report = cnncalc.summarize(TAPPED | {"outputs": "c1"})
    assert [row.cost.backward_macs for row in report] == [24 * 64, 0, 0, 0]
    assert "no layer reads the output of 'last'" in report.warnings[0]
    assert report.output_shape == (8, 8, 8)
    assert not bridge.verify(report, "cpu").disagreements
    saved = sum(layer.bytes for layer in footprint.saved_for_backward(report))
    assert saved == saved_by_pytorch(report) == 3 * 8 * 8 * 4  # the input of c1
    with pytest.raises(UsageError, match="'max_pool1' leads to no output"):
        footprint.measure(report)


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        (["c3"], "'outputs: c3' does not name a layer"),
        (["inner"], "'outputs: inner' does not name a layer; available: c1, max_pool1"),
        (["input"], "'outputs' names an input; it must name layers"),
        ({"a": "c1"}, "expected the name of a layer, not a mapping"),
    ],
)
def test_what_cannot_be_an_output_is_refused(outputs, says):
    unused = {"unused": {"layers": [{"relu": None, "name": "inner"}]}}
    assert says in refusal(TAPPED | {"blocks": unused, "outputs": outputs})


def test_a_wrong_output_is_reported_with_the_other_mistakes():
    says = refusal({"input": "3x8x8", "layers": [{"conv": {"kernal": 3}}], "outputs": ["input"]})
    assert "no field 'kernal'" in says
    assert "'outputs' names an input" in says


def test_a_backbone_keeps_its_outputs_and_sizes(tmp_path):
    up = {"upsample": {"like": "c1"}, "name": "up"}
    base = {"input": "3x9x9", "layers": [
        CONV | {"name": "c1"}, {"max_pool": 2, "name": "p"}, up, {"max_pool": 3, "name": "q"},
    ]}  # fmt: skip
    (tmp_path / "base.yaml").write_text(json.dumps(base | {"outputs": ["p", "up"]}))
    net = tmp_path / "net.yaml"
    layers = [{"backbone": "base.yaml", "name": "b"}, {"relu": None, "from": "b.p"}]
    net.write_text(json.dumps({"input": "3x7x7", "layers": layers}))
    report = cnncalc.summarize(net)
    assert [row.name for row in report] == ["b.c1", "b.p", "b.up", "relu1"]
    assert report["b.up"].output == (8, 7, 7)


def test_new_layers_do_not_inherit_outputs(tmp_path):
    (tmp_path / "base.yaml").write_text(json.dumps(TAPPED | {"outputs": ["c1", "last"]}))
    net = tmp_path / "net.yaml"
    net.write_text(json.dumps({"extends": "base.yaml", "layers": ["relu"]}))
    assert [row.name for row in cnncalc.summarize(net).outputs] == ["relu1"]
    net.write_text(json.dumps({"extends": "base.yaml", "input": "3x4x4"}))
    assert [row.name for row in cnncalc.summarize(net).outputs] == ["c1", "last"]


# Names with dots.


def test_dots_in_names_make_a_tree():
    layers = [CONV | {"name": "layer1.0.conv1"}, CONV | {"name": "layer1.1.conv1"}, CONV]
    layers.append({"add": None, "name": "layer1.1.add", "from": ["layer1.0.conv1", "conv1"]})
    report = cnncalc.summarize({"input": "8x4x4", "layers": layers})
    assert [*report.blocks] == ["layer1", "layer1.0", "layer1.1"]
    assert [(line.name, line.kind) for line in report.outline(1)][1:] == [
        ("layer1", "group"),
        ("conv1", "conv"),
    ]
    assert report.rows[report["layer1.1.add"].sources[0]].name == "layer1.0.conv1"


@pytest.mark.parametrize("other", [{"name": "a"}, {"name": "a", "repeat": 2}, {"name": "a.b"}])
def test_a_tree_that_dots_make_has_no_other_layers(other):
    spec = {"input": "8x4x4", "layers": [CONV | {"name": "a.b.conv"}, CONV | other]}
    assert "a group of layers, but a layer, block or branch" in refusal(spec)


def test_layers_read_from_files_keep_their_dots():
    wiring = Wiring("net")
    wiring.input("x", [8, 4, 4])
    names = ["a.0.conv", "a.0", "a.0.conv", "b", "b.conv", "a./.c d", ".."]
    assert [wiring.layer(name, "relu", None, ["x"]) for name in names] == [
        "a.0.conv", "a.0_2", "a.0.conv_2", "b", "b_conv", "a.c_d", "layer",
    ]  # fmt: skip
    assert len(cnncalc.summarize(wiring.spec("net"))) == len(names)
