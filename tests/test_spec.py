"""The spec language: YAML, expressions, parameters, blocks, extends, and the one-line notation."""

import io
from fractions import Fraction

import pytest
import yaml

import cnncalc
from cnncalc.core.errors import CnncalcError, LayerError
from cnncalc.spec.expression import calculate
from cnncalc.spec.inputs import sizes_by_name

# Expected values are computed by hand next to each example, never by running the program.


@pytest.fixture
def write(tmp_path):
    """Write a text to a new file; returns its path."""

    def file_of(text, name="net.yaml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text, encoding="utf-8")
        return file

    return file_of


@pytest.fixture
def net(write):
    """Write a text to a new file, and summarize it."""

    def summarize(text, name="net.yaml", **options):
        return cnncalc.summarize(write(text, name), **options)

    return summarize


def outputs(report):
    return {row.name: str(row.output) for row in report}


# Layers.


def test_the_first_example_gives_its_figures(net):
    report = net("""
name: LeNet-5
source: LeCun et al. 1998
input: 1x32x32
layers:
  - conv: {out_channels: 6, kernel_size: 5}
    name: c1
  - tanh
  - avg_pool: 2
  - linear: 120
""")
    assert (report.name, report.source) == ("LeNet-5", "LeCun et al. 1998")
    assert outputs(report) == {
        "c1": "6×28×28",  # 32 - 5 + 1
        "tanh1": "6×28×28",
        "avg_pool1": "6×14×14",
        "flatten": "1176",  # 6·14·14
        "linear1": "120",
    }
    assert report["c1"].cost.params == 156  # 6·25 + 6
    assert report["linear1"].cost.params == 141_240  # 1176·120 + 120


@pytest.mark.parametrize(
    "layer",
    [
        "{conv: {out_channels: 10, kernel_size: 5, stride: 2, padding: 2}}",
        "{conv: {filters: 10, kernel: 5, stride: 2, pad: 2}}",
        "{conv: {K: 10, F: 5, S: 2, P: 2}}",
        "{Conv2d: {out_channels: 10, kernel_size: [5, 5], stride: [2, 2], padding: [2, 2]}}",
        "{convolution: {filters: 10, kernel: 5, stride: 2, "
        "padding: {left: 2, right: 2, top: 2, bottom: 2}}}",
        "{Conv: {filters: 10, kernel: 5, stride: 2, padding: [[2, 2], [2, 2]]}}",
        "{conv: {filters: 10, kernel: 5, stride: 2, padding: 2, groups: 1, bias: true}}",
    ],
)
def test_one_layer_has_many_spellings(net, layer):
    row = next(iter(net(f"input: 3x32x32\nlayers:\n  - {layer}\n")))
    assert row.kind == "conv"
    assert str(row.output) == "10×16×16"  # floor((32 - 5 + 4)/2) + 1 = 15 + 1
    assert row.cost.params == 760  # 10·(3·25 + 1)


@pytest.mark.parametrize(
    ("written", "kind"),
    [("linear: 10", "linear"), ("fc: 10", "linear"), ("Dense: 10", "linear"),
     ("max_pool: 2", "max_pool"), ("MaxPool2d: 2", "max_pool"), ("dropout: 0.5", "dropout"),
     ("relu:", "relu"), ("ReLU", "relu"), ("BatchNorm2d: {}", "batch_norm")],
)  # fmt: skip
def test_the_main_argument_can_be_given_alone(net, written, kind):
    report = net(f"input: 3x8x8\nlayers:\n  - {written}\n")
    assert [row.kind for row in report if not row.implied] == [kind]


@pytest.mark.parametrize(
    ("shape", "kind", "output"),
    [
        ("16x15", "Conv1d", "8×13"),
        ("16x15x14", "Conv2d", "8×13×12"),
        ("16x15x14x13", "Conv3d", "8×13×12×11"),
        ("16x15x14x13", "conv", "8×13×12×11"),
    ],
)
def test_a_name_with_a_rank_takes_maps_of_that_rank(net, shape, kind, output):
    report = net(f"input: {shape}\nlayers:\n  - {kind}: {{out_channels: 8, kernel_size: 3}}\n")
    assert str(report.output_shape) == output
    with pytest.raises(CnncalcError, match=r"is for [23] spatial axes, but"):
        net(f"input: {shape}\nlayers:\n  - {'MaxPool2d' if kind != 'Conv2d' else 'MaxPool3d'}: 2\n")


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ("3x24x32", "3×24×32"),
        ("3×24×32", "3×24×32"),
        ("[3, 24, 32]", "3×24×32"),
        ("3 x 24 x 32", "3×24×32"),
        ("'[3, 24, 32]'", "3×24×32"),
        ("16x15", "16×15"),
        ("1x8x9x10", "1×8×9×10"),
        ("784", "784"),
        ("[784]", "784"),
        ("{image: 3x24x32}", "3×24×32"),
    ],
)
def test_an_input_is_a_vector_a_signal_an_image_or_a_volume(net, written, shape):
    report = net(f"input: {written}\nlayers: [relu]\n")
    assert str(report.output_shape) == str(report.input_shape) == shape


