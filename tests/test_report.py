"""Reports: totals, groupings, receptive fields, laws that hold for every network, and units."""

import copy
import json
import pickle
import sys
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.analysis.report import Field
from cnncalc.core import units
from cnncalc.core.cost import COUNTED, Cost, Operations
from cnncalc.core.errors import UsageError, Where, did_you_mean, one_of
from cnncalc.core.shape import Map, Vector, read_shape, shape_of
from cnncalc.spec import catalog

# Expected values are computed by hand next to each example, never by running the program.

SMALL = {
    "name": "small",
    "source": "by hand",
    "input": "3x8x8",
    "layers": [
        {"conv": {"filters": 4, "kernel": 3, "padding": 1}},
        "relu",
        {"max_pool": 2},
        {"linear": 10},
    ],
}


@pytest.fixture(name="small")
def _small():
    return cnncalc.summarize(SMALL)


def fields(report, name):
    """The receptive field along each axis, without the size of the image."""
    return tuple(field._replace(image=0) for field in report[name].fields)


# Totals.


@pytest.mark.parametrize(
    ("layer", "read"),
    [
        (
            "batch_norm",
            464,
        ),  # 100 inputs, 4 scales, 4 shifts, 4 means and 4 variances; 4 bytes each
        ({"batch_norm": {"track_running_stats": False}}, 432),
        ({"instance_norm": {"track_running_stats": True}}, 432),
        ("instance_norm", 400),
        ({"batch_norm": {"affine": False}}, 432),
    ],
)
def test_the_counter_of_batches_is_not_read_in_inference(layer, read):
    assert cnncalc.summarize({"input": "4x5x5", "layers": [layer]}).totals.bytes_read == read


def test_totals_of_a_small_network_are_those_by_hand(small):
    totals = small.totals
    assert totals.weights == 748  # 4·27 and 10·64
    assert totals.biases == 14
    assert totals.params == 762
    assert totals.macs == 7552  # 27·4·64 and 640
    assert totals.flops == 15_104
    # for the weights of both, and for the input of the second
    assert totals.backward_macs == 8192  # 6912 + 2·640
    # multiply: the products; add: the products and 256 + 10 biases; compare: 256 + 64·3
    assert totals.operations == Operations(multiply=7552, add=7818, compare=448)
    assert totals.operations_total == 15_818
    assert totals.activation == 842  # 192 + 256 + 256 + 64 + 64 + 10
    assert totals.activations_total == 522  # without the ReLU and the flatten
    assert totals.parameter_bytes == 3048
    assert totals.activation_bytes == 3368
    assert totals.activations_total_bytes == 2088
    # read: 192 + 112, 256, 256, 64 + 650, and nothing for the flatten, which is a view
    assert totals.bytes_read == 6120
    assert totals.bytes_written == 2344  # 256, 256, 64 and 10, by 4 bytes
    assert totals.bytes_moved == totals.bytes_read + totals.bytes_written


def test_totals_are_the_sums_of_the_rows(small):
    for name in COUNTED:
        assert getattr(small.totals, name) == sum(getattr(row.cost, name) for row in small.rows)


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "mobilenet_v2", "lenet5_1998"])
def test_groupings_of_built_ins_add_up(name):
    report = cnncalc.summarize(name, batch=3)
    inputs = [row.cost for row in report.rows if row.kind == "input"]
    for depth in range(1, report.depth + 1):
        assert sum(report.by_block(depth).values(), Cost()) == report.totals
    assert sum([*report.by_kind().values(), *inputs], Cost()) == report.totals
    assert sum((row.cost for row in report.rows), Cost()) == report.totals


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "lenet5_1998"])
def test_a_batch_multiplies_all_but_the_parameters(name):
    one, five = cnncalc.summarize(name), cnncalc.summarize(name, batch=5)
    held = ("weights", "biases", "buffers", "fixed", "parameter_bytes")
    for count in set(COUNTED) - {*held, "bytes_read"}:
        assert getattr(five.totals, count) == 5 * getattr(one.totals, count), count
    for count in held:
        assert getattr(five.totals, count) == getattr(one.totals, count), count
    read = one.totals.buffers - sum(row.layer.counters() for row in one)
    held_bytes = 4 * (one.totals.params + read + one.totals.fixed)
    assert five.totals.bytes_read == 5 * (one.totals.bytes_read - held_bytes) + held_bytes
    assert [row.output for row in five] == [row.output for row in one]


