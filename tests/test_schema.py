"""The JSON Schema accepts what cnncalc accepts, and rejects mistakes at their location."""

import json

import jsonschema
import pytest

import cnncalc
from cnncalc import layers
from cnncalc.core.errors import CnncalcError
from cnncalc.core.parsing import fields_of
from cnncalc.spec import catalog, text
from cnncalc.spec import schema as generated
from cnncalc.spec.document import TOP
from cnncalc.spec.entry import NODE

KINDS = list(layers.every())


@pytest.fixture(scope="module")
def schema():
    return json.loads(json.dumps(generated.schema()))


@pytest.fixture(scope="module")
def validator(schema):
    return jsonschema.Draft202012Validator(schema)


def test_is_a_valid_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


def network(*entries):
    return {"input": "3x32x32", "layers": list(entries)}


@pytest.mark.parametrize("name", catalog.names())
def test_accepts_every_built_in(validator, name):
    tree = text.read(catalog.path(name).read_text(encoding="utf-8"), name).plain()
    assert [error.message[:200] for error in validator.iter_errors(tree)] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_accepts_every_example_under_every_name(validator, kind):
    for example in kind.examples:
        for word in (kind.kind, *kind.aliases):
            given = json.loads(json.dumps(example.given))
            errors = list(validator.iter_errors(network({word: given})))
            assert errors == [], (word, given)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_rejects_a_misspelt_field_of_every_kind(validator, kind):
    assert not validator.is_valid(network({kind.kind: {"mispelt_field": 1}}))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_knows_every_name_of_every_field(schema, kind):
    properties = schema["$defs"][kind.__name__]["properties"]
    for name, field in fields_of(kind).items():
        for word in (name, *field.also):
            assert properties[word]["description"] == field.doc


def test_every_key_is_described(schema):
    assert {key: part["description"] for key, part in schema["properties"].items()} == TOP
    beside = schema["$defs"]["plain_layer"]["properties"]
    assert {key: beside[key]["description"] for key in NODE} == NODE


@pytest.mark.parametrize(
    "entry",
    [
        "relu",
        {"conv": {"filters": "$x", "F": ["${2 * x}", 3], "pad": "same"}, "name": "c1"},
        {"conv": {"out_channels": 8, "kernel_size": 3, "padding": {"top": 1}}},
        {"linear": "$classes"},
        {"dropout": None},
        "BatchNorm2d",
        {"Max-Pool 2d": 2},
        {"Conv2d": {"out_channels": 8, "kernel_size": 3, "padding": "SAME"}},
        {"concat": {"from": ["a", "b"]}},
        {"add": None, "from": "a", "when": "${n > 1}"},
        {"residual": ["relu"], "shortcut": None},
        {"branches": {"a": [], "b": ["relu"]}, "join": "concat"},
        {"branches": [["relu"], None], "join": "add"},
    ],
)
def test_accepts(validator, entry):
    assert list(validator.iter_errors(network(entry))) == []


@pytest.mark.parametrize("also", [{"blocks": {"mine": {"layers": []}}}, {"extends": "resnet50"}])
def test_a_spec_with_blocks_may_use_names_other_than_kinds(validator, also):
    for entry in ("mine", {"mine": [1, 2], "repeat": "$n"}, {"residual": ["mine"]}):
        assert validator.is_valid({**network(entry), **also})
        assert not validator.is_valid(network(entry))


@pytest.mark.parametrize(
    "entry",
    [
        {"conv": {"out_chanels": 8, "kernel_size": 3}},
        {"conv": {"out_channels": 8}},
        {"conv": {"out_channels": 8, "filters": 8, "kernel_size": 3}},
        {"conv": {"out_channels": 0, "kernel_size": 3}},
        {"conv": {"out_channels": "x", "kernel_size": 3}},
        {"conv": {"out_channels": 8, "kernel_size": 3}, "nmae": "c1"},
        {"conv": {"out_channels": 8, "kernel_size": 3, "bias": 1}},
        {"linear": 10, "relu": None},
        {"name": "nothing"},
        {"linear": 10, "repeat": -1},
        3,
        "linaer",
        {"linaer": 10},
        {"Conv2d": {"out_channels": 8, "kernal": 3}},
        {"Conv_2d": {"out_channels": 8, "kernel_size": 3, "bais": True}},
        {"conv": {"out_channels": 8, "kernel_size": 3, "padding": "smae"}},
        {"branches": {"a": [{"Relu": {"slope": 1}}]}},
        {"residual": ["rleu"]},
    ],
)
def test_rejects(validator, entry):
    assert not validator.is_valid(network(entry))


