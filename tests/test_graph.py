"""From spec to graph: names, sources, repeats, branches, and the order of the layers."""

import pytest

import cnncalc
from cnncalc import layers
from cnncalc.analysis import walk
from cnncalc.core.errors import CnncalcError, Mistakes
from cnncalc.core.layer import Layer
from cnncalc.homework import mistakes
from cnncalc.homework.mistake import WrongLayer

# Expected values are computed by hand next to each example, never by running the program.


def net(*layers, input="3x8x8", **more):
    return cnncalc.summarize({"input": input, "layers": list(layers), **more})


def conv(filters, kernel=1, padding=0, **more):
    return {"conv": {"filters": filters, "kernel": kernel, "padding": padding}, **more}


def names(report):
    return [row.name for row in report]


def sources(report):
    """The names of the layers that every layer reads."""
    return {row.name: [report.rows[i].name for i in row.sources] for row in report}


# Automatic names.


def test_layers_without_a_name_are_numbered_by_kind():
    report = net(conv(4), "ReLU", {"Conv2d": {"filters": 4, "kernel": 1}}, "relu", {"fc": 5})
    assert names(report) == ["conv1", "relu1", "conv2", "relu2", "flatten", "linear1"]


def test_a_number_stands_apart_from_a_word_that_ends_in_a_digit():
    block = {"takes": [], "layers": ["relu6", "relu"]}
    report = net("relu6", "ReLU6", "unit2", blocks={"unit2": block})
    assert names(report) == ["relu6_1", "relu6_2", "unit2_1.relu6_1", "unit2_1.relu1"]
    assert names(net("relu6", {"relu": None, "name": "relu6_1"})) == ["relu6_2", "relu6_1"]


def test_automatic_names_avoid_given_ones():
    report = net(conv(4), conv(4, name="conv1"), conv(4), conv(4, name="conv3"), conv(4))
    assert names(report) == ["conv2", "conv1", "conv4", "conv3", "conv5"]


def test_an_implied_flatten_avoids_given_names():
    report = net({"relu": None, "name": "flatten"}, {"linear": 4})
    assert names(report) == ["flatten", "flatten2", "linear1"]
    assert [row.implied for row in report] == [False, True, False]
    assert sources(report)["linear1"] == ["flatten2"]


def test_several_implied_flattens_have_distinct_names():
    heads = [{"linear": n, "from": "input", "name": f"head{n}"} for n in (2, 3, 4)]
    report = net(*heads)
    flat = [row.name for row in report if row.implied]
    assert flat == ["flatten", "flatten2", "flatten3"]
    assert report.totals.params == 1737  # (192 + 1)·(2 + 3 + 4)


def test_a_vector_is_not_flattened():
    assert names(net({"linear": 4}, {"linear": 2}, input="10")) == ["linear1", "linear2"]


def test_an_implied_flatten_belongs_to_the_block_of_its_layer():
    report = net("head", blocks={"head": {"layers": [{"linear": 4}]}})
    assert names(report) == ["head1.flatten", "head1.linear1"]


# From.


def test_each_layer_reads_the_one_before():
    assert sources(net(conv(4), "relu", conv(2))) == {
        "conv1": ["input"],
        "relu1": ["conv1"],
        "conv2": ["relu1"],
    }


@pytest.mark.parametrize("written", ["a", ["a"]])
def test_from_names_an_earlier_layer(written):
    report = net({"relu": None, "name": "a"}, "tanh", {"sigmoid": None, "from": written})
    assert sources(report)["sigmoid1"] == ["a"]


@pytest.mark.parametrize(
    "join", [{"concat": {"from": ["a", "b"]}}, {"concat": None, "from": ["a", "b"]}]
)
def test_from_can_be_inside_a_kind_or_beside_it(join):
    report = net(conv(4, name="a"), conv(5, name="b"), join)
    assert sources(report)["concat1"] == ["a", "b"]
    assert str(report.output_shape) == "9×8×8"


def test_from_can_be_one_of_a_kind_s_fields():
    report = net(conv(4, name="a"), "relu", {"conv": {"filters": 2, "kernel": 1, "from": "a"}})
    assert sources(report)["conv1"] == ["a"]
    assert report["conv1"].cost.params == 10  # 2·4 + 2


