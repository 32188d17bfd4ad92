"""Kedge, Tianyuan Zhang, "Convolutional Neural Network I": every shape, count and default.

Expected numbers are those that the deck prints, or are worked out here from the deck's own formula.
Where the deck is wrong, the test asserts the truth and says why.
"""

from fractions import Fraction

import pytest
from lecture import positions, report, row

from cnncalc import summarize
from cnncalc.derivations.stride import Axis
from cnncalc.formulas import window


def conv(filters, K, **fields):
    return {"Conv2d": {"out_channels": filters, "kernel_size": K, **fields}}


# Recap: nn.Linear(3, 4), ReLU, nn.Linear(4, 4), ReLU, nn.Linear(4, ...).


def mlp(outputs, *end):
    hidden = [{"Linear": 4}, "ReLU", {"Linear": 4}, "ReLU"]
    return report("3", *hidden, {"Linear": outputs}, *end)


MLP_PARAMS = (3 * 4 + 4) + (4 * 4 + 4) + (4 * 1 + 1)


def test_neural_network_parameters_by_hand():
    assert MLP_PARAMS == 16 + 20 + 5 == 41


@pytest.mark.parametrize("end", [(), ("Sigmoid",)], ids=["Regressor", "BinaryClassifier"])
def test_one_output_network(end):
    found = mlp(1, *end)
    assert found.totals.params == MLP_PARAMS
    assert found.output_shape.dimensions == (1,)


@pytest.mark.parametrize("n_labels", [2, 3, 10])
def test_multi_classifier(n_labels):
    found = mlp(n_labels)
    assert found.totals.params == 16 + 20 + 5 * n_labels
    assert found.output_shape.dimensions == (n_labels,)


@pytest.mark.parametrize(
    ("layer", "params", "outputs"), [("linear1", 16, 4), ("linear2", 20, 4), ("linear3", 5, 1)]
)
def test_each_linear_layer(layer, params, outputs):
    found = mlp(1)[layer]
    assert found.cost.params == params
    assert found.output.dimensions == (outputs,)


def test_connections_of_the_network():
    assert mlp(1).totals.macs == 3 * 4 + 4 * 4 + 4 * 1


def test_same_network_in_one_line():
    assert summarize("3-4N-4N-1N").totals.params == MLP_PARAMS


# Batch normalization and dropout.


def regularized(n_labels):
    layers = [{"Linear": 4}, "BatchNorm1d", "ReLU", {"Dropout": {"p": 0.5}}, {"Linear": n_labels}]
    return report("3", *layers)


def test_batch_norm_has_two_types_of_learned_parameters():
    # BatchNorm1d(4): a scale and a shift for each of 4 features
    cost = regularized(3)["batch_norm1"].cost
    assert (cost.weights, cost.biases, cost.params) == (4, 4, 2 * 4)


@pytest.mark.parametrize("n_labels", [2, 3, 10])
def test_regularised_classifier(n_labels):
    assert regularized(n_labels).totals.params == (3 * 4 + 4) + 2 * 4 + (4 + 1) * n_labels


def test_dropout_learns_nothing():
    dropout = regularized(3)["dropout1"]
    assert dropout.cost.params == 0
    assert dropout.layer.p == 0.5
    assert dropout.output.dimensions == (4,)


def test_batch_norm_before_the_activation_dropout_after():
    kinds = [r.kind for r in regularized(3)]
    assert kinds == ["linear", "batch_norm", "relu", "dropout", "linear"]


# Motivation of CNN.


def test_256x256_pixels_are_65536_features():
    flatten = report("1x256x256", {"Linear": 1}).layers[0]
    assert flatten.output.dimensions == (256 * 256,) == (65_536,)


@pytest.mark.parametrize("neurons", [1, 100])
def test_65536_connections_per_neuron(neurons):
    assert row("1x256x256", {"Linear": neurons}).cost.weights == 65_536 * neurons


# 2D convolution operation: 3×3 image, 2×2 kernel.


def test_3x3_image_2x2_kernel():
    last = row("1x3x3", conv(1, 2, bias=False))
    assert last.output.dimensions == (1, 2, 2)  # 19, 25, 37, 43
    assert last.cost.macs == 4 * 4  # four sums of four products