def test_a_volume_is_convolved(net):
    report = net("input: 1x8x8x8\nlayers:\n  - conv: {out_channels: 2, kernel_size: 3}\n")
    assert str(report.output_shape) == "2×6×6×6"
    assert report.totals.params == 56  # 2·27 + 2
    assert report.totals.macs == 11_664  # 27·2·216


# YAML.


def test_anchors_repeat_values(net):
    report = net("""
input: 3x8x8
layers:
  - conv: &block {out_channels: 4, kernel_size: 3, padding: 1}
  - &act relu
  - conv: *block
  - *act
  - &pool {max_pool: 2}
  - *pool
""")
    assert [row.name for row in report] == [
        "conv1",
        "relu1",
        "conv2",
        "relu2",
        "max_pool1",
        "max_pool2",
    ]
    assert report.totals.params == 260  # 4·27 + 4, and 4·36 + 4
    assert str(report.output_shape) == "4×2×2"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12", 12), ("+12", 12), ("-12", -12), ("012", 12), ("0", 0),
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("-1e-3", -0.001), ("2E2", 200.0),
        ("true", True), ("True", True), ("false", False), ("FALSE", False),
        ("null", None), ("~", None), ("", None),
        ("'12'", "12"), ('"true"', "true"), ("''", ""),
        # Words that YAML 1.1 surprisingly converts are strings.
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("1_000", "1_000"), ("0x10", "0x10"),
        ("0o10", "0o10"), ("1:30", "1:30"), ("2024-01-01", "2024-01-01"), (".inf", ".inf"),
        ("[1, a, [true]]", [1, "a", [True]]), ("{a: 1, b: {c: ~}}", {"a": 1, "b": {"c": None}}),
        ("|\n    a\n    b\n", "a\nb\n"), (">\n    a\n    b\n", "a b\n"),
    ],
)  # fmt: skip
def test_scalars_mean_what_a_reader_expects(net, written, value):
    found = net(f"input: 3\nparameters:\n  x: {written}\nlayers: [relu]\n").settings["x"]
    assert repr(found) == repr(value)  # which tells 1, 1.0 and true apart


def test_text_follows_yaml_s_rules(net):
    text = 'note: "a\\u00e9\\n\\x41"\ninput: 3\nlayers: [relu]\n'
    assert net(text).note == yaml.safe_load(text)["note"]


def test_a_number_may_be_a_name_and_a_text(net):
    report = net("name: 5\nsource: 1998\nnote: true\ninput: 3\nlayers:\n  - {relu: , name: 0}\n")
    assert (report.name, report.source, [row.name for row in report]) == ("5", "1998", ["0"])


def test_blank_optional_keys_are_left_out(net):
    text = "name:\nsource:\nnote:\nvariants:\nparameters:\nblocks:\npublished:\n"
    report = net(f"{text}input: 3\nlayers: [relu]\n", name="tiny.yml")
    assert (report.name, report.source, report.note, report.variants) == ("tiny", "", "", ())


