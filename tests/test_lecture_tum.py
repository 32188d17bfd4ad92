"""TUM, Introduction to Deep Learning, "Convolutional Neural Networks" (lecture 7): every figure.

Expected numbers are those that the deck prints, or are worked out here from the deck's own formula.
Where the deck is wrong, the test asserts the truth and says why.
"""

from fractions import Fraction
from math import prod

import pytest
from lecture import positions, row

from cnncalc import summarize
from cnncalc.derivations import stride
from cnncalc.derivations.stride import Axis
from cnncalc.formulas import parameters, window


def conv(filters, F, S=1, P=0):
    return {"conv": {"filters": filters, "F": F, "S": S, "P": P}}


def depth(report):
    """The most layers with weights in sequence."""
    depths = []
    for r in report.rows:
        before = max((depths[source] for source in r.sources), default=0)
        depths.append(before + (r.kind in ("conv", "linear")))
    return depths[-1]


def hwc(report_row):
    """A feature map as the deck writes it: height, width, depth."""
    depth, *spatial = report_row.output.dimensions
    return (*spatial, depth)


# Discrete case: box filter. Ten numbers 4 3 2 -5 3 5 2 5 5 6, a box of three.

SHRINK = [3, 0, 0, 1, 10 / 3, 4, 4, 16 / 3]
PAD = [7 / 3, *SHRINK, 11 / 3]


def test_box_filter_shrinks_the_signal():
    assert row("1x10", conv(1, 3)).output.dimensions == (1, len(SHRINK))


def test_box_filter_with_padding_keeps_the_signal():
    assert row("1x10", conv(1, 3, P=1)).output.dimensions == (1, len(PAD))


def test_box_filter_has_three_weights():
    assert row("1x10", conv(1, 3)).cost.weights == 3


# Convolution Layers: Dimensions; with a stride of 1, 2, 3.


@pytest.mark.parametrize(("S", "size"), [(1, 5), (2, 3)], ids=["stride1", "stride2"])
def test_7x7_input_3x3_filter(S, size):
    axis = Axis(N=7, F=3, S=S)
    assert axis.fits
    assert axis.floor == size
    assert axis.floor == positions(7, 3, S)
    assert row("1x7x7", conv(1, 3, S)).output.dimensions == (1, size, size)


@pytest.mark.parametrize(
    ("S", "value"), [(1, "5"), (2, "3"), (3, "2.33")], ids=["stride1", "stride2", "stride3"]
)
def test_7x7_equation_as_printed(S, value):
    # (7 − 3)/1 + 1 = 5, (7 − 3)/2 + 1 = 3, (7 − 3)/3 + 1 = 2.3333
    equation = stride.equation(Axis(N=7, F=3, S=S))
    assert f"(7 − 3)/{S} + 1" in equation
    assert equation.endswith(f"= {value}")


def test_stride_3_is_illegal_with_a_remainder():
    # "Does not really fit; remainder left... -> Illegal stride for input & filter size!"
    axis = Axis(N=7, F=3, S=3)
    assert not axis.fits
    assert axis.remainder == 1  # windows at 0-2 and 3-5; pixel 6 is left
    assert stride.unread(axis) == [(6, 6)]


def test_stride_3_strict_rule_refuses():
    # "Fractions are illegal"
    sizes = [rule.size for rule in stride.rules(Axis(N=7, F=3, S=3)) if "illegal" in rule.name]
    assert sizes == [None]


def test_stride_3_is_floored_by_torch():
    # The lecture's own library floors (slide "Conv Layer in Torch"): floor(4/3 + 1) = 2.
    assert row("1x7x7", conv(1, 3, 3)).output.dimensions == (1, 2, 2)


@pytest.mark.parametrize("S", range(1, 6))
@pytest.mark.parametrize("F", range(1, 7))
def test_output_size_without_padding_counts_windows(F, S):
    # Output: (N − F)/S + 1, where that is whole; otherwise the stride is illegal.
    for N in range(F, 15):
        axis = Axis(N=N, F=F, S=S)
        exact = Fraction(N - F, S) + 1
        assert axis.floor == positions(N, F, S)
        assert axis.fits == (exact.denominator == 1)
        if axis.fits:
            assert axis.floor == exact


@pytest.mark.parametrize("P", range(4))
@pytest.mark.parametrize("S", range(1, 5))
@pytest.mark.parametrize("F", [1, 2, 3, 5, 7])
def test_output_size_with_padding_counts_windows(F, S, P):
    # Output: (N + 2·P − F)/S + 1
    for N in range(max(1, F - 2 * P), 15):
        exact = Fraction(N + 2 * P - F, S) + 1
        assert window.output_size(N=N, F=F, S=S, P=P) == positions(N, F, S, P)
        assert Axis(N, F, S, P).fits == (exact.denominator == 1)
        if exact.denominator == 1:
            assert window.output_size(N=N, F=F, S=S, P=P) == exact


# Padding.


