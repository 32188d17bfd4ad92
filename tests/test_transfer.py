"""Networks that reuse part of another: backbones, replaced layers, and new layers for all.

The counts of whole networks are torchvision's; those of heads are worked by hand, inputs × outputs
+ outputs.
"""

import pytest

import cnncalc
from cnncalc.core.errors import CnncalcError, Mistakes, Where
from cnncalc.spec import document, text
from cnncalc.spec.source import MAX_BASES

VGG16_FEATURES = 14_714_688  # 138,357,544 − 102,764,544 − 16,781,312 − 4,097,000
RESNET18 = 11_689_512
CONV = {"conv": {"filters": 4, "kernel": 1}}


def net(*layers, input="3x64x64", **more):
    return cnncalc.summarize({"input": input, "layers": list(layers), **more})


def write(folder, **files):
    for name, spec in files.items():
        (folder / f"{name}.yaml").write_text(spec)
    return folder / "net.yaml"


# A backbone.


def test_vgg16_without_its_top():
    cut = {"backbone": {"network": "vgg16", "up_to": "pool5"}, "name": "features"}
    found = net(cut, "gap", {"linear": 1}, input="3x224x224")
    assert found.totals.params == VGG16_FEATURES + 512 + 1 == 14_715_201
    assert found["features.conv1_1"].cost.params == 3 * 3 * 3 * 64 + 64
    assert found["features.pool5"].output == (512, 7, 7)
    assert found.groups["features"] == "vgg16"


@pytest.mark.parametrize(
    ("network", "last", "params", "channels"),
    [
        ("resnet18", "avgpool", RESNET18 - 513 * 1000, 512),
        ("resnet18", "layer4", RESNET18 - 513 * 1000, 512),
        ("resnet50", "layer4.2", 25_557_032 - 2049 * 1000, 2048),
        ("resnet18", "maxpool", 64 * 3 * 7 * 7 + 128, 64),
        ("ResNet-18", "conv1", 9_408, 64),
    ],
)
def test_a_backbone_ends_at_a_layer_or_a_block(network, last, params, channels):
    found = net({"backbone": {"network": network, "up_to": last}})
    assert (found.totals.params, found.output_shape[0]) == (params, channels)


def test_a_backbone_keeps_its_input_and_its_graph():
    own = cnncalc.summarize("resnet18", input="3x64x64")
    found = net({"backbone": "resnet18", "name": "all"})
    assert [row.output for row in found] == [row.output for row in own]
    assert found.totals == own.totals
    assert found.rows[-1].fields == own.rows[-1].fields


def test_the_whole_network_is_a_backbone_too():
    found = net({"backbone": "resnet18"}, {"linear": 5})
    assert found.totals.params == RESNET18 + 1000 * 5 + 5


def test_only_what_the_last_layer_needs_is_kept():
    entry = {"network": "googlenet", "up_to": "inception4c", "set": {"aux": True}}
    assert any("aux" in row.name for row in cnncalc.summarize("googlenet", settings={"aux": True}))
    found = net({"backbone": entry}, input="3x224x224")
    assert not any("aux" in row.name for row in found)
    assert found.output_shape == (512, 14, 14)


def test_a_backbone_may_be_used_often_and_anywhere():
    cut = {"backbone": {"network": "resnet18", "up_to": "layer1"}}
    once = net(cut).totals.params
    twice = net({"branches": {"a": [cut], "b": [cut]}, "join": "concat"})
    assert twice.totals.params == 2 * once
    assert twice.output_shape == (128, 16, 16)
    block = {"eye": {"layers": [cut]}}
    assert net({"eye": None, "repeat": 1}, blocks=block).totals.params == once
    assert net({**cut, "from": "input", "when": True}, CONV).output_shape == (4, 16, 16)


def test_parameters_of_a_backbone_are_set_beside_it():
    found = net(
        {"backbone": {"network": "resnet18", "set": {"classes": "$n", "n4": 1}}},
        parameters={"n": 7},
    )
    block = 2 * (512 * 512 * 9 + 2 * 512)  # the second block of stage 4
    assert found.totals.params == RESNET18 - 513 * 993 - block


