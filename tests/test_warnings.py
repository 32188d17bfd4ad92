"""Warnings: valid specs that are probably not what the author meant."""

import json

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.analysis import warnings as analysis
from cnncalc.analysis.warnings import MAX_WARNINGS
from cnncalc.spec import catalog

UNREAD = "read it with 'from', or name it under 'outputs'"


def conv(name, source=None, **fields):
    entry = {"conv": {"filters": 4, "kernel": 1, **fields}, "name": name}
    return entry if source is None else {**entry, "from": source}


def warnings(*layers, input="3x16x16", **more):
    return cnncalc.summarize({"input": input, "layers": list(layers), **more}).warnings


def unread(name):
    return f"no layer reads the output of {name!r}; {UNREAD}"


# Inputs without their channels.


def test_an_input_without_its_channels_is_explained():
    file = {"input": "3x32x32", "layers": [conv("a")]}
    assert cnncalc.summarize(file, input="32x32").warnings == (
        "32×32 is read as 32 channels of length 32, but the spec's input is 3×32×32; write the "
        "channels too, as in 3x32x32",
    )
    assert (
        cnncalc.summarize(file, input="1x3")
        .warnings[0]
        .startswith("1×3 is read as 1 channel of length 3, but")
    )
    volumes = {"input": "2x8x8x8", "layers": [conv("a")]}
    (found,) = cnncalc.summarize(volumes, input="8x9x9").warnings
    assert found.startswith("8×9×9 is read as 8 channels of 9×9 pixels, but the spec's input is 2×")


def test_a_square_in_the_notation_is_probably_an_image():
    assert cnncalc.summarize("28x28-32C5").warnings == (
        "28x28 is read as 28 channels of length 28; for an image with one channel, write 1x28x28",
    )
    assert cnncalc.summarize("12x100-32C5").warnings == ()
    assert cnncalc.summarize("28x28-32C5", input="28x30").warnings == ()


# Unread outputs.


def test_a_chain_has_no_warnings():
    assert warnings(conv("a"), "relu", {"max_pool": 2}, {"linear": 10}) == ()


def test_branches_that_are_all_joined_have_no_warnings():
    ways = {"a": [conv("x")], "b": [conv("y"), "relu"], "c": [conv("z")]}
    assert warnings({"branches": ways, "join": "concat"}) == ()


@pytest.mark.parametrize("forgotten", ["a", "b", "c"])
def test_a_branch_that_is_left_out_of_the_join_is_unread(forgotten):
    joined = [name for name in "abc" if name != forgotten]
    found = warnings(*(conv(name, "input") for name in "abc"), {"concat": {"from": joined}})
    assert found == (unread(forgotten),)


def test_the_last_layer_of_an_unread_branch_is_named():
    side = [conv("p", "stem"), {"relu": None, "name": "q"}, {"tanh": None, "name": "r"}]
    assert warnings(conv("stem"), *side, conv("main", "stem"), "relu") == (unread("r"),)


def test_an_unread_layer_of_a_repeated_block_is_named_once(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(
        "input: 3x8x8\n"
        "blocks:\n"
        "  unit:\n"
        "    layers:\n"
        "      - conv: {filters: 4, kernel: 1}\n"
        "      - {conv: {filters: 4, kernel: 1}, from: input}\n"
        "layers: [{unit: , repeat: 3}]\n"
    )
    assert cnncalc.summarize(file).warnings == (f"{file}:5:9: {unread('unit1.0.conv1')}",)


@pytest.mark.parametrize("name", ["out", "output_2", "Head", "heads-age", "aux1", "AuxLogits"])
def test_a_layer_or_block_called_an_output_is_one(name):
    block = {"takes": [], "layers": [conv("x"), "relu"]}
    assert warnings(conv("a"), conv(name, "a"), conv("b", "a")) == ()
    assert (
        warnings(conv("a"), {"net": None, "name": name}, conv("b", "a"), blocks={"net": block})
        == ()
    )


@pytest.mark.parametrize("name", ["age", "about", "overhead", "taux"])
def test_other_names_are_not_outputs(name):
    assert warnings(conv("a"), conv(name, "a"), conv("b", "a")) == (unread(name),)


@pytest.mark.parametrize("name", ["left", "out"])
def test_an_unread_input_is_named(name):
    inputs = {name: "3x8x8", "right": "3x8x8"}
    assert warnings(conv("a", "right"), input=inputs) == (f"no layer reads the input {name!r}",)


@pytest.mark.parametrize("more", [0, 1, 5])
def test_very_many_warnings_are_counted(more):
    layers = [conv(f"c{i}", "input") for i in range(MAX_WARNINGS + more)]
    found = warnings(*layers, conv("end", "input"))
    assert found[:MAX_WARNINGS] == tuple(unread(f"c{i}") for i in range(MAX_WARNINGS))
    assert found[MAX_WARNINGS:] == ((f"{more} more warning{'s' * (more > 1)}",) if more else ())


# Blocks named like a kind.


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("conv", "conv"), ("Conv2d", "conv"), ("convolution", "conv"), ("max-pool", "max_pool"),
        ("BatchNorm", "batch_norm"), ("fc", "linear"), ("dense", "linear"),
    ],
)  # fmt: skip
def test_a_block_that_hides_a_kind_is_reported_where_it_is_used(name, kind):
    blocks = {name: {"takes": [], "layers": ["relu"]}}
    fact = f"the block {name!r} hides the layer kind {kind!r}"
    assert warnings(name, name, blocks=blocks) == (f"{fact}; give the block another name",)
    assert warnings("tanh", blocks=blocks) == ()