@pytest.mark.parametrize(
    "spec",
    [{"layers": ["relu"]}, {"input": "3x8x8"}, {**network("relu"), "blcks": {}}, [], "relu"],
)
def test_rejects_an_incomplete_spec(validator, spec):
    assert not validator.is_valid(spec)


def test_a_spec_that_extends_another_may_omit_the_rest(validator):
    assert validator.is_valid({"extends": "resnet50", "parameters": {"n1": 3}})


@pytest.mark.parametrize(
    ("keys", "valid"),
    [
        ({"value": 10}, True),
        ({"value": ["10", 20], "quantity": ["params", "size"]}, True),
        ({"layers": {"c1": 1, "c2": "3"}, "layer": None, "habit": ["K = 1024"]}, True),
        ({"layers": {"c1": [1, None], "c2": [2, "3x3"]}, "quantity": ["params", "size"]}, True),
        ({"value": 10, "layers": None}, True),
        ({"layers": {"c1": [1, None]}}, False),
        ({"value": 10, "quantity": ["params", "size"]}, False),
        ({"layers": {"c1": 1}, "layer": "c1"}, False),
        ({"value": 10, "erratum": ""}, False),
        ({"value": 10, "layers": {"c1": 10}}, False),
        ({}, False),
        ({"value": 10, "sauce": "x"}, False),
        ({"value": 10, "quantity": "parms"}, False),
        ({"value": 10, "habit": "whim"}, False),
        ({"value": "2x less", "than": "alexnett"}, False),
    ],
)
def test_checks_published_values(validator, keys, valid):
    claim = {"quantity": "params", "source": "a paper", **keys}
    assert validator.is_valid({**network("relu"), "published": [claim]}) is valid


def test_accepts_an_empty_key(validator):
    blank = ("name", "source", "note", "variants", "parameters", "blocks", "published")
    spec = network("relu") | dict.fromkeys(blank)
    assert list(validator.iter_errors(spec)) == []
    assert cnncalc.summarize(spec).totals.params == 0


# The tool and the schema agree.

VALUES = [
    *(None, True, False, -1, 0, 1, 2, 7, 0.5, -0.5, 1.5, "", "x", "same", "Valid", "none"),
    *("3x3", "(3, 3)", "[1]", "0x1", "3", "3x", "1x1x1x1", "bilinear", "tanh", "reflect", "scalar"),
    *([], [1], [2, 1, 0], [0, 0], [1, "x"], [[1, 2], [3, 4]], [[0], [1, 2]], [[]], [1, 1, 1, 1, 1]),
    *([None], [-1, 4], {}, {"top": 1}, {"top": 1, "left": 0}, {"top": -1}, {"up": 1}, {"x": 1}),
]


def is_accepted(check, *given):
    try:
        check(*given)
    except cnncalc.CnncalcError:
        return False
    return True


FIELDS = {
    json.dumps(field.schema): pytest.param(field, id=f"{kind.kind}-{name}")
    for kind in KINDS
    for name, field in fields_of(kind).items()
}
"""One field for each schema that a field has."""


@pytest.mark.parametrize("field", FIELDS.values())
def test_a_field_accepts_the_same_values_as_its_schema(schema, field):
    allowed = jsonschema.Draft202012Validator({**field.schema, "$defs": schema["$defs"]})
    assert [it for it in VALUES if allowed.is_valid(it) != is_accepted(field.check, it)] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_kind_accepts_the_same_values_as_its_schema(schema, kind):
    allowed = jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{kind.kind}_value", "$defs": schema["$defs"]}
    )
    usual = json.loads(json.dumps(kind.examples[0].given))
    given = [*VALUES, usual]
    if isinstance(usual, dict):
        given += [{**usual, "x": 1}]
        for name, field in fields_of(kind).items():
            given.append({key: it for key, it in usual.items() if key not in (name, *field.also)})
            given += [{**usual, word: 1} for word in (name, *field.also)]
    wrong = [it for it in given if allowed.is_valid(it) != is_accepted(kind.parse, it)]
    assert wrong == []