def test_sources_keep_their_order_and_may_repeat():
    report = net(conv(4, name="a"), {"concat": None, "from": ["a", "input", "a"]})
    assert sources(report)["concat1"] == ["a", "input", "a"]
    assert str(report.output_shape) == "11×8×8"


def test_from_input_is_the_network_s_input():
    report = net(conv(4), {"max_pool": 2, "from": "input"})
    assert str(report.output_shape) == "3×4×4"


def test_from_reaches_into_blocks_and_repeats_by_dotted_names():
    unit = {"layers": [conv(4, name="c"), {"max_pool": 2, "name": "p"}]}
    report = net(
        {"unit": None, "name": "u", "repeat": 2},
        {"relu": None, "from": "u.0.c", "name": "x"},
        {"relu": None, "from": "u.1.p", "name": "y"},
        {"relu": None, "from": "u", "name": "z"},
        blocks={"unit": unit},
    )
    found = sources(report)
    assert (found["x"], found["y"], found["z"]) == (["u.0.c"], ["u.1.p"], ["u.1.p"])
    assert str(report["x"].output) == "4×8×8"
    assert str(report["z"].output) == "4×2×2"


def test_from_input_inside_a_block_is_the_block_s_input():
    unit = {"layers": [conv(3), {"add": {"from": ["conv1", "input"]}}]}
    unit["layers"][0]["name"] = "conv1"
    report = net("tanh", {"unit": None, "repeat": 2, "name": "u"}, blocks={"unit": unit})
    found = sources(report)
    assert found["u.0.add1"] == ["u.0.conv1", "tanh1"]
    assert found["u.1.add1"] == ["u.1.conv1", "u.0.add1"]


def test_from_input_inside_a_branch_is_the_fork_s_input():
    ways = {"a": ["tanh", {"sigmoid": None, "from": "input"}], "b": []}
    report = net({"relu": None, "name": "stem"}, {"branches": ways, "join": "add"})
    assert sources(report)["a.sigmoid1"] == ["stem"]


def test_a_branch_sees_the_layers_around_it():
    ways = {"a": [{"tanh": None, "from": "stem"}], "b": []}
    report = net({"relu": None, "name": "stem"}, "sigmoid", {"branches": ways, "join": "add"})
    assert sources(report)["a.tanh1"] == ["stem"]
    assert sources(report)["add1"] == ["a.tanh1", "sigmoid1"]


def test_a_block_passes_all_its_sources_to_its_first_layer():
    unit = {"layers": ["concat", conv(2)]}
    report = net(
        conv(4, name="a"), conv(5, name="b"), {"unit": None, "from": ["a", "b"]},
        blocks={"unit": unit},
    )  # fmt: skip
    assert sources(report)["unit1.concat1"] == ["a", "b"]
    assert report["unit1.conv1"].cost.params == 20  # 2·9 + 2


def test_a_shared_layer_name_in_two_blocks_is_two_layers():
    unit = {"layers": [conv(3, name="c")]}
    assert names(net("unit", "unit", blocks={"unit": unit})) == ["unit1.c", "unit2.c"]


def test_u_net_s_skip():
    report = net(
        conv(4, 3, 1, name="enc"),
        {"max_pool": 2},
        conv(8, 3, 1),
        {"upsample": 2, "name": "up"},
        {"concat": {"from": ["up", "enc"]}, "name": "skip"},
    )
    assert str(report.output_shape) == "12×8×8"
    assert sources(report)["skip"] == ["up", "enc"]


# Several inputs.


def test_two_inputs_by_name():
    report = net(
        {"linear": 4, "from": "left"},
        {"linear": 4, "from": "right"},
        {"concat": {"from": ["linear1", "linear2"]}},
        {"linear": 1},
        input={"left": 3, "right": "5"},
    )
    assert {name: str(shape) for name, shape in report.input_shapes.items()} == {
        "left": "3",
        "right": "5",
    }
    assert report.totals.params == 49  # 4·4, 4·6 and 1·9
    assert sources(report)["linear2"] == ["right"]