def test_the_name_defaults_to_the_file_name(net):
    assert net("input: 3\nlayers: [relu]\n", name="my-net.yaml").name == "my-net"


def test_claims_are_kept_as_they_are_written(write):
    claim = {"quantity": "params", "value": "138M", "source": "a paper", "set": {"classes": [10]}}
    file = write(yaml.safe_dump({"input": 3, "layers": ["relu"], "published": [claim]}))
    (read,) = cnncalc.load(file).published
    assert (read.quantity, read.value, read.source) == ("params", "138M", "a paper")
    assert read.settings == {"classes": [10]}


def test_variants_and_notes_are_kept(net):
    report = net("input: 3\nnote: one\nvariants: {a: first, b: second}\nlayers: [relu]\n")
    assert report.note == "one"
    assert report.variants == (("a", "first"), ("b", "second"))


# Expressions.

EXPRESSIONS = [
    ("${1 + 2 * 3}", 7),
    ("${(1 + 2) * 3}", 9),
    ("${7 // 2}", 3),
    ("${-7 // 2}", -4),
    ("${-7 % 3}", 2),
    ("${2 - 5}", -3),
    ("${0.1 + 0.2}", 0.3),  # exact, as no float is
    ("${0.5 * 4}", 2),
    ("${0.35 * 100}", 35),
    ("${7 // 0.5}", 14),
    ("${n}", 6),
    ("$n", 6),
    ("${ n * m }", 24),
    ("${half * n}", 3),
    ("${min(3, 1, 2)}", 1),
    ("${max(2, 2.5)}", 2.5),
    ("${max(n, m)}", 6),
    ("${min(7)}", 7),
    ("${3 < 4}", True),
    ("${3 <= 3}", True),
    ("${3 > 4}", False),
    ("${4 >= 5}", False),
    ("${3 == 3.0}", True),
    ("${3 != 3}", False),
    ("${word == 'wide'}", True),
    ("${word != 'wide'}", False),
    ("${flag and n > 5}", True),
    ("${flag and n > 6}", False),
    ("${not flag}", False),
    ("${not flag or n == 6}", True),
    ("${true}", True),
    ("${flag == false}", False),
    ("${1 < 2 or 1 // 0}", True),  # as everywhere, the rest is not evaluated
    ("${1 > 2 and 1 // 0}", False),
    ("${3 if flag else 4}", 3),
    ("${3 if n > m + 2 else n // 2}", 3),
    ("${1 // 0 if n < m else 5}", 5),
    ("${n * flag}", 6),
    ("${n * (not flag)}", 0),
    ("$word", "wide"),
    ("$sizes", [3, 5]),
    ("$nothing", None),
    ("${sizes == sizes}", True),
    # The rule of the MobileNets' channels, worked by hand from its definition.
    ("${round_to(24, 8)}", 24),
    ("${round_to(12, 8)}", 16),  # half way, up
    ("${round_to(19, 8)}", 24),  # 16 is nearer, but less than 90 % of 19
    ("${round_to(17, 8)}", 16),  # 16 is more than 90 % of 17
    ("${round_to(10, 8)}", 16),
    ("${round_to(8.8, 8)}", 8),
    ("${round_to(3, 8)}", 8),
    ("${round_to(0.35 * 32, 8)}", 16),  # 11.2: 8 is less than 10.08
    ("${round_to(1.4 * 320, 8)}", 448),
    ("${round_to(-5, 8)}", 8),
    ("${round_to(7, 1)}", 7),
    ("${2 ** n}", 64),
    ("${2 ** 0}", 1),
    ("${(n // 2) ** 3}", 27),
    ("${4 ** half * 0 + 1 if flag == false else 2 ** -1}", 0.5),
    ("${round_to(20, 2 ** 3)}", 24),  # 20 is half way
    ("${n / m}", 1.5),
    ("${n / 2}", 3),
    ("${ceil(n / m)}", 2),
    ("${ceil(6 / 3)}", 2),
    ("${floor(n / m)}", 1),
    ("${floor(-1 / 2)}", -1),
    ("${ceil(-1 / 2)}", 0),
    ("${ceil(1 / 3 + 2 / 3)}", 1),  # not 2, as with floats
    ("${ceil(0.1 * 3 / 0.3)}", 1),
    ("${abs(m - n)}", 2),
    ("${abs(-half)}", 0.5),
    ("${2 ** 3 ** 2}", 512),
]