@pytest.mark.parametrize("name", ["unit", "conv_bn", "bottleneck", "inception", "conv5d"])
def test_a_block_of_another_name_hides_nothing(name):
    assert warnings(name, blocks={name: {"takes": [], "layers": ["relu"]}}) == ()


# Pixels that are never read.


@pytest.mark.parametrize(
    ("kind", "fields", "size", "drops"),
    [
        ("conv", {"kernel": 3, "stride": 2}, 8, True),  # 5/2 leaves 1 pixel over
        ("conv", {"kernel": 3, "stride": 2}, 9, False),  # 6/2
        ("conv", {"kernel": 3, "stride": 2, "padding": 1}, 8, False),  # 7/2 leaves 1 zero over
        ("conv", {"kernel": 2, "stride": 4}, 8, False),  # skips pixels everywhere
        ("conv", {"kernel": 5, "stride": 3, "padding": 1}, 10, False),  # 7/3 leaves 1 zero over
        ("conv", {"kernel": 5, "stride": 3, "padding": 1}, 11, True),  # 8/3: 1 zero and 1 pixel
        ("conv", {"kernel": 3, "stride": 2, "padding": "same"}, 8, False),
        ("max_pool", {"kernel": 2}, 7, True),
        ("max_pool", {"kernel": 2}, 6, False),
        ("max_pool", {"kernel": 2, "ceil_mode": True}, 7, False),
        ("avg_pool", {"kernel": [2, 3]}, 8, True),  # 8 = 4·2, but 8 = 2·3 + 2
    ],
)  # fmt: skip
def test_a_strided_layer_that_drops_pixels_is_named(kind, fields, size, drops):
    fields = {**fields, "filters": 2} if kind == "conv" else fields
    found = warnings({kind: fields, "name": "a"}, input=[3, size, size])
    text = "1 layer never reads the last pixels of its input: a; see 'cnncalc check-stride'"
    assert found == ((text,) if drops else ())


@pytest.mark.parametrize(
    ("size", "count", "shown"),
    [
        (15, 3, "p0, p1, p2"),  # 15, 7, 3, 1
        (31, 4, "p0, p1, p2, …"),
        (28, 1, "p2"),  # 28, 14, 7, 3
    ],
)
def test_one_warning_names_all_layers_that_drop_pixels(size, count, shown):
    pools = [{"max_pool": 2, "name": f"p{i}"} for i in range(max(count, 3))]
    who = f"{count} layers never read" if count > 1 else "1 layer never reads"
    whose = "their" if count > 1 else "its"
    text = f"{who} the last pixels of {whose} input: {shown}; see 'cnncalc check-stride'"
    assert warnings(*pools, input=[3, size, size]) == (text,)


# Built-ins.


def variants():
    for name in catalog.names():
        yield name, {}
        if "aux" in cnncalc.load(name).parameters:
            yield name, {"aux": True}


def test_no_built_in_has_an_unread_layer():
    for name, settings in variants():
        graph = cnncalc.build(cnncalc.load(name), settings)
        assert [*analysis.unread(graph.nodes)] == [], name