def test_with_several_inputs_the_first_layer_needs_a_source():
    with pytest.raises(
        CnncalcError, match=r"the network has several inputs; choose one with 'from': left, right"
    ):
        net("relu", input={"left": 3, "right": 5})


def test_one_input_may_have_a_name():
    assert sources(net("relu", input={"image": "3x8x8"})) == {"relu1": ["image"]}


# Repeat and when.


@pytest.mark.parametrize(("times", "found"), [(1, ["r.0"]), (3, ["r.0", "r.1", "r.2"]), (0, [])])
def test_repeat_puts_a_layer_several_times_in_a_row(times, found):
    report = net("tanh", {"relu": None, "repeat": times, "name": "r"})
    assert names(report) == ["tanh1", *found]
    chain = ["tanh1", *found]
    assert [sources(report)[name] for name in found] == [[before] for before in chain[:-1]]


def test_a_repeat_may_use_its_index():
    report = net({"linear": "${10 - 2 * index}", "repeat": 3, "name": "fc"}, input="4")
    assert [str(row.output) for row in report] == ["10", "8", "6"]


def test_repeats_multiply():
    inner = {"layers": [{"relu": None, "repeat": 3}]}
    outer = {"layers": [{"inner": None, "repeat": 4}]}
    report = net({"outer": None, "repeat": 5}, blocks={"inner": inner, "outer": outer})
    assert len(report) == 60


@pytest.mark.parametrize(("deep", "found"), [(True, ["relu1", "tanh1"]), (False, ["relu1"])])
def test_when_leaves_a_layer_out(deep, found):
    spec = {
        "input": 3,
        "parameters": {"deep": not deep},
        "layers": ["relu", {"tanh": None, "when": "$deep"}],
    }
    assert names(cnncalc.summarize(spec, settings={"deep": deep})) == found


def test_a_layer_left_out_may_share_its_name_with_its_replacement():
    report = net(
        {"relu": None, "name": "act", "when": False}, {"tanh": None, "name": "act", "when": True}
    )
    assert [row.kind for row in report] == ["tanh"]


def test_layers_left_out_are_not_counted_in_automatic_names():
    assert names(net({"relu": None, "when": False}, "relu")) == ["relu1"]


@pytest.mark.parametrize(
    "fork", [{"residual": ["relu"]}, {"branches": [["relu"], []], "join": "add"}]
)
def test_a_repeated_fork_without_a_name_has_whole_names(fork):
    report = net({**fork, "repeat": 2}, {**fork, "repeat": 2})
    assert len(report) == 8
    assert len(set(names(report))) == 8
    assert all(part for name in names(report) for part in name.split("."))


def test_a_repeated_residual_with_a_name():
    report = net({"residual": [conv(3)], "repeat": 2, "name": "trunk"})
    assert names(report) == ["trunk.0.conv1", "trunk.0.add1", "trunk.1.conv1", "trunk.1.add1"]
    assert sources(report)["trunk.1.add1"] == ["trunk.1.conv1", "trunk.0.add1"]


# Branches and residuals.

WAYS = {
    "1x1": [conv(4), "relu"],
    "3x3": [conv(2), conv(5, 3, 1)],
    "pool": [{"max_pool": {"kernel": 3, "stride": 1, "padding": 1}}],
    "none": [],
}


def test_branches_are_joined_in_the_order_written():
    report = net({"branches": WAYS, "join": "concat"})
    assert names(report) == [
        "1x1.conv1", "1x1.relu1", "3x3.conv1", "3x3.conv2", "pool.max_pool1", "concat1",
    ]  # fmt: skip
    assert sources(report)["concat1"] == ["1x1.relu1", "3x3.conv2", "pool.max_pool1", "input"]
    assert str(report.output_shape) == "15×8×8"  # 4 + 5 + 3 + 3
    assert report.totals.params == 119  # 4·4, 2·4 and 5·(18 + 1)


def test_named_branches_put_their_name_before_everything():
    report = net(
        {"branches": WAYS, "join": "concat", "name": "fork"}, {"relu": None, "from": "fork"}
    )
    assert names(report)[0] == "fork.1x1.conv1"
    assert names(report)[-2:] == ["fork.concat1", "relu1"]
    assert sources(report)["relu1"] == ["fork.concat1"]


