"""Any network as YAML: the file gives the same report, and reads as if a person had written it."""

from random import Random

import pytest
import random_networks
from typer.testing import CliRunner

import cnncalc
from architectures import UNMODELLED
from cnncalc import cli
from cnncalc.core.errors import Mistakes, UsageError
from cnncalc.spec import catalog, load, writing
from cnncalc.spec.graph import build
from cnncalc.spec.text import read

DAILY = {
    "convnext_tiny",
    "deeplabv3_resnet50",
    "densenet_cifar",
    "efficientnet_b0",
    "googlenet_torchvision",
    "lenet5_1998",
    "mobilenet_v2",
    "resnet50",
    "siamese_koch",
    "ssd300_vgg16",
    "textcnn",
    "unet",
}


def written(spec):
    """The YAML of a spec, after checking that it says the same."""
    graph = build(load(spec))
    text = writing.write(graph)
    assert writing.is_same(build(load(read(text, "net.yaml"))), graph), text
    return text


def lines(spec):
    """The layers of the YAML of a spec, one line each."""
    return [line.strip() for line in written(spec).split("layers:\n")[-1].splitlines()]


def flat(spec):
    """The same network without blocks: as a list of layers with dotted names."""
    return writing._flat(build(load(spec)))


def facts(report):
    """Everything that a report states about its layers."""
    rows = [row._replace(layer=(row.kind, row.layer.text())) for row in report.rows]
    return rows, report.totals, report.returned, report.layout


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in DAILY else pytest.mark.exhaustive)
        for name in catalog.names()
    ],
)
def test_a_built_in_written_as_yaml_gives_the_same_report(name):
    original = cnncalc.summarize(name)
    copy = cnncalc.summarize(read(cnncalc.to_yaml(name), "net.yaml"))
    assert facts(copy) == facts(original)
    if name in DAILY and name not in UNMODELLED:
        assert copy.memory == original.memory


@pytest.mark.parametrize("name", ["deeplabv3_resnet50", "mobilenet_v2", "resnet50"])
def test_dotted_names_become_blocks(name):
    text = written(flat(name))
    assert len(text.splitlines()) <= 1.1 * len(written(name).splitlines())


@pytest.mark.parametrize("seed", range(25))
def test_a_random_network_written_as_yaml_is_the_same(seed):
    spec = random_networks.network(Random(seed))
    written(spec)
    written(flat(spec))


def test_a_person_would_write_resnet50_in_as_few_lines():
    assert len(flat("resnet50")["layers"]) == 174
    assert 30 <= len(written("resnet50").splitlines()) <= 60


CONV = {"conv": {"out_channels": 4, "kernel_size": 3, "padding": 1}}


def net(*layers, **keys):
    return {"input": "4x8x8", "layers": [*layers], **keys}


def named(name, kind="relu", **beside):
    return {kind: None, "name": name, **beside}


def test_names_that_layers_get_anyway_are_left_out():
    found = lines(net("relu", "relu6", named("relu2"), "relu", named("last", "tanh"), "tanh"))
    assert found == ["- relu", "- relu6", "- relu", "- relu", "- {tanh: {}, name: last}", "- tanh"]


def test_a_name_that_would_be_given_to_another_layer_is_written():
    assert lines(net(named("relu2"), named("relu1"))) == ["- {relu: {}, name: relu2}", "- relu"]
    assert lines(net(named("relu3"), "relu", named("relu1")))[1:] == [
        "- {relu: {}, name: relu2}",
        "- relu",
    ]
    inside = {"blocks": {"b": {"layers": ["relu", named("tanh1")]}}}
    layers = [{"b": None, "name": "one"}, {"b": None, "name": "two"}, "tanh", "relu"]
    assert "- {relu: {}, name: relu1}" not in written(net(*layers, **inside))


def test_names_that_yaml_would_misread_are_quoted():
    names = ["1", "01", "true", "null", "1e5", "1e999", "größe", "𝒳"]
    text = written(net(*map(named, names)))
    for name in ("1", "01", "true", "null", "1e5", "1e999", "größe"):
        assert f'name: "{name}"' in text