SPECS = [
    {"layers": []},
    {"layers": None},
    {"layers": "relu"},
    *({"layers": [entry]} for entry in [
        "conv", "upsample", "crop", "max_pool", "Dropout 2d", "name", "branches", "residual", "",
        "$x", 3, None, {}, [], {"conv": None}, {"conv": 3}, {"conv": {}}, {"conv": [3, 3]},
        {"linear": [10]}, {"linear": 10}, {"linear": "10"}, {"Linear": {"units": 3}}, {"relu": []},
        {"max_pool": [2, 2]}, {"max_pool": "2x2"}, {"reshape": [3, 1024]}, {"pad": {"top": 1}},
        {"pad": {"top": 1, "from": "input"}}, {"crop": {"left": 2}}, {"crop": {"from": "input"}},
        {"relu": None, "name": "a b"}, {"relu": None, "name": "a.b"}, {"relu": None, "name": "é"},
        {"relu": None, "name": "a-1_"}, {"relu": None, "name": "-_"}, {"relu": None, "name": ""},
        {"relu": None, "name": 3}, {"relu": None, "name": 1.5}, {"relu": None, "name": "x" * 101},
        {"relu": None, "name": None}, {"relu": None, "name": "x"}, {"relu": None, "name": ["x"]},
        {"relu": None, "from": []}, {"relu": None, "from": None}, {"relu": None, "from": "input"},
        {"relu": {"from": "input"}}, {"relu": {"from": "input"}, "from": "input"},
        {"relu": None, "repeat": None}, {"relu": None, "repeat": 2}, {"relu": None, "repeat": -1},
        {"relu": None, "repeat": "2"}, {"relu": None, "when": 1}, {"relu": None, "when": True},
        {"relu": None, "join": "add"}, {"relu": None, "shortcut": None},
        {"relu": None, "shortcut": []}, {"linear": 10, "Relu": None}, {"Linear": 10, "ReLU": None},
        {"Linear": 10, "linear": 10}, {"name": "x"}, {"name": "x", "from": "input"},
        {"branches": {"a": [], "b": ["relu"]}}, {"branches": [[], ["relu"]], "join": "add"},
        {"branches": [[], ["relu"]], "join": "ad"}, {"branches": [[], ["relu"]], "join": None},
        {"branches": [[], None], "join": {"concat": None}}, {"branches": [[]], "join": "concat"},
        {"branches": [[], []], "join": {"add": None, "name": "x"}},
        {"branches": [], "join": "add"}, {"branches": {}, "join": "add"},
        {"branches": None, "join": "add"}, {"branches": {"a b": ["relu"]}, "join": "concat"},
        {"branches": [[], "relu"], "join": "add"}, {"branches": "relu", "join": "add"},
        {"residual": ["relu"]}, {"residual": []}, {"residual": None}, {"residual": "relu"},
        {"residual": ["relu"], "shortcut": ["tanh"]}, {"residual": ["relu"], "shortcut": None},
        {"residual": ["relu"], "join": "add"}, {"residual": {"relu": None}}, {"residual": ["conv"]},
    ]),
    *({"input": shape} for shape in [
        "hello", "3x32x32", " 3 × 32*32 ", "[3, 32, 32]", "(3,32,32)", "( 3x32x32 )", "3x0x32", "0",
        "3x", "x3", "-3x4", "3.5x4", "", 784, 0, -1, 1.5, True, None, [], [3, 32, 32], [3, 0],
        [3, "32"], [1, 3, 8, 32, 32], "1x2x3x4x5", {"a": [3, 8, 8]}, {"a": None}, {},
        {"a b": 3}, {"a": {"b": 3}},
    ]),
    *({"parameters": given} for given in [
        {}, None, [], 3, {"n": 3}, {"n": None}, {"n": [1, {"a": 2}]}, {"a b": 3}, {"index": 3},
    ]),
    *({"blocks": given} for given in [
        {}, None, [], {"b": None}, {"b": {}}, {"b": {"layers": None}}, {"b": {"layers": []}},
        {"b": {"layers": ["relu"], "takes": None}}, {"b": {"layers": ["relu"], "taks": "n"}},
        {"b": {"layers": ["relu"], "takes": "n"}}, {"b": {"layers": ["relu"], "takes": ["n", "n"]}},
        {"b": {"layers": ["relu"], "takes": ["n", {"m": 3}]}}, {"a b": {"layers": ["relu"]}},
        {"b": {"layers": ["relu"], "takes": ["index"]}},
        {"b": {"layers": ["relu"], "takes": "a b"}},
        {"b": {"layers": ["relu"], "takes": [{"index": 1}]}}, {"b": {"layers": "relu"}},
        {"name": {"layers": ["relu"]}}, {"residual": {"layers": ["relu"]}},
        {"conv": {"layers": ["relu"]}}, {"b": {"layers": [{"conv": 3, "name": "a b"}]}},
    ]),
    *({"blocks": {"b": {"takes": {"n": 1}, "layers": ["relu"]}}, "layers": [entry]} for entry in [
        "b", {"b": None}, {"b": 2}, {"b": [2]}, {"b": {"n": 2}}, "conv", {"conv": 3}, "b c",
        {"b": 2, "relu": None}, {"b": 2, "name": "x y"}, {"b": 2, "nmae": "x"}, {"residual": ["b"]},
        {"branches": [["b"], []], "join": "add"}, {"branches": [["b"]]}, {"$b": 2},
    ]),
    *({"blocks": {"conv": {"takes": "n", "layers": ["relu"]}}, "layers": [entry]} for entry in [
        {"conv": 3}, {"conv": [3]}, {"conv": {"n": 3}}, {"conv": 3, "name": "é"}, {"a b": 3},
    ]),
    *({"extends": base} for base in ["lenet5", "", None, 3]),
    {"extends": "lenet5", "layers": []},
    {"extends": "lenet5", "layers": [{"linear": 10}]},
    {"extends": "lenet5", "input": "hello"},
    {"name": "a\tb", "source": 3, "note": True},
    {"name": "a\x1bb"},
    {"name": {}},
    {"name": "a\nb"},
    {"name": "a\n"},
    {"name": "x" * 200},
    {"name": "x" * 201},
    {"note": "a\nb"},
    {"note": "x" * 20_001},
    {"variants": {"other": "differs"}},
    {"variants": {"other": None}},
    {"variants": ["other"]},
]  # fmt: skip


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: str(spec)[:80])
def test_rejects_exactly_what_the_tool_rejects(validator, spec):
    spec = {"input": "3x32x32", "layers": ["relu"]} | spec
    errors = list(validator.iter_errors(spec))
    assert (errors == []) == is_accepted(cnncalc.summarize, spec)