def test_branches_may_be_a_list():
    report = net({"branches": [[conv(4)], [conv(5)]], "join": "concat"})
    assert names(report) == ["branch1.conv1", "branch2.conv1", "concat1"]


@pytest.mark.parametrize(
    ("join", "kind", "shape"),
    [("concat", "concat", "6×8×8"), ("add", "add", "3×8×8"), ("multiply", "multiply", "3×8×8"),
     ("Sum", "add", "3×8×8"), ("cat", "concat", "6×8×8")],
)  # fmt: skip
def test_each_join(join, kind, shape):
    report = net({"branches": {"a": [conv(3)], "b": []}, "join": join})
    assert (report.rows[-1].kind, str(report.output_shape)) == (kind, shape)


def test_joins_in_one_network_are_independent():
    forks = [{"branches": {f"{join}{i}": [conv(3)], "b": []}, "join": join}
             for i in range(3) for join in ("add", "multiply", "add")]  # fmt: skip
    report = net(
        *forks, {"branches": {"x": [conv(4)], "y": []}, "join": "concat"}, {"residual": ["relu"]}
    )
    kinds = [row.kind for row in report if row.kind in ("add", "multiply", "concat")]
    assert kinds == ["add", "multiply", "add"] * 3 + ["concat", "add"]


def test_a_gate_multiplies_each_channel():
    """Squeeze and excitation: a number for each channel scales the whole map."""
    gate = ["global_avg_pool", conv(2), "relu", conv(3), "sigmoid"]
    report = net({"branches": {"map": [], "gate": gate}, "join": "multiply"})
    assert str(report.output_shape) == "3×8×8"
    assert report.totals.params == 17  # 2·4 + 3·3


def test_a_residual_adds_its_input():
    report = net(conv(3, name="stem"), {"residual": [conv(3, 3, 1), "relu"]}, "tanh")
    assert sources(report)["add1"] == ["relu1", "stem"]
    assert sources(report)["tanh1"] == ["add1"]
    assert report["add1"].cost.add == 192


def test_a_residual_with_a_shortcut():
    report = net(
        {"residual": [conv(6, 3, 1), {"max_pool": 2}], "shortcut": [
            {"conv": {"filters": 6, "kernel": 1, "stride": 2}}], "name": "r"},
    )  # fmt: skip
    assert names(report) == ["r.conv1", "r.max_pool1", "r.shortcut.conv1", "r.add1"]
    assert sources(report)["r.shortcut.conv1"] == ["input"]
    assert str(report.output_shape) == "6×4×4"
    assert report.totals.params == 192  # 6·28 and 6·4


@pytest.mark.parametrize("shortcut", [[], None])
def test_an_empty_shortcut_is_the_identity(shortcut):
    report = net({"residual": ["relu"], "shortcut": shortcut})
    assert sources(report)["add1"] == ["relu1", "input"]


def test_branches_in_branches():
    inner = {"branches": {"x": [conv(1)], "y": [conv(2)]}, "join": "concat", "name": "inner"}
    report = net({"branches": {"a": [inner, conv(4)], "b": [conv(5)]}, "join": "concat"})
    assert names(report) == [
        "a.inner.x.conv1", "a.inner.y.conv1", "a.inner.concat1", "a.conv1", "b.conv1", "concat1",
    ]  # fmt: skip
    assert str(report.output_shape) == "9×8×8"


def test_two_forks_with_the_same_branch_names_do_not_clash():
    report = net({"branches": {"a": [conv(3)], "b": []}, "join": "add"},
                 {"branches": {"a": [conv(3)], "b": []}, "join": "add"})  # fmt: skip
    assert len(set(names(report))) == len(report) == 4
    assert sources(report)["add2"] == [names(report)[2], "add1"]


def test_a_branch_may_use_blocks():
    unit = {"takes": ["n"], "layers": [conv("$n"), "relu"]}
    report = net({"branches": {"a": [{"unit": 4}], "b": [{"unit": 5}]}, "join": "concat"},
                 blocks={"unit": unit})  # fmt: skip
    assert names(report) == [
        "a.unit1.conv1", "a.unit1.relu1", "b.unit1.conv1", "b.unit1.relu1", "concat1",
    ]  # fmt: skip