def test_copies_become_a_repeat():
    copies = [{**CONV, "name": f"m.{number}"} for number in range(3)]
    assert lines(net(*copies)) == [
        "- {conv: {out_channels: 4, kernel_size: 3, padding: 1}, name: m, repeat: 3}"
    ]
    assert lines(net("tanh", *copies[1:])) == [
        "- tanh",
        "- {conv: {out_channels: 4, kernel_size: 3, padding: 1}, name: m.1, repeat: 2}",
    ]


def test_dotted_numbers_count_on():
    copies = [{**CONV, "name": f"a.{number}"} for number in (9, 10, 11)]
    fields = "{out_channels: 4, kernel_size: 3, padding: 1}"
    assert lines(net(named("a.x"), *copies)) == [
        "- {relu: {}, name: a.x}",
        f"- {{conv: {fields}, name: a.9, repeat: 3}}",
    ]


def test_opaque_layers_are_kept():
    known = {"output": "4x8x8", "what": "a model's own: sort $x", "params": 3}
    text = written(net({"opaque": known, "name": "nms"}, "relu"))
    assert 'what: "a model\'s own: sort $x"' in text


def test_a_first_copy_that_differs_is_written_with_index():
    sizes = [(8, 2), (8, 1), (8, 1)]
    copies = [
        {"conv": {"out_channels": n, "kernel_size": 1, "stride": s}, "name": f"m.{i}"}
        for i, (n, s) in enumerate(sizes)
    ]
    (line,) = written(net(*copies)).split("layers:\n")[1].splitlines()[:1]
    assert 'stride: "${2 if index == 0 else 1}"' in line


def test_values_that_no_expression_can_hold_do_not_become_a_repeat():
    sizes = [[1, 3], 1, 1]
    copies = [
        {"conv": {"out_channels": 4, "kernel_size": size, "padding": "same"}, "name": f"m.{i}"}
        for i, size in enumerate(sizes)
    ]
    assert "index" not in written(net(*copies))


def test_copies_of_frozen_layers_stay_frozen():
    copies = [{**CONV, "name": f"m.{number}", "trainable": False} for number in range(3)]
    assert "trainable: false" in lines(net(*copies))[-1]


def two(body, other=None, **beside):
    """A network of two blocks, the second perhaps with another body."""
    layers = [{**entry, "name": f"one.{entry['name']}"} for entry in body]
    return net(*layers, *({**entry, "name": f"two.{entry['name']}"} for entry in other or body))


def conv(name, width, size=1, **beside):
    return {"conv": {"out_channels": width, "kernel_size": size}, "name": name, **beside}


def test_a_multiple_is_written_as_an_expression():
    text = written(two([conv("a", 4), conv("b", 16)], [conv("a", 8), conv("b", 32)]))
    assert "takes: [out_channels]" in text
    assert 'out_channels: "${4 * out_channels}"' in text


def test_numbers_of_different_fields_are_not_confused():
    text = written(two([conv("a", 2, 2), conv("b", 5, 1)], [conv("a", 3, 3), conv("b", 7, 1)]))
    assert "takes: [out_channels_a, kernel_size, out_channels_b]" in text


def test_large_numbers_of_different_fields_are_the_same_argument():
    def body(width):
        depthwise = {"out_channels": width, "kernel_size": 3, "padding": 1, "groups": width}
        return [conv("a", width), {"conv": depthwise, "name": "b"}]

    spec = two(body(16), body(24))
    spec["layers"] += [{**one, "name": f"three.{one['name']}"} for one in body(64)]
    assert "takes: [out_channels]" in written(spec)


def test_flags_and_numbers_are_different_arguments():
    def body(padding, bias):
        fields = {"out_channels": 4, "kernel_size": 3, "padding": padding, "bias": bias}
        return [{"conv": fields, "name": "a"}, named("b")]

    assert "takes: [padding, bias]" in written(two(body(1, True), body(0, False)))


