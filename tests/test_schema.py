"""The JSON Schema takes what the language takes, and flags a misspelling where it stands."""

import json

import jsonschema
import pytest

import cnncalc
from cnncalc import layers
from cnncalc.core.layer import fields_of
from cnncalc.spec import catalog, text
from cnncalc.spec import schema as generated
from cnncalc.spec.document import NODE, TOP

KINDS = list(layers.every())


@pytest.fixture(scope="module")
def schema():
    return json.loads(json.dumps(generated.schema()))


@pytest.fixture(scope="module")
def validator(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def network(*entries):
    return {"input": "3x32x32", "layers": list(entries)}


@pytest.mark.parametrize("name", catalog.names())
def test_takes_every_built_in(validator, name):
    tree = text.read(catalog.path(name).read_text(encoding="utf-8"), name).plain()
    assert [error.message[:200] for error in validator.iter_errors(tree)] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_takes_every_worked_example_by_every_name(validator, kind):
    for example in kind.examples:
        for word in (kind.kind, *kind.aliases):
            given = json.loads(json.dumps(example.given))
            errors = list(validator.iter_errors(network({word: given})))
            assert errors == [], (word, given)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_flags_a_misspelt_field_of_every_kind(validator, kind):
    assert not validator.is_valid(network({kind.kind: {"mispelt_field": 1}}))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_knows_every_name_of_every_field(schema, kind):
    properties = schema["$defs"][kind.__name__]["properties"]
    for name, field in fields_of(kind).items():
        for word in (name, *field.also):
            assert properties[word]["description"] == field.doc


def test_every_key_is_described(schema):
    assert {key: part["description"] for key, part in schema["properties"].items()} == TOP
    beside = schema["$defs"]["layer"]["properties"]
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
def test_takes(validator, entry):
    assert list(validator.iter_errors(network(entry))) == []


@pytest.mark.parametrize("also", [{"blocks": {"mine": {"layers": []}}}, {"extends": "resnet50"}])
def test_a_spec_with_blocks_may_use_words_that_are_no_kinds(validator, also):
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
def test_flags(validator, entry):
    assert not validator.is_valid(network(entry))


@pytest.mark.parametrize(
    "spec",
    [{"layers": ["relu"]}, {"input": "3x8x8"}, {**network("relu"), "blcks": {}}, [], "relu"],
)
def test_flags_a_spec_that_is_not_whole(validator, spec):
    assert not validator.is_valid(spec)


def test_a_spec_that_extends_another_may_leave_out_the_rest(validator):
    assert validator.is_valid({"extends": "resnet50", "parameters": {"n1": 3}})


@pytest.mark.parametrize(
    ("keys", "valid"),
    [
        ({"value": 10}, True),
        ({"value": ["10", 20], "quantity": ["params", "size"]}, True),
        ({"layers": {"c1": [1, None], "c2": "3x3"}, "habit": ["K = 1024"]}, True),
        ({"value": 10, "layers": {"c1": 10}}, False),
        ({}, False),
        ({"value": 10, "sauce": "x"}, False),
        ({"value": 10, "quantity": "parms"}, False),
        ({"value": 10, "habit": "whim"}, False),
        ({"value": "2x less", "than": "alexnett"}, False),
    ],
)
def test_checks_what_is_published(validator, keys, valid):
    claim = {"quantity": "params", "source": "a paper", **keys}
    assert validator.is_valid({**network("relu"), "published": [claim]}) is valid


def test_takes_a_key_with_nothing_after_it(validator):
    blank = ("name", "source", "note", "variants", "parameters", "blocks", "published")
    spec = network("relu") | dict.fromkeys(blank)
    assert list(validator.iter_errors(spec)) == []
    assert cnncalc.summarize(spec).totals.params == 0