@pytest.mark.parametrize("K", range(1, 7))
def test_output_size_without_padding(K):
    # H_out = H_in − K + 1
    for H in range(K, 15):
        size = window.output_size(N=H, F=K, S=1)
        assert size == H - K + 1 == positions(H, K)


@pytest.mark.parametrize(("H", "W", "K"), [(3, 3, 2), (28, 28, 5), (480, 640, 7)])
def test_output_size_of_a_layer(H, W, K):
    assert row(f"1x{H}x{W}", conv(1, K)).output.dimensions == (1, H - K + 1, W - K + 1)


@pytest.mark.parametrize("K", [2, 3, 5])
def test_image_shrinks_if_k_is_above_1(K):
    found = report("1x28x28", *[conv(1, K)] * 4)
    assert [r.output.spatial[0] for r in found.rows] == [28 - i * (K - 1) for i in range(5)]


def test_kernel_of_1_does_not_shrink():
    assert row("1x28x28", conv(1, 1)).output.dimensions == (1, 28, 28)


# Padding.


@pytest.mark.parametrize(("P", "size"), [(1, 5), (2, 7)], ids=["P1", "P2"])
def test_padded_3x3_input(P, size):
    # the slide's pictures: 3×3 becomes 5×5 with P = 1 and 7×7 with P = 2
    assert window.padded_size(N=3, P_before=P, P_after=P) == size
    assert row("1x3x3", conv(1, 1, padding=P)).output.dimensions == (1, size, size)


@pytest.mark.parametrize("H", [3, 7, 28, 256])
def test_k3_p1_keeps_the_size(H):
    # H_out = H_in − K + 2P + 1 = H_in
    assert H - 3 + 2 * 1 + 1 == H
    assert row(f"1x{H}x{H}", conv(1, 3, padding=1)).output.dimensions == (1, H, H)


# 2D convolution operation summary.


@pytest.mark.parametrize("P", range(3))
@pytest.mark.parametrize("S", range(1, 5))
@pytest.mark.parametrize("K", [1, 2, 3, 5])
def test_output_size_summary(K, S, P):
    # H_out = (H_in − K + 2P)/S + 1
    for H in range(max(1, K - 2 * P), 14):
        exact = Fraction(H - K + 2 * P, S) + 1
        size = window.output_size(N=H, F=K, S=S, P=P)
        assert size == positions(H, K, S, P)
        assert Axis(H, K, S, P).fits == (exact == size)


@pytest.mark.parametrize("channels", [1, 3, 64])
@pytest.mark.parametrize("size", [28, 256])
def test_common_practice_k3_p1_s1(channels, size):
    last = row(f"{channels}x{size}x{size}", conv(8, 3, padding=1, stride=1))
    assert last.output.dimensions == (8, size, size)


# Convolution over channels.


@pytest.mark.parametrize("channels", [1, 3], ids=["grayscale", "colour"])
def test_one_kernel_makes_one_channel(channels):
    # input Channel_in × H × W, kernel Channel_in × K × K, output 1 × H_out × W_out
    last = row(f"{channels}x28x28", conv(1, 3, bias=False))
    assert last.output.dimensions == (1, 26, 26)
    assert last.cost.weights == channels * 3 * 3


@pytest.mark.parametrize("K", [2, 3, 5])
@pytest.mark.parametrize("channels_out", [1, 4, 32])
@pytest.mark.parametrize("channels_in", [1, 3, 16])
def test_kernels_are_k_by_k_not_the_size_of_the_input(channels_in, channels_out, K):
    # The slide writes the kernels' size as Channel_out × Channel_in × Height_in × Weight_in; an
    # earlier slide has Channel_in × K × K, which is right: kernels do not grow with the image.
    for size in (9, 20):
        last = row(f"{channels_in}x{size}x{size}", conv(channels_out, K))
        assert last.cost.weights == channels_out * channels_in * K * K
        assert last.cost.biases == channels_out  # "add a bias ... per output channel"
        assert last.output.channels == channels_out


# The defaults of torch.nn.Conv2d, as the slide quotes them.

CONV_DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True}