@pytest.mark.parametrize(("expression", "value"), EXPRESSIONS)
def test_an_expression_has_its_value(expression, value):
    parameters = {"n": 6, "m": 4, "half": 0.5, "word": "wide", "flag": True, "nothing": None,
                  "sizes": [3, 5], "x": expression}  # fmt: skip
    found = cnncalc.summarize({"input": 3, "parameters": parameters, "layers": ["relu"]}).settings[
        "x"
    ]
    assert repr(found) == repr(value)  # which tells 1, 1.0 and true apart


def test_a_text_without_a_dollar_is_not_an_expression():
    spec = {"input": 3, "parameters": {"n": 2, "x": "n + 1"}, "layers": ["relu"]}
    assert cnncalc.summarize(spec).settings["x"] == "n + 1"


def test_expressions_work_in_every_place(net):
    report = net("""
input: [3, $side, "${2 * side}"]
parameters: {side: 8, width: 4, twice: "${2 * width}", sizes: [1, 3], times: 2, deep: true}
layers:
  - conv: {out_channels: $twice, kernel_size: $sizes, padding: [0, "${3 // 2}"]}
  - {relu: , repeat: $times}
  - {tanh: , when: "${deep and width > 3}"}
  - {sigmoid: , when: "${not deep}"}
  - branches: {a: [relu], b: []}
    join: add
""")
    assert outputs(report) == {
        "conv1": "8×8×16",
        "relu1.0": "8×8×16",
        "relu1.1": "8×8×16",
        "tanh1": "8×8×16",
        "a.relu1": "8×8×16",
        "add1": "8×8×16",
    }
    assert report.totals.params == 80  # 8·(3·3 + 1)


# Parameters and settings.

SIZED = "input: 3\nparameters: {width: 4, twice: '${2 * width}'}\nlayers:\n  - linear: $twice\n"


def test_a_parameter_may_use_earlier_ones(net):
    report = net(SIZED)
    assert report.settings == {"width": 4, "twice": 8}
    assert report.totals.params == 32  # 3·8 + 8


def test_a_setting_replaces_a_parameter_and_what_follows_from_it(net):
    assert net(SIZED, settings={"width": 5}).totals.params == 40  # 3·10 + 10
    assert net(SIZED, settings={"twice": 5}).totals.params == 20
    assert net(SIZED, settings={}).totals.params == 32


def test_a_setting_replaces_a_wrong_default(net):
    text = "input: 3\nparameters: {a: $b}\nlayers:\n  - linear: $a\n"
    assert net(text, settings={"a": 2}).totals.params == 8


@pytest.mark.parametrize(
    ("name", "hint"),
    [("widht", "; did you mean 'width'?"), ("zzz", "; it has width, twice")],
)
def test_an_unknown_setting_lists_the_known_ones(net, name, hint):
    with pytest.raises(CnncalcError) as refused:
        net(SIZED, settings={name: 1})
    assert str(refused.value).endswith(f"has no parameter {name!r}{hint}")


def test_a_setting_of_a_spec_without_parameters_is_refused():
    with pytest.raises(CnncalcError, match="3-10N has no parameter 'classes'"):
        cnncalc.summarize("3-10N", settings={"classes": 3})
    plain = {"input": "3x8x8", "layers": ["relu"]}
    with pytest.raises(CnncalcError, match="'classes'; declare it under 'parameters' in the spec"):
        cnncalc.summarize(plain, settings={"classes": 3})