def test_a_file_is_a_backbone(tmp_path):
    file = write(
        tmp_path,
        net="input: 3x8x8\nlayers: [{backbone: {network: inner.yaml, up_to: b}}, {linear: 2}]\n",
        inner="input: 4x8x8\nlayers: [{backbone: base.yaml}, {relu: , name: b}, tanh]\n",
        base="layout: hwc\ninput: 9x9x3\nlayers: [{conv: {filters: 4, kernel: 1}}]\n",
    )
    assert cnncalc.summarize(file).totals.params == 4 * 3 + 4 + 4 * 64 * 2 + 2
    assert cnncalc.summarize(file).warnings == ()


def test_the_notation_is_a_backbone():
    assert net({"backbone": "1x9x9-4C3-2C3"}).totals.params == 3 * 9 * 4 + 4 + 4 * 9 * 2 + 2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            {"backbone": {"network": "vgg16", "up_to": "pol5"}},
            "vgg16 has no layer 'pol5'; did you mean 'pool5'",
        ),
        (
            {"backbone": {"network": "lenet5", "up_to": "zzz"}},
            "lenet5 has no layer 'zzz'; it has c1, ",
        ),
        (
            {"backbone": {"network": "vgg16", "upto": "pool5"}},
            "'backbone' has no key 'upto'; did you mean 'up_to'",
        ),
        ({"backbone": {"up_to": "pool5"}}, "'backbone' needs a network"),
        ({"backbone": None}, "'backbone' needs a network"),
        ({"backbone": 16}, "'backbone' must name a spec, not 16"),
        ({"backbone": "vgg61"}, "no file or built-in network 'vgg61'; did you mean 'vgg16'"),
        (
            {"backbone": {"network": "vgg16", "up_to": ["pool5"]}},
            "'up_to' must be text, not a list",
        ),
        (
            {"backbone": {"network": "vgg16", "set": 3}},
            "'set' must map the parameters of vgg16 to values, not 3",
        ),
        (
            {"backbone": {"network": "vgg16", "set": {"depth": 3}}},
            "backbone 'vgg16': VGG-16 has no parameter 'depth'; it has classes, norm",
        ),
        ({"backbone": "resnet18", "join": "add"}, "'join' belongs to branches"),
        ({"backbone": "siamese.yaml"}, "no file 'siamese.yaml'"),
    ],
)
def test_a_wrong_backbone_is_refused(entry, message):
    with pytest.raises(CnncalcError, match="^" + ".*" * (message[:1] != "^") + message):
        net(entry)


def test_a_backbone_is_a_valid_spec_with_one_input(tmp_path):
    file = write(tmp_path, net="input: 3x8x8\nlayers: [{backbone: other.yaml}]\n")
    for other, message in {
        "input: 3x8x8\nlayers: [covn]\n": "'other.yaml' is not a valid spec; run 'cnncalc sum",
        "input: {a: 3x8x8, b: 3x8x8}\nlayers: [{add: {from: [a, b]}}]\n": "has several inputs",
        "- just\n- a list\n": "'other.yaml' is not a spec",
        "input: 3x8x8\nlayers: [{backbone: net.yaml}]\n": "'other.yaml' is not a valid spec",
    }.items():
        write(tmp_path, other=other)
        with pytest.raises(CnncalcError) as caught:
            cnncalc.summarize(file)
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "fact"),
    [
        ("net.cfg", "[net]\nwidth=8\nheight=8\n", "cannot be read as a spec (line 2)"),
        ("net.json", '{"class_name": "Model"}', "has a key that a spec does not have (line 1)"),
        ("net.txt", "Sequential", "is not a spec"),
    ],
)
def test_a_file_of_another_tool_is_written_as_a_spec_first(tmp_path, name, content, fact):
    (tmp_path / name).write_text(content, encoding="utf-8")
    file = write(tmp_path, net=f"extends: {name}\n")
    with pytest.raises(CnncalcError) as caught:
        cnncalc.summarize(file)
    help = "write it as a spec first, with 'cnncalc import'"
    assert str(caught.value).endswith(f"'{name}' {fact}; {help}")