@pytest.mark.parametrize(
    ("dtype", "size"),
    [("float64", 8), ("float32", 4), ("bfloat16", 2), ("float16", 2), ("float8", 1), ("int8", 1)],
)
def test_a_dtype_has_its_size_and_changes_nothing_else(dtype, size, small):
    report = cnncalc.summarize(SMALL, dtype=dtype)
    assert report.totals.parameter_bytes == 762 * size
    assert report.totals.activation_bytes == 842 * size
    assert report.totals.activations_total_bytes == 522 * size
    assert report.totals.macs == small.totals.macs
    assert report.dtype == dtype


def test_by_kind_is_in_order_of_appearance(small):
    kinds = small.by_kind()
    assert list(kinds) == ["conv", "relu", "max_pool", "flatten", "linear"]
    assert (kinds["conv"].macs, kinds["linear"].macs) == (6912, 640)


def test_a_share_is_a_part_of_the_total(small):
    assert small.share(small["conv1"].cost, "macs") == pytest.approx(6912 / 7552)
    assert small.share(small["conv1"].cost, "buffers") == 0.0


# Costs.


def test_costs_add_up_field_by_field():
    left = Cost(**{name: i for i, name in enumerate(COUNTED)})
    right = Cost(**dict.fromkeys(COUNTED, 100))
    assert [getattr(left + right, name) for name in COUNTED] == [
        100 + i for i in range(len(COUNTED))
    ]
    assert left + Cost() == left


def test_intensity_is_operations_per_byte():
    assert Cost(multiply=6, bytes_read=2, bytes_written=1).intensity == 2.0
    assert Cost(multiply=6).intensity == 0.0


def test_trained_parameters_are_weights_and_biases():
    assert cnncalc.Parameters(weights=3, biases=2, buffers=5, fixed=7).params == 5
    assert Cost(weights=3, biases=2, buffers=5, fixed=7).params == 5


def test_operations_are_multiplied_by_the_images():
    assert Operations(1, 2, 3, 4, 5).times(3) == Operations(3, 6, 9, 12, 15)


# Rows and outlines.


def test_rows_can_be_found_by_name(small):
    assert small["conv1"].kind == "conv"
    assert small["input"].kind == "input"
    assert small["input"].cost.activation == 192
    assert small["conv1"].layer.text() == "out_channels 4, kernel_size 3, padding 1"


def test_a_layer_s_text_is_what_differs_from_the_defaults():
    fields = {"filters": 4, "kernel": [3, 5], "padding": [[1, 1], [2, 2]], "bias": False}
    row = next(iter(cnncalc.summarize({**SMALL, "layers": [{"conv": fields}]})))
    assert row.layer.text() == (
        "out_channels 4, kernel_size [3, 5], padding [[1, 1], [2, 2]], bias false"
    )


ALL = "; it has conv1, relu1, max_pool1, flatten, linear1"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("cnov1", "; did you mean 'conv1'?"), ("conv2", ALL), ("zzzzzz", ALL), ("", ALL)],
)
def test_an_unknown_row_suggests_the_nearest_name(small, name, hint):
    with pytest.raises(UsageError) as refused:
        small[name]
    assert str(refused.value) == f"small has no layer {name!r}{hint}"


def test_a_report_is_its_layers_in_order(small):
    assert [row.name for row in small] == ["conv1", "relu1", "max_pool1", "flatten", "linear1"]
    assert len(small) == 5
    assert small.rows[0].name == "input"
    assert [row.implied for row in small] == [False, False, False, True, False]


def test_a_report_has_its_inputs_and_outputs(small):
    assert small.input_shape == Map(3, (8, 8))
    assert small.output_shape == Vector(10)
    assert [row.name for row in small.outputs] == ["linear1"]


def test_a_network_can_have_two_outputs():
    layers = [{"max_pool": 2, "name": "p"}, {"linear": 10}, {"linear": 2, "from": "p"}]
    report = cnncalc.summarize({**SMALL, "layers": layers})
    assert {row.name: str(row.output) for row in report.outputs} == {
        "linear1": "10",
        "linear2": "2",
    }
    assert report.to_dict()["outputs"] == {"linear1": [10], "linear2": [2]}