def test_image_7x7_with_padding_1_keeps_its_size():
    assert row("1x7x7", conv(1, 3, P=1)).output.dimensions == (1, 7, 7)


def test_image_7x7_padded_is_9x9():
    # The slide's picture: a frame of zeros around 7×7, nine cells wide.
    assert window.padded_size(N=7, P_before=1, P_after=1) == 9


def test_question_what_is_the_output_with_padding_2():
    # (7 + 2·2 − 3)/1 + 1 = 9: larger than the image
    assert row("1x7x7", conv(1, 3, P=2)).output.dimensions == (1, 9, 9)


@pytest.mark.parametrize("F", [1, 3, 5, 7, 9, 11])
@pytest.mark.parametrize("N", [7, 32, 227])
def test_padding_half_of_filter_preserves_size(N, F):
    # To preserve the size, the slide sets the padding to P = (F − 1)/2.
    assert row(f"1x{N}x{N}", conv(1, F, P=(F - 1) // 2)).output.dimensions == (1, N, N)


def test_shrinking_down_quickly():
    # 32 -> 28 -> 24 -> 20, with filters of 5×5
    report = summarize({"input": "3x32x32", "layers": [conv(6, 5), conv(10, 5), conv(10, 5)]})
    assert [r.output.spatial for r in report.rows] == [(n, n) for n in (32, 28, 24, 20)]


# The worked example: 32×32×3, ten filters of 5×5, stride 1, padding 2.

TEN_FILTERS = ("3x32x32", conv(10, 5, P=2))


def test_example_output_is_32x32x10():
    # (32 + 2·2 − 5)/1 + 1 = 32
    assert hwc(row(*TEN_FILTERS)) == (32, 32, 10)


def test_example_has_760_parameters():
    # 5·5·3 + 1 = 76 for each filter
    assert row(*TEN_FILTERS).cost.params == 76 * 10 == 760


def test_example_weights_and_biases():
    cost = row(*TEN_FILTERS).cost
    assert (cost.weights, cost.biases) == (5 * 5 * 3 * 10, 10)


def test_example_one_filter_has_76_parameters():
    assert row("3x32x32", conv(1, 5, P=2)).cost.params == 76


@pytest.mark.parametrize("F", [1, 3, 5])
@pytest.mark.parametrize("D_in", [1, 3, 64])
@pytest.mark.parametrize("K", [32, 64, 128, 512])
def test_weights_and_biases_of_a_layer(K, D_in, F):
    # There are (F·F·D_in)·K weights and K biases, and D_out is K.
    last = row(f"{D_in}x9x9", conv(K, F))
    assert last.cost.weights == F * F * D_in * K
    assert last.cost.biases == K
    assert last.output.dimensions[0] == K
    assert parameters.conv_weights(F=(F, F), C_in=D_in, C_out=K) == F * F * D_in * K


@pytest.mark.parametrize("K", [32, 64, 128, 512])
@pytest.mark.parametrize(("F", "S", "P"), [(3, 1, 1), (5, 1, 2), (1, 1, 0)], ids=["F3", "F5", "F1"])
def test_common_settings_keep_the_size(F, S, P, K):
    assert hwc(row("3x32x32", conv(K, F, S, P))) == (32, 32, K)


@pytest.mark.parametrize("P", range(4))
@pytest.mark.parametrize("N", [31, 32, 224, 225])
def test_common_setting_5_2_whatever_fits(N, P):
    # N − 5 + 2P has to be even: an odd N fits whatever P is, an even N never does.
    assert Axis(N, 5, 2, P).fits == (N % 2 == 1)


def test_solve_finds_the_padding_that_fits():
    # (33 + 2·2 − 5)/2 + 1 = 17, and no other padding up to half of the filter gives 17
    assert [s.axis for s in stride.solve(17, N=33, F=5, S=2)] == [Axis(33, 5, 2, 2)]


@pytest.mark.parametrize(("D_in", "K"), [(64, 32), (256, 64), (3, 10)])
def test_1x1_convolution(D_in, K):
    last = row(f"{D_in}x14x14", conv(K, 1))
    assert hwc(last) == (14, 14, K)
    assert last.cost.params == (D_in + 1) * K
    assert last.cost.macs == D_in * K * 14 * 14


# Conv Layer in Torch: SpatialConvolution.


def test_spatial_convolution_defaults():
    # dW, dH: default is 1; padW, padH: default is 0
    layer = row("3x8x8", {"conv": {"filters": 4, "kernel": 3}}).layer
    assert (layer.stride, layer.padding) == (1, 0)


@pytest.mark.parametrize("kW", [1, 3, 5, 7])
def test_spatial_convolution_good_padding(kW):
    # The slide: a good number is (kW − 1)/2.
    assert row("3x20x24", conv(4, kW, P=(kW - 1) // 2)).output.dimensions == (4, 20, 24)


@pytest.mark.parametrize(
    ("kW", "kH", "dW", "dH", "padW", "padH"),
    [(3, 5, 1, 1, 0, 0), (5, 3, 2, 1, 2, 0), (4, 7, 3, 2, 1, 3), (2, 2, 2, 3, 0, 1)],
)
def test_spatial_convolution_floors_each_axis(kW, kH, dW, dH, padW, padH):
    # owidth = floor((width + 2·padW − kW)/dW + 1), oheight likewise; kernels are kH, kW in a spec
    fields = {"filters": 6, "kernel": [kH, kW], "stride": [dH, dW], "padding": [padH, padW]}
    width, height = 23, 17
    owidth = (width + 2 * padW - kW) // dW + 1
    oheight = (height + 2 * padH - kH) // dH + 1
    last = row(f"3x{height}x{width}", {"conv": fields})
    assert last.output.dimensions == (6, oheight, owidth)
    assert (oheight, owidth) == (positions(17, kH, dH, padH), positions(23, kW, dW, padW))
    assert last.cost.weights == kH * kW * 3 * 6


def test_spatial_convolution_may_lose_the_last_columns():
    # "Several (of the last) columns or rows of the input image might be lost":
    # 10 wide, 4 wide windows at 0, 3, 6 use columns 0 to 9; 12 wide loses the last two
    assert stride.unread(Axis(10, 4, 3)) == []
    assert stride.unread(Axis(12, 4, 3)) == [(10, 11)]


# Pooling layer.


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize(("F", "S"), [(2, 2), (3, 2)], ids=["F2S2", "F3S2"])
@pytest.mark.parametrize("N", [12, 13, 55, 224])
def test_pooling_output_and_parameters(kind, F, S, N):
    # W_out = (W_in − F)/S + 1, D_out = D_in, "does not contain parameters"
    last = row(f"16x{N}x{N}", {kind: {"F": F, "S": S}})
    size = (N - F) // S + 1
    assert size == positions(N, F, S)
    assert hwc(last) == (size, size, 16)
    assert last.cost.params == 0
    assert last.cost.macs == 0


# Fully connected: everything with everything.


@pytest.mark.parametrize(("n_in", "n_out"), [(784, 100), (3072, 10), (9216, 4096)])
def test_fully_connected_connects_everything(n_in, n_out):
    cost = row(f"{n_in}", {"linear": n_out}).cost
    assert (cost.weights, cost.biases, cost.macs) == (n_in * n_out, n_out, n_in * n_out)


# LeNet-5: "Conv filters of 5×5, stride of 1; subsampling (pooling) of 2×2 with stride of 2".


@pytest.mark.parametrize("name", ["lenet5", "lenet5_1998"])
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ("c1", (6, 28, 28)),  # (32 − 5)/1 + 1
        ("s2", (6, 14, 14)),  # (28 − 2)/2 + 1
        ("c3", (16, 10, 10)),  # (14 − 5)/1 + 1
        ("s4", (16, 5, 5)),  # (10 − 2)/2 + 1
        ("f6", (84,)),
        ("output", (10,)),
    ],
)
def test_lenet5_sizes(name, layer, shape):
    assert summarize(name)[layer].output.dimensions == shape


@pytest.mark.parametrize("layer", ["c1", "c3"])
def test_lenet5_filters(layer):
    conv_layer = summarize("lenet5")[layer].layer
    assert (conv_layer.kernel_size, conv_layer.stride) == (5, 1)


@pytest.mark.parametrize("layer", ["s2", "s4"])
def test_lenet5_subsampling_halves(layer):
    pool = summarize("lenet5")[layer]
    assert pool.layer.kernel_size == 2
    assert [2 * n for n in pool.output.spatial] == list(pool.inputs[0].spatial)


def test_lenet5_order():
    # Conv -> Pool -> Conv -> Pool -> Conv -> FC
    kinds = [r.kind for r in summarize("lenet5") if r.kind in ("conv", "avg_pool", "linear")]
    assert kinds[:6] == ["conv", "avg_pool", "conv", "avg_pool", "conv", "linear"]


# AlexNet.

ALEXNET = {
    "input": (227, 227, 3),
    "conv1": (55, 55, 96),
    "pool1": (27, 27, 96),
    "norm1": (27, 27, 96),
    "conv2": (27, 27, 256),
    "pool2": (13, 13, 256),
    "norm2": (13, 13, 256),
    "conv3": (13, 13, 384),
    "conv4": (13, 13, 384),
    "conv5": (13, 13, 256),
    "pool3": (6, 6, 256),
    "fc6": (4096,),
    "fc7": (4096,),
    "fc8": (1000,),
}
ALEXNET_WINDOWS = {  # layer: input size, filter, stride, padding, as the slide writes them
    "conv1": (227, 11, 4, 0),
    "pool1": (55, 3, 2, 0),
    "conv2": (27, 5, 1, 2),
    "pool2": (27, 3, 2, 0),
    "conv3": (13, 3, 1, 1),
    "conv4": (13, 3, 1, 1),
    "conv5": (13, 3, 1, 1),
    "pool3": (13, 3, 2, 0),
}
ALEXNET_WEIGHTS = {
    "conv1": (11 * 11 * 3) * 96,
    "conv2": (5 * 5 * 96) * 256,
    "conv3": (3 * 3 * 256) * 384,
    "conv4": (3 * 3 * 384) * 384,
    "conv5": (3 * 3 * 384) * 256,
    "fc6": 6 * 6 * 256 * 4096,
    "fc7": 4096 * 4096,
    "fc8": 4096 * 1000,
}


@pytest.mark.parametrize("layer", ALEXNET)
def test_alexnet_sizes(layer):
    assert hwc(summarize("alexnet")[layer]) == ALEXNET[layer]


@pytest.mark.parametrize("layer", ALEXNET_WINDOWS)
def test_alexnet_windows(layer):
    N, F, S, P = ALEXNET_WINDOWS[layer]
    found = summarize("alexnet")[layer]
    assert (found.layer.kernel_size, found.layer.stride, found.layer.padding) == (F, S, P)
    assert found.inputs[0].spatial == (N, N)
    assert found.output.spatial[0] == positions(N, F, S, P)
    assert Axis(N, F, S, P).fits


def test_alexnet_first_layer_has_35k_parameters():
    params = summarize("alexnet")["conv1"].cost.params
    assert params == (11 * 11 * 3 + 1) * 96 == 34_944
    assert round(params / 1000) == 35


@pytest.mark.parametrize("layer", ALEXNET_WEIGHTS)
def test_alexnet_parameters(layer):
    cost = summarize("alexnet")[layer].cost
    assert cost.weights == ALEXNET_WEIGHTS[layer]
    assert cost.biases == ALEXNET[layer][-1]


@pytest.mark.parametrize("layer", ALEXNET_WEIGHTS)
def test_alexnet_macs(layer):
    # every weight is used once at every place of the output map
    *places, _ = ALEXNET[layer]
    assert summarize("alexnet")[layer].cost.macs == ALEXNET_WEIGHTS[layer] * prod(places)


def test_alexnet_totals():
    totals = summarize("alexnet").totals
    biases = 96 + 256 + 384 + 384 + 256 + 4096 + 4096 + 1000
    assert totals.params == sum(ALEXNET_WEIGHTS.values()) + biases == 62_378_344


def test_alexnet_pools_and_norms_learn_nothing():
    report = summarize("alexnet")
    assert [report[n].cost.params for n in ("pool1", "norm1", "pool2", "norm2", "pool3")] == [0] * 5


def test_alexnet_order():
    order = [r.name for r in summarize("alexnet") if r.name in ALEXNET]
    assert order == [name for name in ALEXNET if name != "input"]


def test_alexnet_dropout_is_one_half():
    assert {r.layer.p for r in summarize("alexnet") if r.kind == "dropout"} == {0.5}


def test_alexnet_uses_relu():
    # "First use of ReLU!": five convolutions and two hidden fully connected layers
    assert [r.kind for r in summarize("alexnet")].count("relu") == 5 + 2


def test_alexnet_batch_of_128():
    one, batch = summarize("alexnet").totals, summarize("alexnet", batch=128).totals
    assert batch.params == one.params
    assert batch.macs == 128 * one.macs
    assert batch.activations_total == 128 * one.activations_total


@pytest.mark.parametrize(("N", "fits"), [(227, True), (224, False)])
def test_alexnet_input_is_227_not_224(N, fits):
    # (227 − 11)/4 + 1 = 55, but (224 − 11)/4 + 1 = 54.25
    assert Axis(N, 11, 4).fits is fits


# ZFNet: "Conv1: 11×11 stride of 4 changed to 7×7 stride of 2; Conv3,4,5: 512, 1024, 512".

ZFNET_FILTERS = {"conv1": 96, "conv2": 256, "conv3": 512, "conv4": 1024, "conv5": 512}


@pytest.mark.parametrize("layer", ZFNET_FILTERS)
def test_zfnet_filters(layer):
    assert summarize("zfnet")[layer].output.channels == ZFNET_FILTERS[layer]


def test_zfnet_first_filter():
    conv1 = summarize("zfnet")["conv1"]
    assert (conv1.layer.kernel_size, conv1.layer.stride) == (7, 2)
    assert conv1.cost.params == (7 * 7 * 3 + 1) * 96


@pytest.mark.parametrize(
    ("layer", "weights"),
    [
        ("conv2", 5 * 5 * 96 * 256),
        ("conv3", 3 * 3 * 256 * 512),
        ("conv4", 3 * 3 * 512 * 1024),
        ("conv5", 3 * 3 * 1024 * 512),
    ],
)
def test_zfnet_weights(layer, weights):
    assert summarize("zfnet")[layer].cost.weights == weights


@pytest.mark.parametrize("layer", ["pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool3"])
def test_zfnet_otherwise_like_alexnet(layer):
    ours, theirs = summarize("zfnet")[layer].layer, summarize("alexnet")[layer].layer
    assert ours.kernel_size == theirs.kernel_size
    assert ours.stride == theirs.stride


# VGG: the table of configurations, and table 2.

VGG = {  # filters by stage; C's third filter of a stage is 1×1 ("conv1-256"), written negative
    "vgg11": [[64], [128], [256, 256], [512, 512], [512, 512]],
    "vgg11_lrn": [[64], [128], [256, 256], [512, 512], [512, 512]],
    "vgg13": [[64, 64], [128, 128], [256, 256], [512, 512], [512, 512]],
    "vgg16_c": [[64, 64], [128, 128], [256, 256, -256], [512, 512, -512], [512, 512, -512]],
    "vgg16": [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]],
    "vgg19": [[64, 64], [128, 128], [256] * 4, [512] * 4, [512] * 4],
}
VGG_MILLIONS = {
    "vgg11": 133, "vgg11_lrn": 133, "vgg13": 133, "vgg16_c": 134, "vgg16": 138, "vgg19": 144,
}  # fmt: skip
VGG_LAYERS = {
    "vgg11": 11, "vgg11_lrn": 11, "vgg13": 13, "vgg16_c": 16, "vgg16": 16, "vgg19": 19,
}  # fmt: skip


def vgg_params(stages):
    """Weights and biases of a column of the table, worked out by hand."""
    depth, count = 3, 0
    for filters in (filters for stage in stages for filters in stage):
        F = 1 if filters < 0 else 3
        count += (F * F * depth + 1) * abs(filters)
        depth = abs(filters)
    for n_in, n_out in ((7 * 7 * 512, 4096), (4096, 4096), (4096, 1000)):
        count += (n_in + 1) * n_out
    return count


@pytest.mark.parametrize("name", VGG)
def test_vgg_parameters_by_configuration(name):
    assert summarize(name).totals.params == vgg_params(VGG[name])


@pytest.mark.parametrize("name", VGG)
def test_vgg_table_2_millions(name):
    assert round(summarize(name).totals.params / 10**6) == VGG_MILLIONS[name]


@pytest.mark.parametrize("name", VGG)
def test_vgg_weight_layers(name):
    assert depth(summarize(name)) == VGG_LAYERS[name]


@pytest.mark.parametrize("name", VGG)
def test_vgg_filters_in_order(name):
    found = [r.output.channels for r in summarize(name) if r.kind == "conv"]
    assert found == [abs(filters) for stage in VGG[name] for filters in stage]


@pytest.mark.parametrize("name", VGG)
def test_vgg_filter_sizes(name):
    found = [r.layer.kernel_size for r in summarize(name) if r.kind == "conv"]
    assert found == [1 if filters < 0 else 3 for stage in VGG[name] for filters in stage]


@pytest.mark.parametrize("name", VGG)
def test_vgg_maxpool_between_stages(name):
    report = summarize(name)
    pools = [r.output.dimensions for r in report if r.kind == "max_pool"]
    depths = [abs(stage[-1]) for stage in VGG[name]]
    assert pools == [(d, n, n) for d, n in zip(depths, (112, 56, 28, 14, 7), strict=True)]


@pytest.mark.parametrize("name", VGG)
def test_vgg_fully_connected(name):
    assert [r.output.features for r in summarize(name) if r.kind == "linear"] == [4096, 4096, 1000]


def test_vgg_only_a_lrn_normalises():
    with_lrn = [
        name for name in VGG if any(r.kind == "local_response_norm" for r in summarize(name))
    ]
    assert with_lrn == ["vgg11_lrn"]


# VGG-16 row by row, "not counting biases". Each: layer, size, memory as printed, weights.

VGG_ROWS = [
    ("input", (224, 224, 3), "150K", 0),
    ("conv1_1", (224, 224, 64), "3.2M", (3 * 3 * 3) * 64),
    ("conv1_2", (224, 224, 64), "3.2M", (3 * 3 * 64) * 64),
    ("pool1", (112, 112, 64), "800K", 0),
    ("conv2_1", (112, 112, 128), "1.6M", (3 * 3 * 64) * 128),
    ("conv2_2", (112, 112, 128), "1.6M", (3 * 3 * 128) * 128),
    ("pool2", (56, 56, 128), "400K", 0),
    ("conv3_1", (56, 56, 256), "800K", (3 * 3 * 128) * 256),
    ("conv3_2", (56, 56, 256), "800K", (3 * 3 * 256) * 256),
    ("conv3_3", (56, 56, 256), "800K", (3 * 3 * 256) * 256),
    ("pool3", (28, 28, 256), "200K", 0),
    ("conv4_1", (28, 28, 512), "400K", (3 * 3 * 256) * 512),
    ("conv4_2", (28, 28, 512), "400K", (3 * 3 * 512) * 512),
    ("conv4_3", (28, 28, 512), "400K", (3 * 3 * 512) * 512),
    ("pool4", (14, 14, 512), "100K", 0),
    ("conv5_1", (14, 14, 512), "100K", (3 * 3 * 512) * 512),
    ("conv5_2", (14, 14, 512), "100K", (3 * 3 * 512) * 512),
    ("conv5_3", (14, 14, 512), "100K", (3 * 3 * 512) * 512),
    ("pool5", (7, 7, 512), "25K", 0),
    ("fc6", (4096,), "4096", 7 * 7 * 512 * 4096),
    ("fc7", (4096,), "4096", 4096 * 4096),
    ("fc8", (1000,), "1000", 4096 * 1000),
]
PRINTED_WEIGHTS = {
    "conv1_1": 1_728,
    "conv1_2": 36_864,
    "conv2_1": 73_728,
    "conv2_2": 147_456,
    "conv3_1": 294_912,
    "conv3_2": 589_824,
    "conv3_3": 589_824,
    "conv4_1": 1_179_648,
    "conv4_2": 2_359_296,
    "conv4_3": 2_359_296,
    "conv5_1": 2_359_296,
    "conv5_2": 2_359_296,
    "conv5_3": 2_359_296,
    "fc6": 102_760_448,
    "fc7": 16_777_216,
    "fc8": 4_096_000,
}
UNITS = {"K": 1000, "M": 10**6}
VGG_IDS = [name for name, *_ in VGG_ROWS]


@pytest.mark.parametrize(("layer", "size", "memory", "weights"), VGG_ROWS, ids=VGG_IDS)
def test_vgg16_row_sizes(layer, size, memory, weights):
    assert hwc(summarize("vgg16")[layer]) == size


@pytest.mark.parametrize(("layer", "size", "memory", "weights"), VGG_ROWS, ids=VGG_IDS)
def test_vgg16_row_memory(layer, size, memory, weights):
    cost = summarize("vgg16")[layer].cost
    assert cost.activation == cost.activations_total == prod(size)
    # The deck drops digits: 802,816 is printed as 800K, 25,088 as 25K, 401,408 as 400K.
    printed = float(memory.rstrip("KM")) * UNITS.get(memory[-1], 1)
    assert printed == pytest.approx(prod(size), rel=0.01)


@pytest.mark.parametrize(("layer", "size", "memory", "weights"), VGG_ROWS, ids=VGG_IDS)
def test_vgg16_row_weights(layer, size, memory, weights):
    assert summarize("vgg16")[layer].cost.weights == weights
    assert PRINTED_WEIGHTS.get(layer, 0) == weights


@pytest.mark.parametrize(("layer", "size", "memory", "weights"), VGG_ROWS, ids=VGG_IDS)
def test_vgg16_row_macs(layer, size, memory, weights):
    assert summarize("vgg16")[layer].cost.macs == weights * prod(size[:-1])


def test_vgg16_total_params_138m():
    params = summarize("vgg16").totals.params
    biases = 2 * 64 + 2 * 128 + 3 * 256 + 6 * 512 + 4096 + 4096 + 1000
    assert params == sum(PRINTED_WEIGHTS.values()) + biases == 138_357_544
    assert round(params / 10**6) == 138


def test_vgg16_total_memory_is_not_24m():
    # The deck says "24M * 4 bytes ~= 93MB / image". Its own rows add up to 15,237,608 numbers,
    # which are 60.95 MB (10^6) or 58.13 MiB (2^20); 24M matches neither these rows nor the rows
    # with a second copy for every ReLU (28.8 M).
    totals = summarize("vgg16").totals
    elements = sum(prod(size) for _, size, _, _ in VGG_ROWS)
    assert totals.activations_total == elements == 15_237_608
    assert totals.activations_total_bytes == elements * 4 == 60_950_432
    assert round(elements * 4 / 10**6, 2) == 60.95
    assert round(elements * 4 / 2**20, 2) == 58.13
    assert round(elements / 10**6) != 24


def test_vgg16_printed_rows_do_not_add_up_to_24m():
    # even with the deck's rounding
    printed = sum(float(m.rstrip("KM")) * UNITS.get(m[-1], 1) for _, _, m, _ in VGG_ROWS)
    assert 15.1e6 < printed < 15.3e6


def test_vgg16_most_memory_is_in_early_conv():
    rows = sorted(summarize("vgg16"), key=lambda r: -r.cost.activations_total)
    assert {r.name for r in rows[:2]} == {"conv1_1", "conv1_2"}


def test_vgg16_most_params_are_in_late_fc():
    report = summarize("vgg16")
    assert max(report, key=lambda r: r.cost.params).name == "fc6"
    assert 2 * report["fc6"].cost.params > report.totals.params


# GoogLeNet, table 1. Each inception row: output, #1×1, reduces and filters, pool proj, K, M.

INCEPTION = {
    "inception3a": ((28, 28, 256), 192, (64, 96, 128, 16, 32, 32), 159, 128),
    "inception3b": ((28, 28, 480), 256, (128, 128, 192, 32, 96, 64), 380, 304),
    "inception4a": ((14, 14, 512), 480, (192, 96, 208, 16, 48, 64), 364, 73),
    "inception4b": ((14, 14, 512), 512, (160, 112, 224, 24, 64, 64), 437, 88),
    "inception4c": ((14, 14, 512), 512, (128, 128, 256, 24, 64, 64), 463, 100),
    "inception4d": ((14, 14, 528), 512, (112, 144, 288, 32, 64, 64), 580, 119),
    "inception4e": ((14, 14, 832), 528, (256, 160, 320, 32, 128, 128), 840, 170),
    "inception5a": ((7, 7, 832), 832, (256, 160, 320, 32, 128, 128), 1072, 54),
    "inception5b": ((7, 7, 1024), 832, (384, 192, 384, 48, 128, 128), 1388, 71),
}


def inception_weights(depth, filters):
    """The weights of a row by hand: 1×1, reduce and 3×3, reduce and 5×5, pool projection."""
    n1, r3, n3, r5, n5, proj = filters
    return depth * n1 + depth * r3 + 9 * r3 * n3 + depth * r5 + 25 * r5 * n5 + depth * proj


def googlenet_block(name):
    """The rows and the cost of an inception module."""
    return next(line for line in summarize("googlenet").outline(1) if line.name == name)


@pytest.mark.parametrize("name", INCEPTION)
def test_googlenet_inception_output(name):
    size, _, (n1, _, n3, _, n5, proj), *_ = INCEPTION[name]
    assert size[-1] == n1 + n3 + n5 + proj
    assert hwc(googlenet_block(name).rows[-1]) == size


@pytest.mark.parametrize("name", INCEPTION)
def test_googlenet_inception_weights(name):
    _, depth, filters, *_ = INCEPTION[name]
    cost = googlenet_block(name).cost
    assert cost.weights == inception_weights(depth, filters)
    assert cost.biases == sum(filters)


@pytest.mark.parametrize("name", INCEPTION)
def test_googlenet_inception_macs(name):
    (height, width, _), depth, filters, *_ = INCEPTION[name]
    assert googlenet_block(name).cost.macs == inception_weights(depth, filters) * height * width


@pytest.mark.parametrize("name", ["inception3a", "inception3b"])
def test_googlenet_params_as_printed(name):
    # Printed in K = 1024, to the nearest or the next lower: within 1 K.
    assert abs(googlenet_block(name).cost.params - INCEPTION[name][3] * 1024) < 1024


@pytest.mark.parametrize("name", [name for name in INCEPTION if name >= "inception4"])
def test_googlenet_params_that_do_not_follow_from_the_table(name):
    # From 4a on the printed params are not those of the filters printed in the same row, with a
    # K of 1024 or of 1000: 4a has 480·(192 + 96 + 16 + 64) + 9·96·208 + 25·16·48 = 375,552
    # weights = 366.75 K, not 364 K, and 624 biases only add to that.
    _, depth, filters, printed, _ = INCEPTION[name]
    true = inception_weights(depth, filters) + sum(filters)
    assert googlenet_block(name).cost.params == true
    assert abs(true - printed * 1024) > 1024
    assert abs(true - printed * 1000) > 1000


@pytest.mark.parametrize("name", [name for name in INCEPTION if name != "inception5a"])
def test_googlenet_ops_as_printed(name):
    # Printed in M = 10^6, to the nearest or the next lower: within 1 M.
    assert abs(googlenet_block(name).cost.macs - INCEPTION[name][4] * 10**6) < 10**6


def test_googlenet_ops_of_5a_do_not_follow():
    # 49 · (832·(256 + 160 + 32 + 128) + 9·160·320 + 25·32·128) = 51,079,168, not 54 M; the same
    # filters at 14×14 on 528 channels (4e) do give the printed 170 M.
    macs = googlenet_block("inception5a").cost.macs
    assert macs == 49 * 1_042_432 == 51_079_168
    assert abs(macs - 54 * 10**6) > 10**6


def googlenet_maps():
    """Sizes of every row of a kind outside the inception modules, in order."""
    return [r for r in summarize("googlenet") if not r.name.startswith("inception")]


def test_googlenet_input():
    assert hwc(summarize("googlenet").rows[0]) == (224, 224, 3)


def test_googlenet_convolutions():
    # convolution 7×7/2 to 112×112×64; the second row's depth of 2 is a 1×1 reduce and a 3×3
    convs = [r for r in googlenet_maps() if r.kind == "conv"]
    assert [hwc(r) for r in convs] == [(112, 112, 64), (56, 56, 64), (56, 56, 192)]
    assert [(r.layer.kernel_size, r.layer.stride) for r in convs] == [(7, 2), (1, 1), (3, 1)]


def test_googlenet_max_pools():
    pools = [r for r in googlenet_maps() if r.kind == "max_pool"]
    sizes = [(56, 56, 64), (28, 28, 192), (14, 14, 480), (7, 7, 832)]
    assert [hwc(r) for r in pools] == sizes
    assert {(r.layer.kernel_size, r.layer.stride) for r in pools} == {(3, 2)}


@pytest.mark.parametrize(("N", "size"), [(112, 56), (56, 28), (28, 14), (14, 7)])
def test_googlenet_pools_need_ceil(N, size):
    # (112 − 3)/2 + 1 = 55.5: floor gives 55, and the table says 56.
    assert window.output_size(N=N, F=3, S=2) == size - 1
    assert window.output_size_ceil(N=N, F=3, S=2) == size


def test_googlenet_average_pool():
    # avg pool 7×7/1 to 1×1×1024
    pools = [r for r in googlenet_maps() if "avg_pool" in r.kind]
    assert [r.output.elements for r in pools] == [1 * 1 * 1024]


def test_googlenet_dropout_40_percent():
    assert [r.layer.p for r in googlenet_maps() if r.kind == "dropout"] == [0.4]


def test_googlenet_linear():
    (linear,) = [r for r in googlenet_maps() if r.kind == "linear"]
    assert linear.output.elements == 1000
    assert linear.cost.weights == 1024 * 1000 == 1000 * 1024  # printed 1000K, with K = 1024
    assert linear.cost.macs == 1_024_000  # printed 1M


def test_googlenet_ends_in_softmax():
    last = summarize("googlenet").rows[-1]
    assert last.kind == "softmax"
    assert last.output.elements == 1000


def test_googlenet_second_convolution_row():
    # 64·64 + 9·64·192 = 114,688 = 112 · 1024 weights ("112K"); · 56² = 359.7 M ("360M")
    _, reduce, conv2 = [r for r in googlenet_maps() if r.kind == "conv"]
    assert reduce.cost.weights + conv2.cost.weights == 64 * 64 + 9 * 64 * 192 == 112 * 1024
    assert round((reduce.cost.macs + conv2.cost.macs) / 10**6) == 360


def test_googlenet_first_row_does_not_follow():
    # "2.7K, 34M" is not a 7×7 convolution of 64 filters on 3 channels: that has 9,408 weights
    # (9.2 K) and 118 M multiply-accumulates at 112×112.
    conv1 = googlenet_maps()[0]
    assert conv1.cost.weights == 7 * 7 * 3 * 64 == 9_408
    assert conv1.cost.macs == 9_408 * 112 * 112 == 118_013_952


def test_googlenet_depth_is_22():
    # The table's depth column: 1 + 2 + nine modules of 2 + 1
    assert depth(summarize("googlenet")) == 22


def test_googlenet_has_one_fully_connected_layer():
    # "No FC Layers" means none but the classifier.
    assert [r.kind for r in summarize("googlenet")].count("linear") == 1


def test_googlenet_params_are_7_not_5_million():
    # "Only 5 mio params!": the table's own rows add up to more, and the layers to 6,998,552.
    rows = [2.7, 112, 159, 380, 364, 437, 463, 580, 840, 1072, 1388, 1000]
    assert 6.79e3 < sum(rows) < 6.80e3
    by_hand = (7 * 7 * 3 + 1) * 64 + (64 + 1) * 64 + (9 * 64 + 1) * 192 + (1024 + 1) * 1000
    by_hand += sum(inception_weights(d, f) + sum(f) for _, d, f, *_ in INCEPTION.values())
    assert summarize("googlenet").totals.params == by_hand == 6_998_552


def test_googlenet_against_alexnet():
    # "About 12x less param than AlexNet; 2x more compute": 60,965,224 / 6,998,552 is 8.7 (12 is
    # 60 M over the claimed 5 M); the compute is 1.583 G / 0.724 G = 2.2 of the published,
    # grouped AlexNet.
    alexnet, googlenet = summarize("alexnet_grouped").totals, summarize("googlenet").totals
    assert round(alexnet.params / googlenet.params, 1) == 8.7
    assert round(googlenet.macs / alexnet.macs, 1) == 2.2


# ResNet.


@pytest.mark.parametrize(("name", "layers"), [("resnet34", 34), ("resnet152", 152)])
def test_resnet_counts_its_weighted_layers(name, layers):
    # "34-layer residual", "152-layer nets": projections lie on the shorter way and are not
    # counted
    assert depth(summarize(name)) == layers


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet152"])
def test_resnet_batch_norm_after_every_conv(name):
    rows = summarize(name).rows
    readers = {source: [] for source in range(len(rows))}
    for r in rows:
        for source in r.sources:
            readers[source].append(r.kind)
    followers = [readers[i] for i, r in enumerate(rows) if r.kind == "conv"]
    assert followers == [["batch_norm"]] * len(followers)


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet152"])
def test_resnet_has_no_dropout(name):
    assert "dropout" not in {r.kind for r in summarize(name)}


def test_trend_towards_removing_pool_and_fc():
    # VGG-16 has five max pools and three fully connected layers, ResNet-34 has one of each.
    def count(name, kind):
        return [r.kind for r in summarize(name)].count(kind)

    assert (count("vgg16", "max_pool"), count("vgg16", "linear")) == (5, 3)
    assert (count("resnet34", "max_pool"), count("resnet34", "linear")) == (1, 1)