def test_values_that_make_a_backbone_invalid_are_part_of_the_command(tmp_path):
    conv = "{conv: {out_channels: $n, kernel_size: $k}}"
    write(tmp_path, own=f"input: 3x8x8\nparameters: {{n: 8, k: 3}}\nlayers: [{conv}]\n")
    entry = "{backbone: {network: own.yaml, set: {n: 0, k: [3, 3]}}}"
    file = write(tmp_path, net=f"input: 3x8x8\nlayers: [{entry}]\n")
    with pytest.raises(CnncalcError, match=r"summarize own.yaml --set n=0 --set k=\[3,3\]' to see"):
        cnncalc.summarize(file)


def test_a_backbone_ends_with_any_layer_of_its_report(tmp_path):
    conv = "{conv: {out_channels: 4, kernel_size: 3, activation: relu}, name: c}"
    write(tmp_path, inner=f"input: 3x8x8\nlayers: [{conv}, flatten]\n")
    write(tmp_path, outer="input: 3x8x8\nlayers: [{backbone: inner.yaml, name: b}]\n")
    for network, last, output in (("inner", "c_relu", "4×6×6"), ("outer", "b.c_relu", "4×6×6")):
        entry = f"{{backbone: {{network: {network}.yaml, up_to: {last}}}}}"
        file = write(tmp_path, net=f"input: 3x8x8\nlayers: [{entry}]\n")
        assert str(cnncalc.summarize(file).output_shape) == output
    file = write(tmp_path, net=file.read_text().replace("b.c_relu", "input"))
    with pytest.raises(CnncalcError, match="has no layer 'input'"):
        cnncalc.summarize(file)


def test_no_backbone_contains_itself(tmp_path):
    file = write(tmp_path, net="input: 3x8x8\nlayers: [{backbone: net.yaml}]\n")
    with pytest.raises(CnncalcError, match="eventually uses itself"):
        cnncalc.summarize(file)


def test_backbones_lie_in_the_folder_of_the_spec(tmp_path):
    (tmp_path / "in").mkdir()
    file = write(tmp_path / "in", net="input: 3x8x8\nlayers: [{backbone: ../out.yaml}]\n")
    write(tmp_path, out="input: 3x8x8\nlayers: [relu]\n")
    with pytest.raises(CnncalcError, match="is outside the spec's folder"):
        cnncalc.summarize(file)
    assert len(cnncalc.summarize(file, extends_anywhere=True)) == 1


def test_backbones_are_limited(tmp_path):
    layers = [{"backbone": f"n{i}.yaml"} for i in range(MAX_BASES + 1)]
    write(tmp_path, **{f"n{i}": "input: 3x8x8\nlayers: [relu]\n" for i in range(MAX_BASES + 1)})
    file = write(tmp_path, net=f"input: 3x8x8\nlayers: {layers}\n")
    with pytest.raises(CnncalcError, match=f"the spec uses more than {MAX_BASES} backbones"):
        cnncalc.summarize(file)


@pytest.mark.parametrize(
    "using",
    ["extends: {}.yaml\n", "input: 3x8x8\nlayers: [{{backbone: {}.yaml}}]\n"],
    ids=["extends", "backbone"],
)
def test_the_values_of_all_bases_together_are_limited(tmp_path, monkeypatch, using):
    monkeypatch.setattr(text, "MAX_VALUES", 200)
    blocks = f"blocks: {{{', '.join(f'b{n}: {{layers: [relu]}}' for n in range(15))}}}\n"
    files = {f"n{n}": using.format(f"n{n + 1}") + blocks for n in range(4)}
    files["n4"] = f"input: 3x8x8\nlayers: [relu]\n{blocks}"
    file = write(tmp_path, net=using.format("n3"), **files)
    assert len(cnncalc.summarize(file)) == 1
    write(tmp_path, net=using.format("n0"))
    why = "builds on have more than 200 values|backbone 'n0.yaml' is not a valid spec"
    with pytest.raises(CnncalcError, match=why):
        cnncalc.summarize(file)