def shortcut(source):
    return [named("0", "tanh", **{"from": source}), named("1", "sigmoid")]


def test_a_block_that_is_read_by_name_is_left_out_by_being_empty():
    body = [conv("a", 4), conv("b", 4)]
    inside = [
        named("down.0", "tanh", **{"from": "input"}),
        named("down.1", "sigmoid"),
    ]
    long = [*body, *inside, named("add", "add", **{"from": ["b", "down"]})]
    short = [*body, named("add", "add", **{"from": ["b", "input"]})]
    blocks = {"down": {"layers": ["tanh", "sigmoid"]}}
    blocks["long"] = {"layers": [*body, {"down": None, "name": "down", "from": "input"}, long[-1]]}
    blocks["short"] = {"layers": short}
    spec = net(
        {"long": None, "name": "m1"},
        {"short": None, "name": "m2"},
        {"long": None, "name": "m3"},
        blocks=blocks,
    )
    text = written(flat(spec))
    assert "takes: [{present: true}]" in text
    assert "- {down: $has_down, name: down, from: input}" in text
    assert text.splitlines()[-3:] == [
        "  - {block: true, name: m1}",
        "  - {block: false, name: m2}",
        "  - {block: true, name: m3}",
    ]


def test_a_layer_that_is_read_by_the_next_one_is_left_out_by_a_condition():
    full = [conv("a", 4), named("b", "tanh"), conv("c", 4)]
    text = written(two(full, [full[0], full[2]]))
    assert "- {tanh: {}, name: b, when: $has_b}" in text


def test_a_last_addition_is_left_out_by_a_condition():
    add = named("add", "add", **{"from": ["b", "input"]})
    blocks = {"x": {"layers": [conv("a", 4), conv("b", 4), add]}}
    blocks["y"] = {"layers": [conv("a", 4), conv("b", 4)]}
    spec = net({"x": None, "name": "m1"}, {"y": None, "name": "m2"}, blocks=blocks)
    text = written(flat(spec))
    assert "- {add: {}, name: add, from: [b, input], when: $has_add}" in text


@pytest.mark.parametrize(
    "other",
    [
        [conv("a", 4), named("c", "tanh")],  # another kind
        [conv("c", 4), conv("a", 4)],  # another order
        [conv("a", 4)],  # most layers missing
        [conv("a", 4), conv("c", 4, **{"from": "input"})],  # another source
    ],
)
def test_blocks_with_other_layers_stay_apart(other):
    full = [conv("a", 4), named("b", "tanh"), conv("c", 4, **{"from": "a"})]
    blocks = {"x": {"layers": full}, "y": {"layers": other}}
    spec = net({"x": None, "name": "m1"}, {"y": None, "name": "m2"}, blocks=blocks)
    assert "when" not in written(flat(spec))


def test_a_block_that_the_next_layer_reads_as_well_is_not_left_out():
    down = {"down": None, "name": "down", "from": "input"}
    blocks = {"down": {"layers": ["tanh", "sigmoid"]}}
    for name, middle, source in (("long", [down], "down"), ("short", [], "input")):
        end = named("add", "add", **{"from": ["c", source]})
        blocks[name] = {"layers": [conv("a", 4), conv("b", 4), *middle, named("c"), end]}
    spec = net({"long": None, "name": "m1"}, {"short": None, "name": "m2"}, blocks=blocks)
    assert "when" not in written(flat(spec))


def test_a_stage_of_one_block_is_written_as_the_others():
    def stage(name, often):
        return [conv(f"{name}.{i}.{n}", 4) for i in range(often) for n in "ab"]

    assert "- {conv_conv: {}, name: s, repeat: 2}" in lines(net(*stage("s", 2)))
    assert "name: s.0.a}" in lines(net(*stage("s", 1)))[0]


def test_arguments_have_different_names():
    bodies = [[conv("a_b", 4, m), conv("a-b", 5 - m, 6 - m)] for m in (1, 2)]
    text = written(two(*bodies))
    assert "takes: [kernel_size_a_b, out_channels, kernel_size_a_b_2]" in text