@pytest.mark.parametrize("key", [{"repeat": 3}, {"when": False}, {"name": "j"}, {"from": "input"}])
def test_a_key_without_effect_beside_a_join_is_refused(key):
    with pytest.raises(CnncalcError):
        net({"branches": {"a": ["relu"], "b": []}, "join": {"add": None, **key}})


# Mistakes.


def errors(*layers, **more):
    with pytest.raises(Mistakes) as refused:
        net(*layers, **more)
    return [error.sentence for error in refused.value.errors]


def test_all_mistakes_are_reported_at_once_without_their_consequences():
    sentences = errors(
        {"tanh": 1},
        {"max_pool": 9, "from": "input", "name": "pool"},
        {"conv": {"filters": 3, "kernel": 99}, "from": "pool"},
        {"add": {"from": ["pool", "input"]}},
        {"linear": 0, "from": "input"},
        "nothing",
    )
    assert len(sentences) == 4
    assert any("tanh has no fields" in text for text in sentences)
    assert any("layer 'pool'" in text for text in sentences)
    assert any("linear 'out_features'" in text for text in sentences)
    assert any("no layer kind 'nothing'" in text for text in sentences)


def test_a_mistake_in_a_block_is_reported_once():
    sentences = errors(
        {"unit": None, "repeat": 5}, "unit", blocks={"unit": {"layers": [{"linear": 0}]}}
    )
    assert sentences == ["linear 'out_features' must be a whole number of at least 1, not 0"]


def test_the_search_stops_after_fifty_mistakes():
    assert len(errors(*[{"relu": None, "from": f"x{i}"} for i in range(1000)])) == 50


def test_reading_stops_after_fifty_broken_entries():
    assert len(errors(*[{"relu": None, f"zzz{i}": 1} for i in range(1000)])) == 50


def test_a_layer_in_a_fork_without_a_name_shares_the_names_of_its_list():
    sentences = errors({"relu": None, "name": "x"}, {"residual": [{"tanh": None, "name": "x"}]})
    assert len(sentences) == 1
    assert sentences[0].startswith("two layers are named 'x'")


def test_a_map_above_the_size_limit_is_refused():
    grow = {"upsample": 10**60, "name": "up", "repeat": 2}
    assert any(
        "'up.1'" in text and "a size of the output has more than 100 digits" in text
        for text in errors(grow)
    )


def test_the_largest_network_is_five_thousand_layers():
    assert len(net({"relu": None, "repeat": 5_000}, input="1")) == 5_000
    assert errors({"relu": None, "repeat": 5_001}) == ["the spec expands to more than 5,000 layers"]


def test_copies_without_layers_do_not_count_towards_the_limit():
    block = {"layers": [{"relu": None, "repeat": 100, "when": "${i == 0}"}, "tanh"], "takes": ["i"]}
    spec = {"input": 1, "blocks": {"b": block}, "layers": [{"b": "$index", "repeat": 60}]}
    assert len(cnncalc.summarize(spec)) == 100 + 60


def test_a_network_that_grows_past_the_limit_is_stopped():
    blocks = {f"b{i}": {"layers": [f"b{i + 1}"] * 20} for i in range(3)}
    blocks["b3"] = {"layers": ["relu"] * 20}  # 20^4 = 160,000 layers
    assert errors("b0", input="1", blocks=blocks) == ["the spec expands to more than 5,000 layers"]


def test_an_expansion_without_layers_is_stopped_too():
    unit = {"layers": [{"relu": None, "when": False}]}
    sentences = errors({"unit": None, "repeat": 10**9}, blocks={"unit": unit})
    assert sentences == ["the spec expands to more than 25,000 steps"]


def test_blocks_nest_forty_deep():
    def nested(depth):
        blocks = {f"b{i}": {"layers": [f"b{i + 1}"]} for i in range(depth - 1)}
        return {**blocks, f"b{depth - 1}": {"layers": ["relu"]}}

    assert len(net("b0", blocks=nested(40))) == 1
    assert errors("b0", blocks=nested(41)) == ["blocks and branches nest deeper than 40 levels"]