def test_the_sizes_for_a_model_file_are_whole_numbers():
    for wrong in (3.5, None):
        with pytest.raises(CnncalcError, match="a shape must be whole numbers"):
            sizes_by_name({"x": wrong}, None)


def test_a_setting_of_a_file_without_parameters_is_declared_there(tmp_path):
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nlayers: [relu]\n")
    with pytest.raises(CnncalcError, match="'classes'; declare it under 'parameters' in the spec"):
        cnncalc.summarize(tmp_path / "net.yaml", settings={"classes": 3})


def test_a_new_setting_of_a_built_in_is_declared_in_a_copy():
    with pytest.raises(CnncalcError, match="'x'; leave it out, or declare it in a copy that 'cnnc"):
        cnncalc.summarize("lenet5", settings={"x": 3})


def test_a_built_in_s_parameter_is_set():
    # fc8 shrinks from 4096·1000 + 1000 to 4096·10 + 10: 990·4097 = 4,056,030 fewer.
    assert cnncalc.summarize("vgg16", settings={"classes": 10}).totals.params == 134_301_514


# Inputs.


def test_an_input_shape_replaces_the_spec_s(net):
    text = "input: 3x8x8\nlayers:\n  - conv: {out_channels: 2, kernel_size: 3}\n"
    assert str(net(text, input="5x9x7").output_shape) == "2×7×5"
    assert str(net(text, input="9x7x5", layout="hwc").output_shape) == "2×7×5"
    assert str(net(text, input={"input": "5x9x7"}).output_shape) == "2×7×5"


def test_a_named_input_shape_replaces_that_input(net):
    text = "input: {left: 3, right: 4}\nlayers:\n  - {concat: , from: [left, right]}\n"
    assert str(net(text).output_shape) == "7"
    assert str(net(text, input={"right": "10"}).output_shape) == "13"
    with pytest.raises(CnncalcError, match="several inputs; name the shape of each: left, right"):
        net(text, input="10")
    with pytest.raises(CnncalcError, match="no input 'rigth'; did you mean 'right'"):
        net(text, input={"rigth": "10"})


# Blocks.


@pytest.mark.parametrize(
    "use",
    [
        "unit: [8, 2]",
        "unit: {width: 8, stride: 2}",
        "unit: {stride: 2, width: 8}",
        "unit: [8, $two]",
        "unit: ['${4 * two}', 2]",
    ],
)
def test_a_block_s_arguments_by_position_and_by_name(net, use):
    report = net(f"""
input: 3x8x8
parameters: {{two: 2}}
blocks:
  unit:
    takes: [width, {{stride: 1}}]
    layers: [{{conv: {{filters: $width, kernel: 3, stride: $stride, pad: 1}}}}, relu]
layers:
  - {use}
""")
    assert outputs(report) == {"unit1.conv1": "8×4×4", "unit1.relu1": "8×4×4"}  # (8-3+2)//2 + 1


def test_one_argument_can_be_given_alone(net):
    report = net("""
input: 3
parameters: {classes: 7}
blocks:
  head:
    takes: [{width: 5}, {classes: "${classes + 1}"}, {last: "${width + classes}"}]
    layers: [linear: $width, linear: $classes, linear: $last]
layers:
  - {head: , name: plain}
  - {head: 6, name: wider}
  - {head: {classes: 2}, name: fewer}
""")
    assert [row.output.features for row in report] == [5, 8, 13, 6, 8, 14, 5, 2, 7]


def test_takes_can_be_a_name_a_list_or_a_mapping(net):
    for takes, use in [("n", "5"), ("[n]", "[5]"), ("{n: 5}", ""), ("[{n: 4}]", "5")]:
        report = net(
            f"input: 3\nblocks: {{b: {{takes: {takes}, layers: [linear: $n]}}}}\n"
            f"layers: [b: {use}]\n"
        )
        assert str(report.output_shape) == "5"