def test_blocks_keep_their_labels():
    spec = net(
        {"conv": 4, "name": "stem"},
        {"pair": 3, "name": "m"},
        blocks={
            "conv": {"takes": ["n"], "layers": [{"linear": "$n"}, "relu"]},
            "pair": {"takes": ["n"], "layers": [{"linear": "$n"}, {"linear": "$n"}]},
        },
    )
    copy = build(load(read(written(spec), "net.yaml")))
    assert copy.groups == {"stem": "conv_block", "m": "pair"}


def test_blocks_with_several_inputs_name_them():
    blocks = {"mix": {"reads": ["high", "low"], "layers": [
        named("sum", "add", **{"from": ["high", "low"]}), named("input", "relu")]}}  # fmt: skip
    spec = net("relu", {"mix": None, "name": "m1", "from": ["relu1", "input"]},
               {"mix": None, "name": "m2", "from": ["m1", "relu1"]}, blocks=blocks)  # fmt: skip
    text = written(spec)
    assert "reads: [in1, in2]" in text
    blocks = {"one": {"layers": [named("input", "relu"), named("x", "add",
                                 **{"from": ["input", "input"]})]}}  # fmt: skip
    written(net({"one": None, "name": "m1"}, {"one": None, "name": "m2"}, blocks=blocks))


def test_a_block_can_share_all_weights_of_another():
    blocks = {"tower": {"layers": [conv("a", 4), "relu", {"conv": {"out_channels": 4,
                                   "kernel_size": 1}, "name": "b"}]}}  # fmt: skip
    spec = {"input": {"x": "4x8x8", "y": "4x8x8"}, "blocks": blocks, "layers": [
        {"tower": None, "name": "left", "from": "x"},
        {"tower": None, "name": "right", "from": "y", "weights": "left"},
        {"concat": None, "from": ["left", "right"]}]}  # fmt: skip
    assert "- {tower: {}, name: right, from: y, weights: left}" in lines(spec)
    text = written(flat(spec))
    assert "weights: left" in text
    once = written({**spec, "layers": [*spec["layers"][:2], "relu"]})
    assert "weights: left" in once


def test_a_block_can_share_the_weights_of_a_part_of_another():
    pair = {"layers": [conv("a", 4), "relu"]}
    blocks = {"pair": pair, "more": {"layers": [{"pair": None, "name": "p"}, "tanh"]}}
    spec = net({"more": None, "name": "m"}, {"pair": None, "name": "q", "weights": "m.p"},
               blocks=blocks)  # fmt: skip
    assert "- {pair: {}, name: q, weights: m.p}" in lines(spec)


def test_blocks_that_share_only_some_weights_say_which():
    spec = net(conv("x.a", 4), conv("x.b", 4), conv("y.a", 4, weights="x.a"), conv("y.b", 4))
    assert written(spec).count("weights: x.a") == 1


def test_layers_can_share_weights_inside_and_outside_of_blocks():
    blocks = {"b": {"layers": [conv("a", 4), conv("b", 4, weights="a")]}}
    spec = net({"b": None, "name": "m1"}, {"b": None, "name": "m2"}, blocks=blocks)
    assert written(spec).count("weights: a}") == 1
    outer = net(conv("stem", 4), *(conv(f"{m}.{n}", 4, weights="stem") for m in "xy" for n in "ab"))
    assert "weights: stem" in written(outer)


def test_a_name_that_would_be_looked_up_inside_a_block_is_written_without_blocks():
    # Inside a block, 'a.conv' is the block's own layer, not the first one.
    inner = [
        (conv(f"{m}.a.conv", 4), named(f"{m}.a.relu"), conv(f"{m}.c", 4, weights="a.conv"))
        for m in "xy"
    ]
    spec = net(conv("a.conv", 4), named("a.relu"), *inner[0], *inner[1])
    assert "blocks" not in written(spec)