def test_backbones_that_multiply_stop_at_a_limit(tmp_path):
    files = {
        f"n{i}": f"input: 3x8x8\nlayers: [{{backbone: n{i + 1}.yaml, repeat: 99}}]\n"
        for i in range(3)
    }
    file = write(tmp_path, net=files["n0"], **files, n3="input: 3x8x8\nlayers: [relu]\n")
    with pytest.raises(CnncalcError, match="is not a valid spec"):
        cnncalc.summarize(file)


# Replaced layers.


def test_the_head_of_a_network_is_replaced():
    found = cnncalc.summarize({"extends": "resnet18", "replace": {"fc": {"linear": 10}}})
    assert found.totals.params == RESNET18 - 513 * 990
    assert found["fc"].output == (10,)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("replace", "params"),
    [
        ({"fc": "identity"}, RESNET18 - 513 * 1000),
        ({"fc": ["dropout", {"linear": 10}]}, RESNET18 - 513 * 990),
        (
            {"fc": [{"linear": 20, "name": "a"}, "relu", {"linear": 3, "from": "a"}]},
            RESNET18 - 513 * 980 + 63,
        ),
        ({"layer1.0.conv1": {"conv": {"filters": 64, "kernel": 1}}}, RESNET18 - 8 * 64 * 64 + 64),
        ({"layer1.1": "identity"}, RESNET18 - 2 * (64 * 64 * 9 + 128)),
        ({"layer1": "relu"}, RESNET18 - 4 * (64 * 64 * 9 + 128)),
        (
            {"conv1": {"conv": {"filters": "$width", "kernel": 7, "stride": 2, "padding": 3}}},
            RESNET18 + 64,
        ),
    ],
)
def test_layers_and_blocks_are_replaced_by_name(replace, params):
    spec = {"extends": "resnet18", "replace": replace, "parameters": {"width": 64}}
    assert cnncalc.summarize(spec).totals.params == params


def test_replacements_are_inherited_and_may_be_replaced_again(tmp_path):
    file = write(
        tmp_path,
        base="extends: lenet5\nreplace: {c1: {conv: {K: 2, F: 5}}, output: {linear: 3}}\n",
        net="extends: base.yaml\nreplace: {output: {linear: 7}}\n",
    )
    found = cnncalc.summarize(file)
    assert found["c1"].cost.params == 2 * 25 + 2
    assert found["output"].cost.params == 84 * 7 + 7
    file.write_text("extends: base.yaml\nlayers: [relu]\n")
    assert len(cnncalc.summarize(file)) == 1


def test_several_replaced_layers_keep_their_own_fields(tmp_path):
    many = range(1, 30)
    old = "".join(f"  - conv: {{filters: 2, kernel: 1}}\n    name: c{n}\n" for n in many)
    new = "".join(f"  c{n}: {{conv: {{filters: {n}, kernel: 1}}}}\n" for n in many)
    write(tmp_path, base=f"input: 3x8x8\nlayers:\n{old}")
    found = cnncalc.summarize(write(tmp_path, net=f"extends: base.yaml\nreplace:\n{new}"))
    assert [found[f"c{n}"].output[0] for n in many] == [*many]
    assert found["c29"].cost.params == 28 * 29 + 29


BASE = """
input: 3x8x8
blocks: {b: {takes: [n], layers: [{conv: {filters: $n, kernel: 3, padding: 1}}, relu]}}
layers:
  - {b: 8, name: stack, repeat: 3, trainable: false}
  - {conv: {filters: 8, kernel: 1}, name: owner}
  - {conv: {filters: 8, kernel: 1}, name: user, weights: owner}
"""
FIVE = "{conv: {filters: 8, kernel: 5, padding: 2}"