def test_nested_blocks_pass_their_arguments_on(net):
    report = net("""
input: 3x8x8
blocks:
  unit:
    takes: [width]
    layers: [{conv: {filters: $width, kernel: 1}, name: conv}, relu]
  stage:
    takes: [width, {count: 2}]
    layers: [{unit: "${2 * width}", name: first}, {unit: $width, repeat: $count}]
layers:
  - {stage: 4, name: s}
""")
    assert outputs(report) == {
        "s.first.conv": "8×8×8",
        "s.first.relu1": "8×8×8",
        "s.unit1.0.conv": "4×8×8",
        "s.unit1.0.relu1": "4×8×8",
        "s.unit1.1.conv": "4×8×8",
        "s.unit1.1.relu1": "4×8×8",
    }
    assert report.totals.params == 88  # 8·4, 4·9 and 4·5
    assert report.groups == {"s": "stage", "s.first": "unit", "s.unit1": "unit ×2",
                             "s.unit1.0": "unit", "s.unit1.1": "unit"}  # fmt: skip


def test_a_block_may_replace_a_kind(net):
    text = "input: 3\nblocks: {activation: {layers: [%s]}}\nlayers: [activation]\n"
    assert [row.kind for row in net(text % "relu")] == ["relu"]
    assert [row.kind for row in net(text % "tanh, sigmoid")] == ["tanh", "sigmoid"]


@pytest.mark.parametrize(
    "text",
    [
        "parameters: {f: {filters: 2, kernel: 1, activation: relu}}\nlayers: [conv: $f, conv: $f]",
        "blocks: {unit: {takes: [f], layers: [conv: $f]}}\n"
        "layers: [{unit: [{filters: 2, kernel: 1, activation: relu}], repeat: 2}]",
    ],
)
def test_an_expression_may_give_all_fields_with_the_activation(net, text):
    report = net(f"input: 3x8x8\n{text}\n")
    assert [row.kind for row in report] == ["conv", "relu"] * 2


# Extends.

BASE = """
name: Base
source: a paper
note: the base
variants: {other: another}
input: 3x8x8
parameters: {width: 4, classes: 10}
blocks:
  unit: {layers: [{conv: {filters: $width, kernel: 1}}, act]}
  act: {layers: [relu]}
layers: [unit, {linear: $classes}]
published: [{quantity: params, value: 2586, source: nobody}]
"""  # 4·4 + (4·64)·10 + 10 = 16 + 2570


def test_extends_inherits_everything_except_the_identity(write):
    write(BASE, name="base.yaml")
    child = write("extends: base.yaml\n", name="child.yaml")
    report = cnncalc.summarize(child)
    assert report.totals.params == 2586
    assert (report.name, report.note, report.variants) == ("child", "", ())
    assert report.source == "a paper"
    assert cnncalc.load(child).published == ()


@pytest.mark.parametrize(
    ("changes", "params", "kinds"),
    [
        ("parameters: {classes: 2}", 530, ["conv", "relu", "flatten", "linear"]),  # 16 + 514
        ("parameters: {width: 1, more: 3}", 654, ["conv", "relu", "flatten", "linear"]),  # 4 + 650
        ("input: 1x8x8", 2578, ["conv", "relu", "flatten", "linear"]),  # 8 + 2570
        ("blocks: {act: {layers: [tanh]}}", 2586, ["conv", "tanh", "flatten", "linear"]),
        ("layers: [act, unit]", 16, ["relu", "conv", "relu"]),
    ],
)
def test_extends_overrides_by_name(net, changes, params, kinds):
    net(BASE, name="base.yaml")
    report = net(f"extends: base.yaml\n{changes}\n", name="child.yaml")
    assert report.totals.params == params
    assert [row.kind for row in report] == kinds


def test_extends_a_built_in_by_name(net):
    for name in ("vgg16", "vgg16.yaml"):
        report = net(f"name: mine\nextends: {name}\nparameters: {{classes: 10}}\n", name="own.yaml")
        assert report.totals.params == 134_301_514
        assert report.name == "mine"