def test_an_input_that_looks_doubtful_gets_its_layout():
    assert "layout: chw" in written({**net("relu"), "input": "32x32x3", "layout": "chw"})
    assert "layout" not in written(net("relu"))


def test_channels_last_stays_channels_last():
    text = written({"input": "6x8x4", "layout": "hwc", "layers": [
        {"permute": [1, 0, 2]}, {"reshape": [6, 8, 4]}, "relu"]})  # fmt: skip
    assert "input: 6x8x4\nlayout: hwc" in text
    assert "- permute: [1, 0, 2]\n  - reshape: [6, 8, 4]" in text


def test_a_size_that_follows_another_layer_stays_so():
    spec = net({"max_pool": 2}, {"upsample": {"like": "input"}, "name": "up"})
    assert "- {upsample: {like: input}, name: up}" in lines(spec)
    blocks = {"b": {"layers": [{"max_pool": 2}, {"upsample": {"like": "input"}, "name": "up"}]}}
    layers = [{"b": None, "name": "m1"}, {"b": None, "name": "m2"}]
    assert "like: input" in written(net(*layers, blocks=blocks))


def test_outputs_and_frozen_layers_are_kept():
    text = written(net({**CONV, "name": "a", "trainable": False}, "relu", outputs=["a", "relu1"]))
    assert "outputs: [a, relu1]" in text
    assert "trainable: false" in text


def test_prose_is_kept():
    note = "A note that is too long for one line of the file. " * 4
    prose = {"name": "Net: one", "source": "Doe 2020", "note": note.strip(), "variants": {"x": "y"}}
    text = written(net("relu", **prose))
    assert text.startswith('name: "Net: one"\nsource: "Doe 2020"\nnote: >-\n  A note')
    assert load(read(text, "net.yaml")).note == note.strip()
    assert load(read(written(net("relu", note="two\nlines")), "")).note == "two\nlines"


def test_a_block_gets_a_name_that_no_kind_has():
    body = [named("a", "tanh"), named("b", "relu")]
    layers = [{**one, "name": f"{m}.conv.{one['name']}"} for m in "xy" for one in body]
    extra = [named(f"{m}.z", "abs") for m in "xy"]
    text = written(net(*layers[:2], extra[0], *layers[2:], extra[1]))
    assert "conv_block:" in text


def test_a_network_with_mistakes_is_not_written():
    with pytest.raises(Mistakes, match="kernel_size"):
        cnncalc.to_yaml(net({"conv": 3}))
    with pytest.raises(UsageError, match="no parameter"):
        cnncalc.to_yaml("resnet18", settings={"width": 3})


def test_a_loaded_spec_can_be_written():
    assert cnncalc.to_yaml(cnncalc.load("lenet5")) == cnncalc.to_yaml("lenet5")


def test_options_for_a_graph_are_refused():
    graph = cnncalc.build(cnncalc.load("lenet5"))
    assert cnncalc.to_yaml(graph) == cnncalc.to_yaml("lenet5")
    with pytest.raises(UsageError, match="already expanded and takes no input, settings"):
        cnncalc.to_yaml(graph, input="1x64x64", settings={"classes": 5})


def test_import_writes_any_network(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cfg = "[net]\nheight=8\nwidth=8\n[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
    (tmp_path / "tiny.cfg").write_text(cfg)
    done = CliRunner().invoke(cli.app, ["import", "tiny.cfg", "-o", "net.yaml"])
    assert done.exit_code == 0, done.output
    assert facts(cnncalc.summarize("net.yaml")) == facts(cnncalc.summarize("tiny.cfg"))
    done = CliRunner().invoke(
        cli.app, ["export", "resnet18", "--to", "yaml", "--input", "3x64x64", "--set", "classes=10"]
    )
    assert "input: 3x64x64" in done.output
    assert "linear: 10" in done.output


def test_import_reads_standard_input_once():
    done = CliRunner().invoke(cli.app, ["import", "-"], input="1x8x8-4C3-2N")
    assert done.exit_code == 0
    assert "- linear: 2" in done.output