@pytest.mark.parametrize(
    ("replace", "params", "frozen"),
    [
        # the base: 3·9·8 + 8 = 224, twice 8·9·8 + 8 = 584, and 8·8 + 8 = 72 once
        ("{owner: {conv: {filters: 8, kernel: 1}}}", 224 + 2 * 584 + 72, 224 + 2 * 584),
        # 3·25·8 + 8 = 608 and twice 8·25·8 + 8 = 1,608
        (f"{{stack: {FIVE}}}}}", 608 + 2 * 1608 + 72, 608 + 2 * 1608),
        (f"{{stack: {FIVE}, trainable: true}}}}", 608 + 2 * 1608 + 72, 0),
        (f"{{stack: [{FIVE}}}]}}", 608 + 72, 608),
        (f"{{stack: [{FIVE}, trainable: true}}]}}", 608 + 72, 0),
        (f"{{stack.1: {FIVE}}}}}", 224 + 1608 + 584 + 72, 224 + 1608 + 584),
        (f"{{stack: relu, stack.2: {FIVE}}}}}", 608 + 72, 608),
        ("{user: {conv: {filters: 8, kernel: 1}}}", 224 + 2 * 584 + 72, 224 + 2 * 584),
        ("{user: [{conv: {filters: 9, kernel: 1}}]}", 224 + 2 * 584 + 72 + 81, 224 + 2 * 584),
        ("{owner: {linear: 5}, user: [{linear: 2}]}", 224 + 2 * 584 + 513 * 5 + 12, 224 + 2 * 584),
    ],
)
def test_a_replaced_layer_stays_repeated_frozen_and_shared(tmp_path, replace, params, frozen):
    write(tmp_path, base=BASE)
    totals = cnncalc.summarize(
        write(tmp_path, net=f"extends: base.yaml\nreplace: {replace}\n")
    ).totals
    assert (totals.params, totals.params - totals.trainable) == (params, frozen)


def test_a_replacement_that_cannot_share_says_how_not_to(tmp_path):
    write(tmp_path, base=BASE)
    file = write(
        tmp_path, net="extends: base.yaml\nreplace: {user: {conv: {filters: 9, kernel: 1}}}\n"
    )
    with pytest.raises(CnncalcError, match="write a replacement as a list"):
        cnncalc.summarize(file)


def test_two_equally_wrong_replacements_are_both_reported(tmp_path):
    write(
        tmp_path,
        base="input: 3x8x8\nlayers:\n"
        + "".join(f"  - relu: {{}}\n    name: r{n}\n" for n in range(9)),
    )
    new = "".join(f"  r{n}: {{conv: {{filters: 2, kernal: 1}}}}\n" for n in range(9))
    file = write(tmp_path, net=f"extends: base.yaml\nreplace:\n{new}")
    with pytest.raises(CnncalcError) as found:
        cnncalc.summarize(file)
    assert str(found.value).count("'kernal'") == 9


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"replace": {"fcc": "relu"}, "extends": "resnet18"},
            "'replace': the network has no layer 'fcc'; did you mean 'fc'",
        ),
        (
            {"replace": {"zzzzz": "relu"}, "extends": "lenet5"},
            "the network has no layer 'zzzzz'; it has c1,",
        ),
        (
            {"replace": ["fc"], "extends": "resnet18"},
            "'replace' must be a mapping from names to layers, not a list",
        ),
        (
            {"replace": {"fc": "relu"}, "input": "9", "layers": ["relu"]},
            "'replace' needs 'extends'",
        ),
        (
            {"replace": {"fc": {"linear": 10, "name": "head"}}, "extends": "resnet18"},
            "replacing 'fc' cannot change 'name'",
        ),
        ({"replace": {"fc": {"linaer": 10}}, "extends": "resnet18"}, "no layer kind 'linaer'"),
        ({"replace": {"fc": {}}, "extends": "resnet18"}, "a layer needs a kind"),
    ],
)
def test_a_wrong_replacement_is_refused(spec, message):
    with pytest.raises(CnncalcError, match=message):
        cnncalc.summarize(spec)


