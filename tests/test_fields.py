"""Fields of layer kinds: canonical values, errors, and the JSON Schema."""

import dataclasses

import jsonschema
import pytest

from cnncalc import layers
from cnncalc.core import fields
from cnncalc.core.errors import LayerError
from cnncalc.core.parsing import FieldErrors, fields_of

COUNT = fields.count("how many")
COUNT_OR_NONE = fields.count("how many", least=0)
SIZES = fields.sizes("how large")
PADDING = fields.padding("zeros around", words=("same", "valid"))
PLAIN_PADDING = fields.padding("zeros around")
FLAG = fields.flag("whether")
NUMBER = fields.number("how much")
POSITIVE = fields.number("how much", least=0)
RATE = fields.number("how often", least=0, most=1)
CHOICE = fields.choice("which", ("add", "concat", "multiply"))

GOOD = [
    (COUNT, 1, 1),
    (COUNT, 4096, 4096),
    (COUNT, 10**100 - 1, 10**100 - 1),
    (COUNT_OR_NONE, 0, 0),
    (SIZES, 3, 3),
    (SIZES, [3], (3,)),
    (SIZES, [3, 5], (3, 5)),
    (SIZES, (1, 2, 3), (1, 2, 3)),
    (PADDING, 0, 0),
    (PADDING, "same", "same"),
    (PADDING, "VALID", "valid"),
    (PADDING, "SAME_UPPER", "same"),
    (PADDING, [1, 2], (1, 2)),
    (PADDING, [[0, 1], [2, 3]], ((0, 1), (2, 3))),
    (PADDING, [1, [0, 2]], (1, (0, 2))),
    (PADDING, {"top": 1, "bottom": 2}, ((0, 0), (1, 2), (0, 0))),
    (SIZES, "3x5", (3, 5)),
    (SIZES, "(3, 5)", (3, 5)),
    (SIZES, "[7]", (7,)),
    (SIZES, " 1 × 2 X 3 ", (1, 2, 3)),
    (PADDING, "0x2", (0, 2)),
    (PADDING, "(1, 0)", (1, 0)),
    (PADDING, {"left": 3}, ((0, 0), (0, 0), (3, 0))),
    (PADDING, {"back": 1}, ((0, 1), (0, 0), (0, 0))),
    (FLAG, True, True),
    (FLAG, False, False),
    (NUMBER, -0.5, -0.5),
    (NUMBER, 3, 3),
    (POSITIVE, 0, 0),
    (RATE, 0, 0),
    (RATE, 0.5, 0.5),
    (RATE, 1, 1),
    (CHOICE, "concat", "concat"),
]

A_COUNT = "must be a whole number of at least 1, not "
A_SIZE = "must be a whole number of at least 1, or one per axis, not "
LISTED = (
    "must be a whole number of at least 0, a list with a number or [before, after] for each axis, "
)
A_PADDING = f"{LISTED}sides as in {{top: 1}}, or same or valid, not "
A_SIDE = (
    "must name sides (left, right, top, bottom, front or back) with whole numbers of at least 0, "
    "not "
)

BAD = [
    (COUNT, 0, A_COUNT + "0"),
    (COUNT, -3, A_COUNT + "-3"),
    (COUNT, True, A_COUNT + "true"),
    (COUNT, 1.0, A_COUNT + "1.0"),
    (COUNT, "3", A_COUNT + "'3'"),
    (COUNT, None, A_COUNT + "null"),
    (COUNT, [3], A_COUNT + "[3]"),
    (COUNT, 10**100, A_COUNT + "a huge number"),
    (COUNT, "x" * 100, A_COUNT + "'" + "x" * 56 + "..."),
    (COUNT_OR_NONE, -1, "must be a whole number of at least 0, not -1"),
    (SIZES, 0, A_SIZE + "0"),
    (SIZES, [], A_SIZE + "[]"),
    (SIZES, [3, 0], A_SIZE + "[3, 0]"),
    (SIZES, [1, 2, 3, 4], A_SIZE + "[1, 2, 3, 4]"),
    (SIZES, [3, True], A_SIZE + "[3, true]"),
    (SIZES, "3x0", A_SIZE + "'3x0'"),
    (SIZES, "3", A_SIZE + "'3'"),
    (SIZES, "(3, 3", A_SIZE + "'(3, 3'"),
    (SIZES, "3x3x3x3", A_SIZE + "'3x3x3x3'"),
    (COUNT, "3x3", A_COUNT + "'3x3'"),
    (PADDING, "1x-1", A_PADDING + "'1x-1'"),
    (FLAG, {"a": [None, False]}, "must be true or false, not {a: [null, false]}"),
    (PADDING, -1, A_PADDING + "-1"),
    (PADDING, "full", A_PADDING + "'full'"),
    (PADDING, [[1, 2, 3]], A_PADDING + "[[1, 2, 3]]"),
    (PADDING, [], A_PADDING + "[]"),
    (PADDING, 0.5, A_PADDING + "0.5"),
    (PADDING, {}, A_SIDE + "{}"),
    (PADDING, {"up": 1}, A_SIDE + "{up: 1}"),
    (PADDING, {"top": -1}, A_SIDE + "{top: -1}"),
    (PLAIN_PADDING, "same", f"{LISTED}or sides as in {{top: 1}}, not 'same'"),
    (FLAG, 1, "must be true or false, not 1"),
    (FLAG, "yes", "must be true or false, not 'yes'"),
    (FLAG, None, "must be true or false, not null"),
    (NUMBER, "0.5", "must be a number, not '0.5'"),
    (NUMBER, True, "must be a number, not true"),
    (NUMBER, float("nan"), "must be a number, not nan"),
    (NUMBER, float("inf"), "must be a number, not inf"),
    (POSITIVE, -1e-5, "must be a number of at least 0, not -1e-05"),
    (RATE, 1.5, "must be a number from 0 to 1, not 1.5"),
    (RATE, -0.1, "must be a number from 0 to 1, not -0.1"),
    (CHOICE, "sum", "must be add, concat or multiply, not 'sum'"),
    (CHOICE, 1, "must be add, concat or multiply, not 1"),
    (CHOICE, ["add"], "must be add, concat or multiply, not ['add']"),
]