def test_a_network_with_two_inputs_has_no_single_shape():
    report = cnncalc.summarize(
        {"name": "two", "input": {"a": 3, "b": 4}, "layers": [{"concat": {"from": ["a", "b"]}}]}
    )
    assert report.input_shapes == {"a": Vector(3), "b": Vector(4)}
    with pytest.raises(UsageError, match="two has several inputs: a, b; use input_shapes"):
        _ = report.input_shape


NESTED = {
    "input": "3x8x8",
    "blocks": {
        "unit": {"layers": [{"conv": {"filters": 3, "kernel": 1}}, "relu"]},
        "stage": {"layers": [{"unit": None, "repeat": 2, "name": "u"}, "tanh"]},
    },
    "layers": [{"stage": None, "name": "s"}, {"stage": None, "name": "t"}, "sigmoid"],
}


def test_outlines_fold_what_is_deeper():
    report = cnncalc.summarize(NESTED)
    assert report.depth == 4  # s.u.0.conv1

    def lines(depth):
        return [(line.name, line.kind, len(line.rows)) for line in report.outline(depth)]

    assert lines(1) == [
        ("input", "input", 1), ("s", "stage", 5), ("t", "stage", 5), ("sigmoid1", "sigmoid", 1),
    ]  # fmt: skip
    assert lines(2) == [
        ("input", "input", 1), ("s.u", "unit ×2", 4), ("s.tanh1", "tanh", 1),
        ("t.u", "unit ×2", 4), ("t.tanh1", "tanh", 1), ("sigmoid1", "sigmoid", 1),
    ]  # fmt: skip
    assert lines(3)[1:3] == [("s.u.0", "unit", 2), ("s.u.1", "unit", 2)]
    assert [name for name, _, _ in lines(4)] == [row.name for row in report.rows]
    assert lines(9) == lines(4)


def test_a_line_sums_up_its_block():
    report = cnncalc.summarize(NESTED)
    _, block, _, single = report.outline(1)
    assert block.folded
    assert not single.folded
    assert (block.inputs, block.output) == ((Map(3, (8, 8)),), Map(3, (8, 8)))
    assert block.last.name == "s.tanh1"
    assert block.cost.params == 24  # 2·(9 + 3)
    assert single.cost == report["sigmoid1"].cost
    assert report.by_block()["s"].params == 24


def test_a_block_of_one_layer_is_still_a_block():
    spec = {"input": 3, "blocks": {"b": {"layers": ["relu"]}}, "layers": ["b"]}
    line = cnncalc.summarize(spec).outline(1)[1]
    assert (line.name, line.kind, line.folded) == ("b1", "b", True)


def test_two_forks_are_two_lines_of_an_outline():
    ways = {"a": ["relu", "tanh"], "b": []}
    fork = {"branches": ways, "join": "add"}
    report = cnncalc.summarize({"input": 3, "layers": [fork, "sigmoid", fork]})
    for depth in (1, 2, 3):
        for line in report.outline(depth):
            places = [report.rows.index(row) for row in line.rows]
            assert places == list(range(places[0], places[0] + len(places))), line.name


# Plain data.


def test_to_dict_is_plain_and_complete(small):
    plain = json.loads(json.dumps(small.to_dict()))
    assert plain["format"] == "cnncalc.report"
    assert plain["name"] == "small"
    assert plain["inputs"] == {"input": [3, 8, 8]}
    assert plain["outputs"] == {"linear1": [10]}
    assert plain["totals"]["params"] == 762
    assert plain["totals"]["flops"] == 15_104
    conv = plain["layers"][0]
    assert (conv["name"], conv["kind"], conv["inputs"], conv["output"]) == (
        "conv1", "conv", [[3, 8, 8]], [4, 8, 8],
    )  # fmt: skip
    assert (
        conv["receptive_field"]
        == [{"size": 3, "jump": 1, "start": -1, "smallest": 3, "bound": False}] * 2
    )
    assert {*COUNTED, "params", "flops"} <= set(conv)


def test_to_dict_keeps_settings():
    report = cnncalc.summarize(
        {**SMALL, "parameters": {"a": 1, "b": [1, 2.5]}}, settings={"a": "x"}
    )
    assert json.loads(json.dumps(report.to_dict()))["settings"] == {"a": "x", "b": [1, 2.5]}


def test_to_frame_has_a_line_for_every_layer(small):
    pytest.importorskip("pandas")
    frame = small.to_frame()
    assert list(frame["name"]) == [row.name for row in small]
    assert int(frame["macs"].sum()) == 7552