def test_extends_is_resolved_beside_its_file(net, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    net(BASE, name="deep/base.yaml")
    net("extends: base.yaml\nparameters: {classes: 2}\n", name="deep/middle.yaml")
    assert net("extends: deep/middle.yaml\n", name="top.yaml").totals.params == 530
    assert net(f"extends: {tmp_path}/deep/middle.yaml\n", name="top.yaml").totals.params == 530


def test_extends_of_a_built_in_by_a_file_of_its_name(net):
    assert net("extends: vgg16\n", name="own/vgg16.yaml").totals.params == 138_357_544


def test_extends_is_limited(write):
    files = [write(BASE, name="b0.yaml")]
    for i in range(1, 30):
        files.append(write(f"extends: b{i - 1}.yaml\n", name=f"b{i}.yaml"))
    assert cnncalc.summarize(files[15]).totals.params == 2586
    with pytest.raises(CnncalcError, match="extends more than 20 specs in a row"):
        cnncalc.summarize(files[29])


def test_extends_works_in_plain_data(write):
    spec = {"extends": str(write(BASE, name="base.yaml")), "parameters": {"classes": 2}}
    assert cnncalc.summarize(spec, extends_anywhere=True).totals.params == 530


# Plain data.


def test_plain_data_is_a_spec():
    spec = {
        "input": (3, 8, 8),
        "layers": [{"conv": {"out_channels": 4, "kernel_size": (3, 3)}, "name": "c"}, "relu"],
    }
    report = cnncalc.summarize(spec)
    assert outputs(report) == {"c": "4×6×6", "relu1": "4×6×6"}
    assert report.name == ""


def test_a_spec_is_not_changed_by_reading_it():
    inner = {"from": ["a", "b"]}
    spec = {"input": {"a": 3, "b": 4}, "layers": [{"concat": inner}]}
    cnncalc.summarize(spec)
    assert spec == {"input": {"a": 3, "b": 4}, "layers": [{"concat": {"from": ["a", "b"]}}]}


# The notation.


def test_the_lectures_network_in_one_line():
    report = cnncalc.summarize("9HL-48x48-100C3-MP2-200C2-MP2-300C2-MP2-400C2-MP2-500N-3755N")
    assert [str(row.output) for row in report] == [
        "100×46×46", "100×23×23", "200×22×22", "200×11×11", "300×10×10", "300×5×5",
        "400×4×4", "400×2×2", "1600", "500", "3755",
    ]  # fmt: skip
    # 100·10 + 200·401 + 300·801 + 400·1201 + 500·1601 + 3755·501
    assert report.totals.params == 3_483_655
    assert str(report.input_shape) == "1×48×48"


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("1x48x48-10C3", ["10×46×46"]),
        ("48x48-10C3", ["10×46"]),  # 48 channels of 48 samples
        ("1HL-48x48-10C3", ["10×46×46"]),
        ("1hl-3x48x48-10c3", ["10×46×46"]),
        ("784-10N", ["10"]),
        ("784-10", ["10"]),
        ("3x227x227-96C11s4-MP3s2", ["96×55×55", "96×27×27"]),
        ("1x8x8-4C3p1", ["4×8×8"]),
        ("1x9x9-4C3d2", ["4×5×5"]),  # 9 - 5 + 1
        ("4x9x9-4C3g4", ["4×7×7"]),
        ("4x9x9-8C3x5s2x1p1x2g2", ["8×5×9"]),  # (9-3+2)//2 + 1 and 9-5+4+1
        ("1x8x8x8-2C3-AP2x3x1", ["2×6×6×6", "2×3×2×6"]),
        ("1x9x9-MP3s2p1", ["1×5×5"]),  # (9-3+2)//2 + 1
        ("1x9x9-AP2", ["1×4×4"]),
        ("5x9x9-GAP-10N", ["5×1×1", "5", "10"]),
        (" 1x8x8-4C3 ", ["4×6×6"]),
    ],
)
def test_the_notation_gives_these_shapes(text, shapes):
    assert [str(row.output) for row in cnncalc.summarize(text)] == shapes