def known(declared: dataclasses.Field) -> fields.Field:
    return declared.metadata["cnncalc"]


@pytest.mark.parametrize(("declared", "written", "canonical"), GOOD)
def test_a_valid_value_becomes_canonical(declared, written, canonical):
    checked = known(declared).check(written)
    assert checked == canonical
    assert type(checked) is type(canonical)


@pytest.mark.parametrize(("declared", "written", "sentence"), BAD)
def test_an_invalid_value_gets_a_helpful_error(declared, written, sentence):
    with pytest.raises(LayerError) as refused:
        known(declared).check(written)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("declared", "written", "canonical"),
    # JSON has no tuples. Capitals, as in "VALID", are accepted, but editors suggest lower case.
    [row for row in GOOD if row[1] not in ("VALID", (1, 2, 3))],
)
def test_the_schema_accepts_valid_values(declared, written, canonical):
    jsonschema.validate(written, known(declared).schema)


@pytest.mark.parametrize(
    ("declared", "written", "sentence"),
    # To JSON Schema, 1.0 is an integer; it has no huge numbers, and JSON has neither nan nor inf.
    [
        row
        for row in BAD
        if not isinstance(row[1], float) or row[1] not in (1.0, float("inf"))
        if row[1] != 10**100 and row[1] == row[1]
    ],
)
def test_the_schema_rejects_invalid_values(declared, written, sentence):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written, known(declared).schema)


def test_a_field_without_a_default_is_required():
    assert COUNT.default is dataclasses.MISSING
    assert fields.count("how many", 1).default == 1


CONV = layers.load("conv")


def test_a_field_may_go_by_any_of_its_names():
    by_torch = CONV.parse({"out_channels": 8, "kernel_size": 3, "stride": 2, "padding": 1})
    by_lecture = CONV.parse({"K": 8, "F": 3, "S": 2, "P": 1})
    assert by_torch == by_lecture


def test_the_main_field_can_be_given_alone():
    linear = layers.load("linear")
    assert linear.parse(120) == linear.parse({"out_features": 120})


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        (
            {"out_channels": 8, "K": 8, "F": 3},
            ["has both 'out_channels' and 'K', two names for the same field; keep one"],
        ),
        (
            {"K": 8, "kernel_size": 3, "F": 3},
            ["has both 'kernel_size' and 'F', two names for the same field; keep one"],
        ),
        ({"filtres": 8, "F": 3}, ["has no field 'filtres'; did you mean 'filters'?"]),
        (
            {"K": 0, "F": "three", "bias": 1},
            [
                "'K' " + A_COUNT + "0",
                "'F' " + A_SIZE + "'three'",
                "'bias' must be true or false, not 1",
            ],
        ),
        (
            None,
            [
                f"needs {name!r} ({fields_of(CONV)[name].doc})"
                for name in ("out_channels", "kernel_size")
            ],
        ),
    ],
)
def test_all_mistakes_in_a_layer_are_reported_together(given, sentences):
    with pytest.raises(FieldErrors) as refused:
        CONV.parse(given)
    assert {text for _, text in refused.value.wrong} == set(sentences)
    assert str(refused.value) == "; ".join(text for _, text in refused.value.wrong)


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [("pad", {"top": 1}, "padding"), ("crop", {"left": 2, "bottom": 1}, "crop")],
)
def test_sides_can_be_given_without_their_field(kind, given, field):
    layer = layers.load(kind)
    assert layer.parse(given) == layer.parse({field: given})