def test_to_frame_without_pandas_says_what_to_install(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        small.to_frame()


def test_a_notebook_shows_the_table(small):
    html = small._repr_html_()
    assert "<table" in html
    assert "conv1" in html


# Receptive fields.


def test_fields_grow_by_the_lectures_recursion():
    report = cnncalc.summarize(
        {
            "input": "1x32x20",
            "layers": [
                {"conv": {"filters": 1, "kernel": [3, 5], "padding": [1, 2]}, "name": "a"},
                {"max_pool": 2, "name": "b"},
                {"conv": {"filters": 1, "kernel": 3, "dilation": 2}, "name": "c"},
                {"conv": {"filters": 1, "kernel": 1, "stride": 3}, "name": "d"},
                "relu",
                {"linear": 2, "name": "e"},
            ],
        }
    )
    assert fields(report, "input") == (Field(1, 1, 0, 1), Field(1, 1, 0, 1))
    assert fields(report, "a") == (Field(3, 1, -1, 3), Field(5, 1, -2, 5))
    assert fields(report, "b") == (Field(4, 2, -1, 4), Field(6, 2, -2, 6))  # + 1·1, jump 2
    assert fields(report, "c") == (Field(12, 2, -1, 12), Field(14, 2, -2, 14))  # + 4·2
    assert fields(report, "d") == (Field(12, 6, -1, 12), Field(14, 6, -2, 14))
    assert fields(report, "relu1") == fields(report, "d")
    # 32 is 16 after the pool, 12 after c, 4 after d; 20 is 10, 6, 2: three and one jumps more.
    assert report["e"].receptive_field == (30, 20)


def test_branches_see_the_hull_of_what_each_sees():
    wide = {"conv": {"filters": 3, "kernel": 5, "padding": 2}}
    narrow = {"conv": {"filters": 3, "kernel": 3, "padding": 1}}
    report = cnncalc.summarize(
        {
            "input": "3x9x9",
            "layers": [{"branches": {"a": [narrow], "b": [wide], "c": []}, "join": "add"}],
        }
    )
    assert fields(report, "add1") == (Field(5, 1, -2, 1),) * 2


def test_branches_that_see_different_sides():
    left = {"conv": {"filters": 3, "kernel": 3, "padding": {"left": 2}}}
    right = {"conv": {"filters": 3, "kernel": 3, "padding": {"right": 2}}}
    fork = {"branches": {"l": [left], "r": [right]}, "join": "add"}
    report = cnncalc.summarize({"input": "3x3x9", "layers": [fork]})
    # From 2 before to 0, and from 0 to 2 after: five in all, though either sees only three.
    assert fields(report, "add1") == (Field(3, 1, 0, 3), Field(5, 1, -2, 3))


def test_a_fractional_step_is_exact():
    report = cnncalc.summarize(
        {"input": "1x8x8", "layers": [{"conv_transpose": {"filters": 1, "kernel": 2, "stride": 2}},
                                      {"conv": {"filters": 1, "kernel": 3}}]}
    )  # fmt: skip
    transposed, conv = fields(report, "conv_transpose1"), fields(report, "conv1")
    assert (transposed[0].size, transposed[0].jump) == (1, Fraction(1, 2))
    assert (conv[0].size, conv[0].jump) == (2, Fraction(1, 2))  # 1 + 2·1/2
    assert report.to_dict()["layers"][1]["receptive_field"][0]["jump"] == "1/2"


def test_a_hull_covers_everything_in_it():
    up = {"conv_transpose": {"filters": 1, "kernel": 2, "stride": 2}}
    ways = {"a": [{"conv": {"filters": 1, "kernel": 4, "padding": [[1, 2], [1, 2]]}}],
            "b": [{"conv": {"filters": 1, "kernel": 3, "padding": 1}}] * 2, "c": []}  # fmt: skip
    report = cnncalc.summarize(
        {"input": "1x8x8", "layers": [up, {"branches": ways, "join": "add"}]}
    )
    joined = report["add1"]
    for source in joined.sources:
        for inner, outer in zip(report.rows[source].fields, joined.fields, strict=True):
            assert outer.start <= inner.start
            assert outer.start + outer.size >= inner.start + inner.size
            assert outer.smallest <= inner.smallest


def test_inputs_with_different_axes_have_no_common_receptive_field():
    report = cnncalc.summarize(
        {
            "input": {"image": "1x4x4", "sound": "1x9", "word": 5},
            "layers": [
                {"flatten": None, "from": "image", "name": "i"},
                {"flatten": None, "from": "sound", "name": "s"},
                {"concat": {"from": ["i", "s", "word"]}, "name": "all"},
                {"linear": 3, "name": "fc"},
                {"add": {"from": ["fc", "fc"]}, "name": "twice"},
            ],
        }
    )
    assert report["i"].receptive_field == (4, 4)
    assert report["s"].receptive_field == (9,)
    assert report["word"].receptive_field == ()
    for name in ("all", "fc", "twice"):
        assert report[name].fields is None
        assert report[name].receptive_field is None
    assert report.to_dict()["layers"][-1]["receptive_field"] is None


# Laws.

FILTERS = st.integers(1, 5)
ODD = st.sampled_from([1, 3, 5])


@st.composite
def layer_lists(draw, depth=2):
    """Layers, including forks, that keep the size of a map."""
    layers = []
    for _ in range(draw(st.integers(1, 4))):
        what = draw(st.sampled_from(["conv", "act", "norm", "fork"] if depth else ["conv", "act"]))
        if what == "conv":
            kernel = draw(ODD)
            layers.append(
                {"conv": {"filters": draw(FILTERS), "kernel": kernel, "padding": kernel // 2}}
            )
        elif what == "act":
            layers.append({draw(st.sampled_from(["relu", "tanh", "sigmoid"])): None})
        elif what == "norm":
            layers.append({"batch_norm": None})
        else:
            ways = draw(st.lists(layer_lists(depth=depth - 1), min_size=2, max_size=3))
            layers.append(
                {"branches": {f"w{i}": way for i, way in enumerate(ways)}, "join": "concat"}
            )
    return layers


def named(layers, prefix):
    """The same layers with unlikely names."""
    found = []
    for i, layer in enumerate(layers):
        copy = {**layer, "name": f"{prefix}{i}"}
        if "branches" in copy:
            ways = copy["branches"].items()
            copy["branches"] = {f"{way}_": named(inner, f"{prefix}{i}{way}") for way, inner in ways}
        found.append(copy)
    return found


def reversed_branches(layers):
    """The same layers, the branches of every fork in the opposite order."""
    found = []
    for layer in layers:
        copy = dict(layer)
        if "branches" in copy:
            ways = list(copy["branches"].items())[::-1]
            copy["branches"] = {way: reversed_branches(inner) for way, inner in ways}
        found.append(copy)
    return found


def summary(layers, **options):
    return cnncalc.summarize({"input": "3x7x6", "layers": layers}, **options)


QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(layer_lists())
def test_renaming_changes_nothing(layers):
    plain, other = summary(layers), summary(named(layers, "zz"))
    assert [row.cost for row in plain.rows] == [row.cost for row in other.rows]
    assert [row.fields for row in plain.rows] == [row.fields for row in other.rows]
    assert [row.sources for row in plain.rows] == [row.sources for row in other.rows]
    assert plain.output_shape == other.output_shape


@QUICK
@given(layer_lists())
def test_the_order_of_independent_branches_changes_nothing(layers):
    plain, other = summary(layers), summary(reversed_branches(layers))
    assert plain.totals == other.totals
    assert plain.output_shape == other.output_shape
    assert plain.rows[-1].fields == other.rows[-1].fields
    # kinds may appear in another order, but hold the same
    assert plain.by_kind() == other.by_kind()


@QUICK
@given(layer_lists(), st.integers(1, 10**6))
def test_every_count_is_linear_in_the_batch(layers, batch):
    one, many = summary(layers).totals, summary(layers, batch=batch).totals
    assert many.macs == batch * one.macs
    assert many.operations == one.operations.times(batch)
    assert many.activation == batch * one.activation
    assert many.activations_total_bytes == batch * one.activations_total_bytes
    assert (many.params, many.buffers) == (one.params, one.buffers)


@QUICK
@given(layer_lists())
def test_totals_are_sums_whatever_the_network(layers):
    report = summary(layers)
    assert report.totals == sum((row.cost for row in report.rows), Cost())
    for depth in (1, 2, 3):
        assert sum(report.by_block(depth).values(), Cost()) == report.totals
    for row in report:
        for source in row.sources:
            assert report.rows.index(row) > source


@QUICK
@given(
    groups=st.integers(1, 6), n_in=st.integers(1, 4), n_out=st.integers(1, 4), kernel=ODD,
    axes=st.integers(1, 3),
)  # fmt: skip
def test_groups_divide_weights_and_macs(groups, n_in, n_out, kernel, axes):
    def layer(split):
        fields = {
            "filters": n_out * groups,
            "kernel": kernel,
            "padding": kernel // 2,
            "groups": split,
        }
        spec = {"input": [n_in * groups, *[5] * axes], "layers": [{"conv": fields}]}
        return cnncalc.summarize(spec).totals

    whole, grouped = layer(1), layer(groups)
    assert grouped.weights * groups == whole.weights
    assert grouped.macs * groups == whole.macs
    assert grouped.biases == whole.biases
    assert grouped.activation == whole.activation


@QUICK
@given(layer_lists(), st.integers(2, 4))
def test_a_repeat_equals_the_written_out_layers(layers, times):
    body = [*layers, {"conv": {"filters": 3, "kernel": 1}}]
    blocks = {"body": {"layers": body}}
    spec = {"input": "3x7x6", "blocks": blocks, "layers": [{"body": None, "repeat": times}]}
    written = {"input": "3x7x6", "blocks": blocks, "layers": ["body"] * times}
    plain = {"input": "3x7x6", "layers": body * times}
    reports = [cnncalc.summarize(one) for one in (spec, written, plain)]
    assert len({report.totals for report in reports}) == 1
    assert len({report.rows[-1].fields for report in reports}) == 1


# Units.


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (999, "999"), (1000, "1,000"), (9999, "9,999"),
        (10_000, "10.00 K"), (10_005, "10.01 K"), (10_004, "10.00 K"),
        (999_994, "999.99 K"), (999_995, "1.00 M"),  # never 1,000.00 K
        (138_357_544, "138.36 M"), (4_089_184_256, "4.09 G"),
        (10**12, "1.00 T"), (10**15, "1.00 P"),
        (10**18, "1.00 E"), (10**30, "1,000,000,000,000.00 E"), (-5, "-5"),
    ],
)  # fmt: skip
def test_counts_use_powers_of_1000(number, text):
    assert units.human(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (60_950_432, "60.95 MB"), (10**9, "1.00 GB")],
)
def test_decimal_units_are_powers_of_1000(number, text):
    assert units.in_bytes(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (1023, "1,023 B"), (1024, "1.00 KiB"), (60_950_432, "58.13 MiB"),
     (1_048_570, "1,023.99 KiB"), (1_048_576, "1.00 MiB"), (3 << 30, "3.00 GiB")],
)  # fmt: skip
def test_binary_units_are_powers_of_1024(number, text):
    assert units.in_binary(number) == text