BACKBONE = {"network": "vgg16", "up_to": "pool5", "set": {"classes": 2}}


@pytest.mark.parametrize(
    "spec",
    [
        network("relu") | {"layout": "hwc"},
        network("relu") | {"layout": "CHW"},
        network({"backbone": "vgg16"}),
        network({"backbone": BACKBONE, "name": "features", "repeat": 2}),
        {"extends": "vgg16", "replace": {"fc8": {"linear": 10}, "block.fc7": "identity"}},
        {"extends": "vgg16", "replace": {"fc8": ["dropout", {"linear": 10, "name": "head"}]}},
    ],
)
def test_accepts_layouts_backbones_and_replacements(validator, spec):
    assert list(validator.iter_errors(spec)) == []


@pytest.mark.parametrize(
    "spec",
    [
        network("relu") | {"layout": "nhwc"},
        network("relu") | {"layout": ["hwc"]},
        network({"backbone": 16}),
        network({"backbone": {"up_to": "pool5"}}),
        network({"backbone": BACKBONE | {"upto": "pool5"}}),
        network("backbone"),
        network("relu") | {"blocks": {"backbone": {"layers": ["relu"]}}},
        {"extends": "vgg16", "replace": ["fc8"]},
        {"extends": "vgg16", "replace": {"fc8": {"linear": 10, "name": "head"}}},
    ],
)
def test_rejects_wrong_layouts_backbones_and_replacements(validator, spec):
    assert not validator.is_valid(spec)
    with pytest.raises(CnncalcError):
        cnncalc.summarize(spec)