def test_an_incomplete_kind_raises_a_type_error():
    class Silent(Layer):
        """An incomplete kind."""

    with pytest.raises(TypeError, match="does not implement output"):
        Silent().infer((None,))
    with pytest.raises(TypeError, match="does not implement operations"):
        Silent().operations(None)


def test_a_block_sees_its_own_arguments_and_the_parameters_but_not_its_caller_s():
    blocks = {
        "inner": {"layers": [{"linear": "$width"}]},
        "outer": {"takes": ["width"], "layers": ["inner"]},
    }
    assert errors({"outer": 4}, blocks=blocks)[0].startswith("'width' is not defined here")
    report = net({"outer": 4}, blocks=blocks, parameters={"width": 9})
    assert report.output_shape.features == 9


# The values of names are limited; the bombs of test_bad_input.py run in their own processes.


def refusal(**spec):
    with pytest.raises(CnncalcError) as refused:
        cnncalc.summarize({"input": "3x8x8", **spec})
    return str(refused.value)


def test_a_list_that_doubles_is_refused():
    doubled = {f"a{i + 1}": [f"$a{i}", f"$a{i}"] for i in range(20)}
    message = refusal(parameters={"a0": 1, **doubled}, layers=[{"linear": "$a20"}])
    # 2 of one, 1 for the list: 3, 7, 15, ... a16 would hold 131,071.
    assert message == "this contains more than 50,000 values once its names are filled in"


def test_a_long_list_is_not_compared():
    message = refusal(parameters={"a": [1] * 400}, layers=[{"relu": None, "when": "${a == 3}"}])
    assert message.startswith("[1, 1, ")
    assert message.endswith("... is too long to compare: it has more than 1,000 characters")


def test_only_the_first_of_many_wrong_fields_are_reported():
    fields = {f"field{i}": 1 for i in range(200)}
    with pytest.raises(Mistakes) as refused:
        cnncalc.summarize({"input": "3x8x8", "layers": [{"linear": fields}]})
    assert len(refused.value.errors) == 50


# Recomputing a report.


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "unet", "efficientnet_b0", "lenet5"])
def test_keeping_what_did_not_change_gives_the_same_rows(name):
    report = cnncalc.summarize(name)
    wrong = [one for one in mistakes.every() if isinstance(one, WrongLayer)]
    layers = [(n, row) for n, row in enumerate(report.rows) if row.sources]
    replaced = [(n, one.instead(row)) for n, row in layers for one in wrong]
    tried = [(n, layer) for n, layer in replaced if layer is not None][::5]
    assert tried
    for changed, layer in tried:
        rows = list(report.rows)
        rows[changed] = rows[changed]._replace(layer=layer)
        whole, refused = walk.recompute(report, rows)
        kept, also_refused = walk.recompute(report, rows, keep=True)
        # Recomputing forgets which rows of the report are implied.
        both = (kept.rows, whole.rows)
        one, other = ([row._replace(implied=False) for row in rows] for rows in both)
        assert one == other
        assert list(map(str, also_refused)) == list(map(str, refused))
        assert kept.rows[0] is report.rows[0]


def test_a_change_may_add_layers_to_those_that_are_kept():
    # The global pool outputs a vector. The max pool in its place outputs 2×1×1, which is flattened.
    report = cnncalc.summarize(
        {"input": "2x2x2", "layers": ["relu", {"global_avg_pool": None, "name": "pool"},
                                      {"linear": 3, "name": "fc"}, "relu"]}
    )  # fmt: skip
    rows = [
        row._replace(layer=layers.load("max_pool").parse(2)) if row.name == "pool" else row
        for row in report.rows
    ]
    whole, _ = walk.recompute(report, rows)
    kept, _ = walk.recompute(report, rows, keep=True)
    assert [row._replace(implied=False) for row in kept.rows] == [
        row._replace(implied=False) for row in whole.rows
    ]
    assert kept["fc"].params == 9
    assert len(kept.rows) >= len(report.rows)