@given(st.integers(0, 10**25))
def test_a_human_number_is_within_half_a_unit_of_its_last_digit(number):
    text, _, letter = units.human(number).replace(",", "").partition(" ")
    scale = 1000 ** ("", "K", "M", "G", "T", "P", "E").index(letter)
    step = Fraction(scale, 100) if letter else 0
    assert abs(Fraction(text) * scale - number) <= step / 2


# Shapes.


def test_a_map_has_channels_and_sizes():
    image = Map(3, (24, 32))
    assert (image.elements, image.axes, image.dimensions) == (2304, ("H", "W"), (3, 24, 32))
    assert (str(image), image.text("hwc")) == ("3×24×32", "24×32×3")
    assert (Map(2, (9,)).axes, Map(2, (9, 8, 7)).axes) == (("L",), ("D", "H", "W"))


def test_a_vector_has_a_size():
    vector = Vector(784)
    assert (vector.elements, vector.dimensions) == (784, (784,))
    assert (str(vector), vector.text("hwc")) == ("784", "784")


@pytest.mark.parametrize(
    "text",
    ["3x24x32", "3X24X32", "3*24*32", "3,24,32", "3 × 24 × 32", "[3, 24, 32]", " (3,24,32) "],
)
def test_shapes_are_read_in_many_spellings(text):
    assert read_shape(text) == Map(3, (24, 32))