@pytest.mark.parametrize("field", CONV_DEFAULTS)
def test_conv2d_defaults(field):
    layer = row("3x8x8", conv(4, 3)).layer
    assert getattr(layer, field) == CONV_DEFAULTS[field]


@pytest.mark.parametrize("field", CONV_DEFAULTS)
def test_conv2d_defaults_may_be_written_out(field):
    written = row("3x8x8", conv(4, 3, **{field: CONV_DEFAULTS[field]}))
    assert written.layer == row("3x8x8", conv(4, 3)).layer


def test_bias_is_on_by_default():
    assert row("3x8x8", conv(4, 3)).cost.biases == 4
    assert row("3x8x8", conv(4, 3, bias=False)).cost.biases == 0


# Pooling.


@pytest.mark.parametrize("kernel", [2, 3, 4])
def test_max_pool_stride_is_the_kernel_size(kernel):
    # "No overlap when sliding across the feature map"
    found = row("8x24x24", {"MaxPool2d": kernel})
    assert found.output.dimensions == (8, 24 // kernel, 24 // kernel)
    assert found.fields[0].jump == kernel


MAX_POOL_DEFAULTS = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}


@pytest.mark.parametrize("field", MAX_POOL_DEFAULTS)
def test_max_pool_defaults(field):
    layer = row("8x24x24", {"MaxPool2d": 2}).layer
    assert getattr(layer, field) == MAX_POOL_DEFAULTS[field]


@pytest.mark.parametrize("channels", [1, 3, 64])
def test_pooling_keeps_the_channels(channels):
    assert row(f"{channels}x10x10", {"MaxPool2d": 2}).output.dimensions == (channels, 5, 5)


def test_after_pooling_a_kernel_sees_a_larger_area():
    # 3×3 after 3×3 sees 5 pixels; with a 2×2 pool between them, 3 + 1 = 4 and then 4 + 2·2 = 8
    assert row("1x32x32", conv(1, 3), conv(1, 3)).receptive_field == (5, 5)
    pooled = row("1x32x32", conv(1, 3), {"MaxPool2d": 2}, conv(1, 3))
    assert pooled.receptive_field == (8, 8)


def test_larger_kernels_see_a_larger_area_too():
    # "We can increase the kernel size gradually": 3, then 3 + 4 = 7, then 7 + 6 = 13
    found = report("1x32x32", conv(1, 3), conv(1, 5), conv(1, 7))
    assert [r.receptive_field for r in found] == [(3, 3), (7, 7), (13, 13)]


# Fully connected layer and lazy layers.


@pytest.mark.parametrize(("C", "H", "W"), [(64, 7, 7), (16, 5, 5), (3, 2, 5)])
def test_flatten_makes_a_vector(C, H, W):
    assert row(f"{C}x{H}x{W}", "Flatten").output.dimensions == (C * H * W,)


@pytest.mark.parametrize(("C", "H", "W"), [(64, 7, 7), (16, 5, 5), (3, 2, 5)])
def test_size_of_the_last_map_is_inferred(C, H, W):
    # "We need to calculate the size of the last feature map before flatten", unless layers are
    # lazy
    assert row(f"{C}x{H}x{W}", {"Linear": 10}).cost.weights == C * H * W * 10


# CNN architecture: convolution, batch norm, activation, pooling, dropout; a pyramid.


def test_pyramid_architecture():
    # "The size of feature map is shrinking", "the number of channels ... is increasing"
    stages = [
        layer
        for filters in (16, 32, 64)
        for layer in (conv(filters, 3, padding=1), "BatchNorm2d", "ReLU", {"MaxPool2d": 2})
    ]
    found = report("3x32x32", *stages, "Flatten", {"Dropout": 0.5}, {"Linear": 10})
    pools = [r.output.dimensions for r in found if r.kind == "max_pool"]
    assert pools == [(16, 16, 16), (32, 8, 8), (64, 4, 4)]
    convs = 16 * (3 * 9 + 1) + 32 * (16 * 9 + 1) + 64 * (32 * 9 + 1)
    assert found.totals.params == convs + 2 * (16 + 32 + 64) + (64 * 4 * 4 + 1) * 10