def test_a_misspelt_side_is_refused_as_a_side():
    with pytest.raises(LayerError, match=r"must name sides \(left, .*not {top: 1, botom: 2}"):
        layers.load("pad").parse({"top": 1, "botom": 2})


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("activation", "relu", "; add relu after it, as a separate layer"),
        ("act", "LeakyReLU", "; add LeakyReLU after it, as a separate layer"),
        ("activation", {"name": "relu"}, "; add the activation after it, as a separate layer"),
        ("activation", None, "; remove it: activations are separate layers"),
        ("activation", "linear", "; remove it: activations are separate layers"),
        ("in_channels", 3, "; remove it: cnncalc infers it from the input"),
        ("input_shape", [28, 28, 1], "; remove it: cnncalc infers it from the input"),
        ("kernel_initializer", "he", "; remove it: it changes neither shapes nor counts"),
        ("bias_regularizer", None, "; remove it: it changes neither shapes nor counts"),
        ("weight_filler", {"type": "xavier"}, "; remove it: it changes neither shapes nor counts"),
        ("engine", "CAFFE", "; remove it: it changes neither shapes nor counts"),
        ("padding_mode", "zeros", "; remove it: it changes neither shapes nor counts"),
        (
            "padding_mode",
            "circular",
            "; instead of padding here, put a pad layer with mode circular before it",
        ),
        (
            "data_format",
            "channels_last",
            "; remove it, and state the 'layout' of the spec if channels come last",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["conv", "linear"])
def test_a_field_of_another_framework_is_refused_with_our_spelling(kind, field, value, hint):
    with pytest.raises(FieldErrors) as refused:
        layers.load(kind).parse(
            {"K": 8, "F": 3, field: value} if kind == "conv" else {field: value}
        )
    assert (field, f"has no field {field!r}{hint}") in refused.value.wrong


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        ("softmax", {"dim": 1}, "has no field 'dim'; name the axis with 'over', as in over: "
         "channels"),
        ("reduce", {"by": "sum", "dim": [1, 2]}, "has no field 'dim'; name the axis with 'over', "
         "as in over: channels"),
        ("prelu", {"axis": 1}, "has no field 'axis'; it has num_parameters"),
        ("split", {"split_size_or_sections": 2}, "has no field 'split_size_or_sections'; list the "
         "sizes as 'parts'; in torch.split, a number is the size of each part"),
        ("max_pool", {"F": 2, "pool": "MAX"}, "has no field 'pool'; write max_pool without it, "
         "and ceil_mode: true for Caffe's sizes"),
        ("max_pool", {"F": 2, "pool": "AVE"}, "has no field 'pool'; write avg_pool without it, "
         "and ceil_mode: true for Caffe's sizes"),
        ("max_pool", {"global_pooling": True}, "has no field 'global_pooling'; write "
         "global_max_pool or global_avg_pool"),
        ("relu", {"max_value": 6}, "has no field 'max_value'; write relu6 for a ReLU capped at 6"),
        ("relu", {"max_value": 6.0}, "has no field 'max_value'; write relu6 for a ReLU capped at "
         "6"),
        ("relu", {"negative_slope": 0}, "has no field 'negative_slope'; remove it"),
        ("relu", {"max_value": 60}, "has no field 'max_value'; it has inplace"),
        ("relu", {"negative_slope": 0.1}, "has no field 'negative_slope'; write leaky_relu for a "
         "slope"),
    ],
)  # fmt: skip
def test_a_word_of_another_framework_gets_ours(kind, given, says):
    with pytest.raises(FieldErrors) as refused:
        layers.load(kind).parse(given)
    assert [text for _, text in refused.value.wrong] == [says]


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        ("batch_norm", 3, "takes no value by itself; remove 3, or name a field: affine, scale, "
         "bias, track_running_stats, eps, momentum"),
        ("global_avg_pool", 7, "takes no value by itself; remove 7, or name a field: keepdim"),
        ("conv", [3, 8, 3], "takes its fields by name, as in {out_channels: ..., kernel_size: "
         "...}, not [3, 8, 3]"),
    ],
)  # fmt: skip
def test_values_without_names_are_refused(kind, given, says):
    with pytest.raises(LayerError) as refused:
        layers.load(kind).parse(given)
    assert str(refused.value) == says


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        ("crop", {}, "'crop', 'size' and 'like'"),
        ("pad", {}, "'padding' and 'like'"),
        ("crop", {"crop": 1, "size": 2},
         "'crop', 'size' and 'like', but has 'crop' and 'size'; keep one"),
        ("upsample", {"size": 4, "scale": 2},
         "'scale_factor', 'size' and 'like', but has 'scale_factor' and 'size'; keep one"),
    ],
)  # fmt: skip
def test_fields_that_exclude_each_other_are_refused(kind, given, says):
    with pytest.raises(FieldErrors) as refused:
        layers.load(kind).parse(given)
    assert str(refused.value) == f"needs exactly one of {says}"


def test_the_text_of_a_layer_omits_defaults():
    pool = layers.load("max_pool")
    assert pool.parse({"kernel": [3, 5], "padding": 0, "ceil_mode": True}).text() == (
        "kernel_size [3, 5], ceil_mode true"
    )
    assert pool.parse({"F": 2, "P": [[0, 1], [0, 1]]}).text() == (
        "kernel_size 2, padding [[0, 1], [0, 1]]"
    )