def test_channels_may_be_last():
    assert read_shape("24x32x3", "hwc") == Map(3, (24, 32))
    assert read_shape("784", "hwc") == Vector(784)
    assert shape_of((9, 2), "hwc") == Map(2, (9,))


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ((), "1 to 4 sizes"),
        ((1, 2, 3, 4, 5), "not 5"),
        ((0,), "at least 1, not 0"),
        ((3, -1), "not -1"),
    ],
)
def test_an_impossible_shape_is_refused(sizes, says):
    with pytest.raises(UsageError, match=says):
        shape_of(sizes)


# The catalogue, and the wording of errors.


def test_built_ins_are_discovered_automatically():
    assert list(catalog.names()) == sorted(catalog.names())
    for name in catalog.names():
        assert catalog.path(name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("vgg61", "; did you mean 'vgg16'?"),
        ("zzzzzz", ""),
        ("../architectures/vgg16", ""),
        ("a\\b", ""),
    ],
)
def test_an_unknown_built_in_is_refused(name, hint):
    with pytest.raises(UsageError) as refused:
        catalog.path(name)
    assert str(refused.value).startswith(f"no built-in network {name!r}{hint}")


def test_a_location_prints_what_is_known():
    assert str(Where("a.yaml", 3, 5)) == "a.yaml:3:5"
    assert str(Where("a.yaml", 3)) == "a.yaml:3"
    assert str(Where("a.yaml")) == "a.yaml"
    assert str(Where("")) == ""