@pytest.mark.parametrize("name", ["autoencoder_fc", "mobilenet_v1", "squeezenet1_0"])
def test_a_built_in_has_no_warnings_where_its_copy_has_some(name):
    assert cnncalc.summarize(name).warnings == ()
    spec = cnncalc.load(name)
    blocks = {
        key: block._replace(where=block.where._replace(source="copy.yaml"))
        for key, block in spec.blocks.items()
    }
    copy = spec._replace(where=spec.where._replace(source="copy.yaml"), blocks=blocks)
    assert len(cnncalc.analyze(cnncalc.build(copy)).warnings) == 1


def test_extending_a_built_in_adds_no_warnings():
    assert cnncalc.summarize({"extends": "autoencoder_fc", "note": "mine"}).warnings == ()


# Where they are shown.


def test_warnings_go_to_standard_error_and_into_json(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(
        "input: 3x9x9\n"
        "layers:\n"
        "  - {conv: {filters: 4, kernel: 3}, name: a}\n"
        "  - {relu: , name: b, from: input}\n"
        "  - max_pool: 2\n"
    )
    expected = [
        f"{file}:3:6: {unread('a')}",
        "1 layer never reads the last pixels of its input: max_pool1; see 'cnncalc check-stride'",
    ]
    for options in ([], ["-f", "json"]):
        result = CliRunner().invoke(cli.app, ["summarize", str(file), *options])
        assert result.exit_code == 0
        assert result.stderr.splitlines() == [f"warning: {text}" for text in expected]
    assert json.loads(result.stdout)["warnings"] == expected
    assert CliRunner().invoke(cli.app, ["summarize", "lenet5"]).stderr == ""


# Every command that reads a network.

SPEC = """\
input: 3x8x8
layers:
  - {conv: {filters: 4, kernel: 1}, name: side}
  - {conv: {filters: 4, kernel: 2}, from: input}
"""
COMMANDS = {
    "summarize": [], "explain": ["side"], "memory": [], "reconcile": ["1"], "check-stride": [],
    "quiz": ["--count", "1", "--topics", "params", "--seed", "1"],
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_reads_a_network_warns(tmp_path, command):
    (tmp_path / "net.yaml").write_text(SPEC)
    net = str(tmp_path / "net.yaml")
    found = CliRunner().invoke(cli.app, [command, net, *COMMANDS[command]])
    assert found.stderr == f"warning: {net}:3:6: {unread('side')}\n"
    assert "warning" not in found.stdout


@pytest.mark.parametrize("command", ["memory", "reconcile"])
def test_json_has_the_warnings(tmp_path, command):
    (tmp_path / "net.yaml").write_text(SPEC)
    words = [command, str(tmp_path / "net.yaml"), *COMMANDS[command], "--format", "json"]
    found = json.loads(CliRunner().invoke(cli.app, words).stdout)
    assert found["warnings"] == [f"{tmp_path / 'net.yaml'}:3:6: {unread('side')}"]


@pytest.mark.parametrize("command", ["verify", "export"])
def test_commands_that_run_pytorch_warn_too(tmp_path, command):
    pytest.importorskip("torch")
    (tmp_path / "net.yaml").write_text(SPEC)
    net = str(tmp_path / "net.yaml")
    found = CliRunner().invoke(cli.app, [command, net])
    assert f"warning: {net}:3:6: {unread('side')}\n" in found.stderr
    assert found.exit_code == 0


def test_grading_warns_about_the_network_of_a_sheet(tmp_path):
    (tmp_path / "net.yaml").write_text(SPEC)
    sheet = tmp_path / "ada.yaml"
    net = tmp_path / "net.yaml"
    sheet.write_text(f"architecture: {net}\nanswers: {{side: {{params: 16}}}}\n")
    found = CliRunner().invoke(cli.app, ["grade", str(sheet)])
    assert found.stderr == f"warning: {net}:3:6: {unread('side')}\n"
    words = ["grade", str(sheet), str(sheet.rename(tmp_path / "bob.yaml")), "--format", "json"]
    sheet.write_text((tmp_path / "bob.yaml").read_text())
    assert json.loads(CliRunner().invoke(cli.app, words).stdout)["warnings"] == [
        f"{net}:3:6: {unread('side')}"
    ]


def test_check_stride_does_not_point_to_itself(tmp_path):
    net = tmp_path / "net.yaml"
    net.write_text("input: 1x8x8\nlayers: [{conv: {filters: 4, kernel: 3, stride: 2}}]\n")
    assert "see 'cnncalc check-stride'" in CliRunner().invoke(cli.app, ["memory", str(net)]).stderr
    assert CliRunner().invoke(cli.app, ["check-stride", str(net)]).stderr == ""


# Fields that change nothing.


@pytest.mark.parametrize("padding", ["same", "SAME", "same_lower"])
@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
def test_rounding_up_beside_same_padding_changes_nothing_and_says_so(kind, padding):
    fields = {"kernel_size": 3, "stride": 2, "padding": padding}
    (warning,) = warnings({kind: {**fields, "ceil_mode": True}}, input="3x15x15")
    assert warning == (
        f"layer '{kind}1': ceil_mode changes nothing with padding {padding.lower()}, which "
        "already rounds up to ⌈N/S⌉"
    )
    assert warnings({kind: fields}, input="3x15x15") == ()


def test_rounding_up_beside_other_padding_needs_no_remark():
    assert warnings({"max_pool": {"F": 3, "S": 2, "P": 1, "ceil_mode": True}}) == ()


def test_one_layer_alone_says_what_its_fields_mean_together():
    words = ["layer", "max_pool", "3x15x15", "-k", "3", "-p", "same", "--ceil-mode"]
    found = CliRunner().invoke(cli.app, words)
    assert found.stderr.startswith("warning: ceil_mode changes nothing with padding same")


def test_the_input_that_differs_is_named():
    conv = {"conv": {"filters": 2, "kernel": 3}}
    spec = {
        "input": {"left": "3x8x8", "right": "1x8x8"},
        "layers": [
            {**conv, "name": "a", "from": "left"},
            {**conv, "name": "b", "from": "right"},
            {"concat": None, "from": ["a", "b"]},
        ],
    }
    (said,) = cnncalc.summarize(spec, input={"right": (4, 8, 8)}).warnings
    assert said.startswith("the input 'right' has 4 channels instead of 1: b then has 72 weights")
    spec["layers"][2] = {"linear": 5, "from": "a"}
    said = cnncalc.summarize(spec, input={"right": (8, 8)}).warnings[0]
    assert "but the spec's input 'right' is 1×8×8; write the channels too" in said


def test_other_channels_of_one_of_two_inputs_are_explained():
    conv = {"conv": {"filters": 2, "kernel": 1}}
    spec = {
        "input": {"a": "3x8x8", "b": "3x8x8"},
        "layers": [
            {**conv, "name": "other", "from": "b"},
            {**conv, "name": "own", "from": "a"},
            {"add": None, "from": ["own", "other"]},
        ],
    }
    report = cnncalc.summarize(spec, input={"a": (1, 8, 8), "b": (3, 8, 8)})
    assert [text for text in report.warnings if "own then has 2 weights" in text]


def test_a_parameter_that_nothing_uses_is_probably_misspelt(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("extends: vgg16\nparameters: {clases: 10, a: 1, classes: 5}\n")
    assert cnncalc.summarize(file).warnings == (
        f"{file}:2:14: nothing uses the parameter 'clases'; did you mean 'classes'?",
        f"{file}:2:26: nothing uses the parameter 'a'; use it as $a, or remove it",
    )


USES = {
    "a field": {"layers": [{"linear": "$a"}]},
    "an expression": {"layers": [{"linear": "${2 * a}"}]},
    "a list": {"layers": [{"reshape": ["$a", -1]}]},
    "an input": {"input": "$a", "layers": ["relu"]},
    "a condition that is false": {"layers": ["relu", {"relu": None, "when": "${a < 0}"}]},
    "a repeat": {"layers": [{"relu": None, "repeat": "$a"}]},
    "a parameter": {"parameters": {"a": 2, "b": "$a"}, "layers": [{"linear": "$b"}]},
    "a default": {"blocks": {"u": {"takes": {"f": "$a"}, "layers": [{"linear": "$f"}]}},
                  "layers": ["u"]},
    "a block": {"blocks": {"u": {"layers": [{"linear": "$a"}]}}, "layers": ["u"]},
    "a branch": {"layers": [{"branches": [[{"linear": "$a"}], []], "join": "concat"}]},
    "a backbone": {"input": "3x32x32", "layers": [
        {"backbone": {"network": "vgg16", "set": {"classes": "$a"}}, "name": "b"}]},
}  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_a_parameter_that_something_uses_gets_no_warning(use):
    spec = {"input": 8, "parameters": {"a": 2}, **USES[use]}
    given = cnncalc.summarize(spec).warnings
    assert not [one for one in given if "nothing uses" in one]
