"""Layers that get the height and width of another layer."""

import pytest

import cnncalc
from cnncalc import Mistakes, bridge, layers
from cnncalc.core.shape import Map
from cnncalc.layers._like import Like

PYRAMID = {
    "input": {"c3": "4x13x21", "c4": "6x7x11", "c5": "8x4x6"},
    "layers": [
        {"conv": {"filters": 4, "kernel": 1}, "from": "c5"},
        {"upsample": {"like": "c4"}, "name": "u5"},
        {"conv": {"filters": 4, "kernel": 1}, "from": "c4", "name": "l4"},
        {"add": {"from": ["u5", "l4"]}},
        {"upsample": {"like": "c3", "mode": "bilinear"}, "name": "u4"},
        {"conv": {"filters": 4, "kernel": 1}, "from": "c3", "name": "l3"},
        {"add": {"from": ["u4", "l3"]}},
        {"crop": {"offset": [2, 1], "like": "c5"}, "name": "cropped"},
        {"pad": {"like": "c4"}, "name": "padded"},
        {"crop": {"like": "c5"}, "name": "middle"},
    ],
}


def summarized(*layers, shape="1x6x9"):
    return cnncalc.summarize({"input": shape, "layers": list(layers)})


def test_a_pyramid_fits_on_odd_sizes():
    report = cnncalc.summarize(PYRAMID)
    assert report["u5"].output == (4, 7, 11)
    assert report["u4"].output == (4, 13, 21)
    assert report["cropped"].layer.sides(report["u4"].output) == ((2, 7), (1, 14))
    # 4×6 becomes 7×11: 3 rows, the odd one below; 5 columns, the odd one on the right.
    assert report["padded"].layer.padding == ((1, 2), (2, 3))
    assert report["middle"].layer.sides(report["padded"].output) == ((1, 2), (2, 3))
    assert report["u4"].layer.text() == "size [13, 21], mode bilinear"


def test_another_input_gives_other_sizes():
    report = cnncalc.summarize(PYRAMID, input={"c4": "6x8x8"})
    assert report["u5"].output == (4, 8, 8)


@pytest.mark.parametrize("batch", [1, 2])
def test_pytorch_agrees(batch):
    report = cnncalc.summarize(PYRAMID, batch=batch)
    assert not bridge.verify(report, "cpu").disagreements


def test_the_reference_is_not_an_input_of_the_layer():
    report = summarized({"max_pool": 2}, {"conv": {"filters": 1, "kernel": 1}, "name": "c"},
                        {"upsample": {"like": "input"}})  # fmt: skip
    assert report["upsample1"].sources == (2,)
    assert report["upsample1"].output == (1, 6, 9)


def test_inside_a_block_the_input_is_the_block_s():
    spec = {
        "input": "1x9x9",
        "blocks": {"same": {"layers": [{"max_pool": 2}, {"upsample": {"like": "input"}}]}},
        "layers": [{"max_pool": 3}, "same"],
    }
    assert cnncalc.summarize(spec).output_shape == (1, 3, 3)


def test_a_name_may_come_from_an_argument():
    spec = {
        "input": "1x9x9",
        "blocks": {"up": {"takes": ["to"], "layers": [{"upsample": {"like": "$to"}}]}},
        "layers": [{"max_pool": 2, "name": "half"}, {"max_pool": 2}, {"up": "half"}],
    }
    assert cnncalc.summarize(spec).output_shape == (1, 4, 4)


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        ({"upsample": {"like": "inptu"}},
         "'like: inptu' does not name a layer; did you mean 'input'?"),
        ({"upsample": {"like": "later"}}, "'like: later' names a layer that is not above this one"),
        ({"upsample": {"like": "input", "size": 3}},
         "exactly one of 'scale_factor', 'size' and 'like'"),
        ({"upsample": {"like": 3}}, "'like' must be the name of a layer, not 3"),
        ({"crop": {"like": "wide"}}, "cannot keep 8 cells of an axis of size 6"),
        ({"crop": {"like": "input", "offset": 1}}, "cannot keep 6 cells of an axis of size 6 with"),
        ({"pad": {"like": "small"}}, "cannot pad an axis of size 6 to 2; crop it"),
        ({"upsample": {"like": "flat"}}, "not a vector"),
        ({"pad": {"like": "line"}}, "sizes of 1×4, which has a different number of axes"),
        ({"upsample": {"like": "both"}}, "'like: both' names 2 layers, not one"),
    ],
)  # fmt: skip
def test_what_cannot_be_sized_is_refused(layer, says):
    spec = {
        "input": {"input": "1x6x9", "wide": "1x8x8", "small": "1x2x2", "flat": 5, "line": "1x4"},
        "layers": [
            {"add": {"from": ["input", "input"]}},
            layer | {"from": "input"},
            {"relu": None, "name": "later"},
        ],
    }  # fmt: skip
    if "both" in says:
        spec["blocks"] = {"b": {"layers": [layer]}}
        spec["layers"] = [{"b": None, "from": ["input", "wide"]}]
        layer["upsample"]["like"], says = "input", says.replace("both", "input")
    with pytest.raises(Mistakes) as refused:
        cnncalc.summarize(spec)
    assert says in str(refused.value)


def test_a_refused_reference_is_reported_alone():
    with pytest.raises(Mistakes) as refused:
        summarized({"max_pool": 20, "name": "p"}, {"upsample": {"like": "p"}, "from": "input"})
    assert len(refused.value.errors) == 1


def test_outside_a_network_there_is_no_other_layer():
    with pytest.raises(cnncalc.CnncalcError, match="'like: c4' does not name a layer"):
        cnncalc.layer("upsample", "3x4x4", like="c4")


def test_only_a_layer_with_like_follows_another():
    relu, x = layers.load("relu").parse(None), Map(2, (4, 4))
    assert relu.sized_like(x, Map(2, (8, 8))) is relu
    with pytest.raises(TypeError, match="crop does not implement sized"):
        Like.sized(layers.load("crop").parse({"like": "a"}), x, x)