def test_words_are_listed_with_commas_and_or():
    assert one_of(["a"]) == "a"
    assert one_of(["a", "b"]) == "a or b"
    assert one_of(["a", "b", "c"]) == "a, b or c"


def test_a_hint_is_the_nearest_word_in_its_original_spelling():
    assert did_you_mean("RELLU", ["conv", "ReLU"]) == "; did you mean 'ReLU'?"
    assert did_you_mean("zzz", ["conv", "ReLU"]) == ""
    assert did_you_mean("zzz", []) == ""
    assert did_you_mean("vgg61", ["vgg11", "vgg16", "vgg19"]) == "; did you mean 'vgg16'?"


def test_a_row_has_the_counts_under_their_own_names():
    report = cnncalc.summarize("lenet5")
    assert report["c1"].params == 156  # 6·(5·5 + 1)
    assert report["c1"].macs == 117_600  # 156 - 6 weights at 28·28 places
    assert "c1" in report
    assert "c9" not in report
    with pytest.raises(AttributeError):
        _ = report["c1"].parms
    with pytest.raises(AttributeError):
        _ = report["c1"]._hidden


def test_a_map_with_other_axes_than_the_input_has_no_receptive_field():
    fork = {"branches": {"a": [{"permute": [0, 2, 1]}], "b": []}, "join": "add"}
    layers = [fork, {"conv": {"filters": 1, "kernel": 2}}]
    report = cnncalc.summarize({"input": "1x4x4", "layers": layers})
    assert report["conv1"].fields is None
    assert report["conv1"].receptive_field is None
    assert report.to_dict()["layers"][-1]["receptive_field"] is None


def test_shapes_are_plain_tuples():
    report = cnncalc.summarize("vgg16")
    assert report.input_shape == (3, 224, 224)
    assert tuple(report.input_shape) == (3, 224, 224)
    assert len(report.input_shape) == 3
    assert report["conv1_1"].output[0] == 64
    assert report.output_shape == (1000,)
    assert Map(channels=3, spatial=(4, 5)) == (3, 4, 5)
    assert Map(3, (4, 5)).spatial == (4, 5)
    assert pickle.loads(pickle.dumps(Map(3, (4, 5)))) == copy.copy(Map(3, (4, 5))) == (3, 4, 5)
    assert repr(Map(3, (4, 5))) == "Map(channels=3, spatial=(4, 5))"
    assert repr(Vector(10)) == "Vector(features=10)"
    assert pickle.loads(pickle.dumps(Vector(10))) == (10,)


def test_an_unknown_layer_is_also_a_key_error():
    report = cnncalc.summarize("lenet5")
    with pytest.raises(KeyError) as caught:
        _ = report["c9"]
    assert isinstance(caught.value, cnncalc.UsageError)
    assert str(caught.value).startswith("LeNet-5 has no layer 'c9'")


def test_print_shows_the_table_and_repr_stays_one_line():
    report = cnncalc.summarize("lenet5")
    assert str(report).count("\n") > len(report)
    assert "61,706" in str(report)
    assert repr(report) == "<Report of LeNet-5: 12 layers, 61,706 parameters>"
    single = cnncalc.summarize(
        {"input": "1", "layers": [{"linear": {"out_features": 1, "bias": False}}]}
    )
    assert repr(single) == "<Report of the network: 1 layer, 1 parameter>"
