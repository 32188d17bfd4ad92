"""The smallest input is accepted, and no smaller one is."""

import pytest

import cnncalc
from cnncalc.core.errors import CnncalcError, Mistakes


def smallest(target):
    shapes = cnncalc.summarize(target, tiny=True).input_shapes
    return [str(shape) for shape in shapes.values()]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("vgg16", "3×32×32"),  # five pools halve it, and one pixel must be left
        ("resnet50", "3×1×1"),  # everything is padded, and the pool at the end accepts any size
        ("lenet5", "1×32×32"),  # C5 needs 5×5 cells: 5·2 + 4 = 14 and 14·2 + 4 = 32
        ("alexnet_torchvision", "3×63×63"),
        ("unet", "1×572×572"),  # its crops are for a single size
        ("tdnn", "16×7"),  # 3 and 5 frames in a row: 3 + 4 = 7
        ("mlp_mnist", "784"),
    ],
)
def test_the_smallest_input_of_a_built_in(name, shape):
    assert smallest(name) == [shape]


@pytest.mark.parametrize("name", ["vgg16", "alexnet", "squeezenet1_1", "densenet121"])
def test_one_pixel_less_is_refused(name):
    channels, *sides = cnncalc.summarize(name, tiny=True).input_shape.dimensions
    with pytest.raises(CnncalcError, match=r"larger than the (padded )?input"):
        cnncalc.summarize(name, input=[channels, *(side - 1 for side in sides)])


def test_the_next_size_may_be_refused():
    # Only an even map has its size again after halving and doubling.
    layers = [
        {"conv": {"filters": 1, "kernel": 3}, "name": "a"},
        {"max_pool": 2},
        {"upsample": 2},
        {"add": None, "from": ["a", "upsample1"]},
    ]
    assert smallest({"input": "1x64x64", "layers": layers}) == ["1×4×4"]


def test_sides_shrink_to_one_size_and_shorter_ones_stay():
    layers = [{"conv": {"filters": 1, "kernel": [2, 5]}}]
    assert smallest({"input": "1x3x40", "layers": layers}) == ["1×3×5"]


def test_several_inputs_shrink_together():
    layers = [{"concat": {"from": ["x", "y"]}}, {"max_pool": 4}]
    spec = {"input": {"x": "2x64x64", "y": "3x64x64"}, "layers": layers}
    assert smallest(spec) == ["2×4×4", "3×4×4"]


def test_long_signals_are_halved():
    layers = [{"max_pool": {"kernel": 3_000}}]
    assert smallest({"input": "1x1000000", "layers": layers}) == ["1×3000"]


def test_an_error_at_every_size_is_reported_for_the_original_input():
    with pytest.raises(Mistakes, match="input 1×10×10"):
        cnncalc.summarize("1x10x10-4C11-10N", tiny=True)


def test_wrong_parameters_are_reported():
    with pytest.raises(Mistakes, match="needs 'kernel_size'"):
        cnncalc.summarize({"input": "1x10x10", "layers": [{"conv": 8}]}, tiny=True)