def test_a_notation_names_its_network_and_its_layers():
    report = cnncalc.summarize("1x28x28-32C5-MP2-10N")
    assert report.name == "1x28x28-32C5-MP2-10N"
    assert [row.name for row in report] == ["conv1", "max_pool1", "flatten", "linear1"]
    assert report["linear1"].cost.params == 46_090  # 32·12·12·10 + 10


LINE = "1x28x28-6C5-MP2-10N"  # 6·25 + 6 and 10·6·12·12 + 10: 8,806 parameters


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "  \n\n"])
def test_a_file_may_hold_the_notation(tmp_path, end):
    file = tmp_path / "net.txt"
    file.write_bytes((LINE + end).encode())
    report = cnncalc.summarize(file)
    assert (report.name, report.totals.params) == (LINE, 8806)


def test_a_mistake_in_a_notation_file_has_its_location(tmp_path):
    file = tmp_path / "net.txt"
    file.write_text("1x28x28-6C5-MPP\n", encoding="utf-8")
    with pytest.raises(CnncalcError) as refused:
        cnncalc.summarize(file)
    assert str(refused.value).startswith(f"{file}:1:13: 'MPP' is not a layer in this notation")


def test_standard_input_may_hold_the_notation(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LINE.encode())))
    assert cnncalc.summarize("-").totals.params == 8806


def test_the_notation_may_be_extended(net):
    report = net(f"extends: {LINE}\nname: small\ninput: 1x32x32\n")
    assert (report.name, report.totals.params) == ("small", 156 + 10 * (6 * 14 * 14) + 10)


def test_a_file_with_the_notation_may_be_extended(tmp_path):
    (tmp_path / "line").write_text(LINE, encoding="utf-8")
    (tmp_path / "net.yaml").write_text("extends: line\n", encoding="utf-8")
    assert cnncalc.summarize(tmp_path / "net.yaml").totals.params == 8806


def test_groups_in_the_notation_divide_the_weights():
    assert cnncalc.summarize("4x9x9-4C3g4").totals.params == 40  # 4·9 + 4


def test_a_file_named_like_a_notation_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "3-10N").write_text("input: 5\nlayers: [relu]\n", encoding="utf-8")
    assert str(cnncalc.summarize("3-10N").output_shape) == "5"


# Intermediate quotients and powers are fractions.


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("7 / 2", Fraction(7, 2)),
        ("3**2*3", 27),
        ("2**-1", Fraction(1, 2)),
        ("0**0", 1),
        ("10**99 // 10**97", 100),
        ("2**167 // 2**160", 128),
        ("1**9999", 1),
        ("(-1)**9999", -1),
    ],
)
def test_arithmetic_is_exact(written, value):
    assert calculate(written, {}) == value


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("2**0.5", "an exponent must be a whole number"),
        ("0**(3 - 4)", "'0 ** (3 - 4)' divides by zero"),
        ("0**(0.5 - 1)", "'0 ** (0.5 - 1)' divides by zero"),
        ("10**101", "a value is too large; values have at most 100 digits"),
        ("10**10**9", "a power has too many digits; use a smaller exponent"),
        ("1 / 0", "'1 / 0' divides by zero"),
    ],
)
def test_arithmetic_without_a_value_is_refused(written, sentence):
    with pytest.raises(LayerError) as refused:
        calculate(written, {})
    assert str(refused.value) == sentence


@pytest.mark.parametrize("kernel", ["(3, 5)", "(3,5)", "3x5", "[3, 5]"])
def test_sizes_per_axis_can_be_a_tuple_inside_braces(net, kernel):
    report = net(f"input: 3x8x8\nlayers:\n  - conv: {{filters: 4, kernel: {kernel}, stride: 1}}\n")
    assert report.output_shape == (4, 6, 4)  # 8 - 3 + 1, 8 - 5 + 1


def test_a_tuple_inside_braces_needs_its_closing_parenthesis(net):
    with pytest.raises(CnncalcError, match=r"not '\(3,5'"):
        net("input: 3x8x8\nlayers:\n  - conv: {filters: 4, kernel: (3, 5}\n")