# Layers that replace all.


def test_layers_that_replace_all_others_get_a_remark(tmp_path):
    file = write(tmp_path, net="extends: vgg16\nlayers:\n  - gap\n  - linear: 1\n")
    assert cnncalc.summarize(file).warnings == (
        f"{file}:2:1: these layers replace all of 'vgg16'; to keep some, start with 'backbone: "
        "{network: vgg16, up_to: LAYER}', or replace single ones with 'replace'",
    )


def test_a_base_without_layers_has_none_to_keep(tmp_path):
    file = write(
        tmp_path,
        base="parameters: {n: 3}\n",
        net="extends: base.yaml\ninput: 9\nlayers: [{linear: $n}]\n",
    )
    assert cnncalc.summarize(file).warnings == ()


def test_a_frozen_backbone_trains_only_its_head():
    cut = {"backbone": {"network": "vgg16", "up_to": "pool5"}, "trainable": False}
    totals = net(cut, "gap", {"linear": 1}).totals
    assert (totals.trainable, totals.params) == (513, 14_715_201)


def test_shared_weights_of_a_backbone_stay_shared(tmp_path):
    siamese = """
input: 1x8x8
layers:
  - {conv: {filters: 2, kernel: 3}, name: first, trainable: false}
  - {conv: {filters: 2, kernel: 3}, name: a, from: input}
  - {conv: {filters: 2, kernel: 3}, name: b, from: input, weights: a}
  - {add: , from: [a, b]}
"""
    write(tmp_path, siamese=siamese)
    file = write(tmp_path, net="input: 1x9x9\nlayers: [{backbone: siamese.yaml}, relu]\n")
    assert cnncalc.summarize(file).totals.params == 20
    file = write(
        tmp_path, net="input: 1x9x9\nlayers: [{backbone: {network: siamese.yaml, up_to: b}}]\n"
    )
    assert cnncalc.summarize(file).totals.params == 20


def test_layers_that_replace_all_others_have_their_own_outputs(tmp_path):
    write(tmp_path, base="input: 9\nlayers: [{linear: 3, name: a}, relu]\noutputs: [a]\n")
    file = write(tmp_path, net="extends: base.yaml\nlayers: [{linear: 2}]\n")
    assert cnncalc.summarize(file).totals.params == 9 * 2 + 2


def test_a_backbone_is_refused_where_no_file_can_be_read():
    tree = {"input": "3x8x8", "layers": [{"backbone": "vgg16"}]}
    [mistake] = document.parse(text.located(tree, Where(""))).mistakes
    assert mistake.sentence == "no backbone can be read here"


def test_later_layers_read_the_blocks_of_a_backbone():
    spec = {
        "input": "3x64x64",
        "layers": [
            {"backbone": {"network": "resnet18", "up_to": "layer4"}, "name": "b"},
            {"conv": {"filters": 8, "kernel": 1}, "from": "b.layer2", "name": "low"},
            {"conv": {"filters": 8, "kernel": 1}, "from": "b.layer4.1", "name": "high"},
            {"upsample": {"like": "low"}, "name": "up"},
            {"add": None, "from": ["low", "up"]},
        ],
        "outputs": ["add1", "b.layer3"],
    }
    report = cnncalc.summarize(spec)
    assert report["low"].inputs == ((128, 8, 8),)
    assert report["high"].inputs == ((512, 2, 2),)
    assert [row.output for row in report.outputs] == [(8, 8, 8), (256, 4, 4)]
    spec["layers"][0]["backbone"]["up_to"] = "layer3"
    with pytest.raises(Mistakes, match=r"'from: b\.layer4\.1' does not name a layer"):
        cnncalc.summarize(spec)


def test_an_empty_replacement_is_reported_once():
    with pytest.raises(Mistakes) as refused:
        cnncalc.summarize({"extends": "resnet18", "replace": {"fc": None}})
    assert len(refused.value.errors) == 1
    assert "expected a layer, such as 'relu'" in str(refused.value)
