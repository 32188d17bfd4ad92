"""How layers find their inputs: gathered copies, names that count, and ports of blocks."""

import pytest

import cnncalc
from cnncalc import Mistakes

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


@pytest.mark.parametrize("name", ["01", "1a", "m", "-1"])
def test_other_names_get_a_number_behind_a_dot(name):
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
         "'m.*' gathers no layer: it is left out"),
        ([CONV | {"name": "m"}, {"concat": {"from": ["m.*"]}}],
         "'from: m.*' gathers the copies of a repeated layer, which is not above"),
    ],
)  # fmt: skip
def test_what_cannot_be_gathered_is_refused(layers, says):
    assert says in refusal({"input": "8x4x4", "layers": layers})
