"""NTU, Xingang Pan, "Convolutional Neural Networks I": every shape and count of the deck.

Expected numbers are those that the deck prints, or are worked out here from the deck's own formula.
"""

from fractions import Fraction
from math import prod

import pytest
from lecture import positions, row

from cnncalc import summarize
from cnncalc.core.shape import read_shape
from cnncalc.derivations import stride
from cnncalc.derivations.stride import Axis
from cnncalc.formulas import parameters, window


def conv(filters, F, **fields):
    return {"conv": {"filters": filters, "F": F, **fields}}


# Motivation: the first layer of an MLP taking images as input.


def test_mlp_first_layer_is_100_by_784():
    hidden = summarize("mlp_mnist")["hidden"]
    assert hidden.cost.params == 100 * 784 + 100 == 78_500
    assert (hidden.cost.weights, hidden.cost.biases) == (78_400, 100)


def test_mlp_takes_a_digit_of_784_pixels():
    assert summarize("mlp_mnist").rows[0].output.elements == 28 * 28 == 784


@pytest.mark.parametrize("units", [100, 1000])
def test_fully_connected_on_640x480x3(units):
    # "What if images are 640×480×3? What if the first layer counts 1000 units?"
    last = row("3x480x640", {"linear": units})
    assert last.cost.weights == units * 640 * 480 * 3 == units * 921_600
    assert last.cost.biases == units


def test_fc_640x480x3_as_built_in():
    totals = summarize("fc_640x480x3").totals
    assert totals.weights == 921_600_000
    assert totals.params == 921_601_000
    assert totals.macs == 921_600_000
    assert totals.parameter_bytes == 4 * 921_601_000  # 3.7 GB for one layer


# Locally connected networks: sparse, then shared; "the same weight triplet".


@pytest.mark.parametrize("N", [5, 7, 28, 784])
def test_from_full_to_local_to_shared(N):
    places = N - 2
    full = row(f"1x{N}", {"linear": {"units": places, "bias": False}}).cost
    local = row(f"1x{N}", {"locally_connected": {"filters": 1, "F": 3, "bias": False}}).cost
    shared = row(f"1x{N}", conv(1, 3, bias=False)).cost
    assert (full.weights, local.weights, shared.weights) == (N * places, 3 * places, 3)
    assert (full.macs, local.macs, shared.macs) == (N * places, 3 * places, 3 * places)


def test_receptive_field_of_a_triplet():
    # "The set of inputs seen by each unit is its receptive field."
    assert row("1x28", conv(1, 3)).receptive_field == (3,)


# LeNet-5.

LENET5 = {
    "c1": (6, 28, 28),
    "s2": (6, 14, 14),
    "c3": (16, 10, 10),
    "s4": (16, 5, 5),
    "f6": (84,),
    "output": (10,),
}


@pytest.mark.parametrize("layer", LENET5)
def test_lenet5_maps(layer):
    assert summarize("lenet5")[layer].output.dimensions == LENET5[layer]


def test_lenet5_6_at_28x28():
    # "6@28x28 means that we have 6 feature maps of size 28·28"; "6 filters ... of size 5 x 5"
    c1 = summarize("lenet5")["c1"]
    assert (c1.layer.out_channels, c1.layer.kernel_size) == (6, 5)
    assert c1.cost.activation == 6 * 28 * 28


def test_lenet5_gets_smaller_and_deeper():
    # "the height and width tend to go down and the number of channels increased"
    maps = [r.output for r in summarize("lenet5").rows if r.kind in ("input", "conv", "avg_pool")]
    assert [m.channels for m in maps] == sorted(m.channels for m in maps)
    heights = [m.spatial[0] for m in maps]
    assert heights == sorted(heights, reverse=True)


def test_lenet5_common_arrangement():
    # Conv → pool → Conv → pool → fully connected → fully connected → output. C5 is a convolution
    # whose 5×5 filters cover the whole 5×5 map, so it is fully connected: 16·5·5 = 400 inputs.
    report = summarize("lenet5")
    kinds = [r.kind for r in report if r.kind in ("conv", "avg_pool", "linear")]
    assert kinds == ["conv", "avg_pool", "conv", "avg_pool", "conv", "linear", "linear"]
    assert report["c5"].output.dimensions == (120, 1, 1)
    assert report["c5"].cost.params == row("400", {"linear": 120}).cost.params == 401 * 120


# Convolution layer: 3x32x32 image, 3x5x5 filters.


@pytest.mark.parametrize("filters", [1, 2, 6])
def test_3x32x32_image_with_3x5x5_filters(filters):
    # "1x28x28", "Two 1x28x28", "Six 1x28x28 ... a new image of size 6x28x28"
    last = row("3x32x32", conv(filters, 5))
    assert last.output.dimensions == (filters, 28, 28)
    assert last.cost.weights == filters * 3 * 5 * 5
    assert last.cost.biases == filters


def test_one_number_is_a_75_dimensional_dot_product():
    last = row("3x5x5", conv(1, 5))
    assert last.output.elements == 1
    assert last.cost.macs == 3 * 5 * 5 == 75
    assert last.cost.operations_total == 75 + 75 + 1  # products, sums, and the bias
    assert last.cost.params == 75 + 1


def test_batch_of_two_images():
    # 2x3x32x32 batch of images, 2x6x28x28 batch of feature maps
    spec = {"input": "3x32x32", "layers": [conv(6, 5)]}
    one, two = summarize(spec).layers[-1].cost, summarize(spec, batch=2).layers[-1].cost
    assert two.activation == 2 * 6 * 28 * 28
    assert two.macs == 2 * one.macs
    assert two.params == one.params == 6 * 76


@pytest.mark.parametrize("batch", [1, 2, 32, 64, 128])
def test_batch_multiplies_maps_not_weights(batch):
    # N × D_1 × H_1 × W_1 to N × D_2 × H_2 × W_2
    report = summarize({"input": "3x32x32", "layers": [conv(6, 5)]}, batch=batch)
    assert report.layers[-1].cost.activation == batch * 6 * 28 * 28
    assert report.totals.params == 6 * (3 * 5 * 5 + 1)


@pytest.mark.parametrize(("image", "filter_size", "feature"), [(5, 3, 3), (4, 3, 2)])
def test_sliding_window_examples(image, filter_size, feature):
    # "convolving a 1x5x5 image with a 1x3x3 filter"; x in R^{4×4}, w in R^{3×3}, result 2×2
    last = row(f"1x{image}x{image}", conv(1, filter_size, bias=False))
    assert last.output.dimensions == (1, feature, feature)
    assert last.cost.macs == 9 * feature * feature  # each u(i, j) sums nine products


@pytest.mark.parametrize("a", range(4))
@pytest.mark.parametrize("b", range(4))
def test_kernel_of_odd_sizes(a, b):
    # L = 2a + 1, M = 2b + 1: a map y_k of each kernel; centred taps keep the size with P = (a, b)
    L, M = 2 * a + 1, 2 * b + 1
    last = row("1x11x12", conv(1, [L, M]))
    assert last.output.dimensions == (1, 11 - 2 * a, 12 - 2 * b)
    assert last.cost.params == L * M + 1
    assert row("1x11x12", conv(1, [L, M], P=[a, b])).output.dimensions == (1, 11, 12)


@pytest.mark.parametrize("K", [1, 3, 16])
def test_k_kernels_make_k_feature_maps(K):
    assert row("1x9x9", conv(K, 3)).output.dimensions == (K, 7, 7)


# Spatial dimensions.


@pytest.mark.parametrize(
    ("S", "value"), [(1, "5"), (2, "3"), (3, "2.33")], ids=["stride1", "stride2", "stride3"]
)
def test_7x7_input_3x3_filter(S, value):
    # The slide: stride 1 gives (7 − 3)/1 + 1 = 5, stride 2 gives 3, stride 3 gives 2.33.
    axis = Axis(N=7, F=3, S=S)
    assert stride.equation(axis).endswith(f"(7 − 3)/{S} + 1 = {value}")
    assert axis.fits == value.isdigit()
    assert axis.floor == positions(7, 3, S)


@pytest.mark.parametrize("S", [1, 2])
def test_7x7_layer(S):
    size = {1: 5, 2: 3}[S]
    assert row("1x7x7", conv(1, 3, S=S)).output.dimensions == (1, size, size)


def test_stride_is_the_distance_between_kernels():
    assert row("1x7x7", conv(1, 3, S=2)).fields[0].jump == 2


def test_why_28():
    # N = 32, F = 5: (32 − 5)/1 + 1 = 28
    assert stride.equation(Axis(N=32, F=5, S=1)).endswith("(32 − 5)/1 + 1 = 28")
    assert row("3x32x32", conv(1, 5)).output.dimensions == (1, 28, 28)


@pytest.mark.parametrize("F", [1, 3, 5, 7])
def test_width_shrinks_by_f_minus_1_at_each_layer(F):
    report = summarize({"input": "1x40x40", "layers": [conv(1, F)] * 3})
    assert [r.output.spatial[0] for r in report.rows] == [40 - i * (F - 1) for i in range(4)]


@pytest.mark.parametrize("S", range(1, 5))
@pytest.mark.parametrize("F", range(1, 6))
def test_output_size_counts_windows(F, S):
    # Output size = (N − F)/S + 1
    for N in range(F, 14):
        exact = Fraction(N - F, S) + 1
        assert Axis(N, F, S).floor == positions(N, F, S)
        assert Axis(N, F, S).fits == (exact == positions(N, F, S))


@pytest.mark.parametrize("P", range(4))
@pytest.mark.parametrize("S", range(1, 4))
@pytest.mark.parametrize("F", [3, 5, 7])
def test_output_size_with_padding_counts_windows(F, S, P):
    # Output size = (N − F + 2P)/S + 1
    for N in range(F, 14):
        exact = Fraction(N - F + 2 * P, S) + 1
        assert window.output_size(N=N, F=F, S=S, P=P) == positions(N, F, S, P)
        assert Axis(N, F, S, P).fits == (exact == positions(N, F, S, P))


# Zero padding.


def test_7x7_padded_by_one_pixel():
    # (7 − 3 + 2(1))/1 + 1 = 7: "7×7 output!"
    assert stride.equation(Axis(N=7, F=3, S=1, P=1)).endswith("= 7")
    assert row("1x7x7", conv(1, 3, P=1)).output.dimensions == (1, 7, 7)


@pytest.mark.parametrize(("F", "P"), [(3, 1), (5, 2), (7, 3)], ids=["F3P1", "F5P2", "F7P3"])
@pytest.mark.parametrize("N", [7, 14, 28, 224])
def test_zero_padding_preserves_size(F, P, N):
    assert P == (F - 1) // 2
    assert row(f"1x{N}x{N}", conv(1, F, P=P)).output.dimensions == (1, N, N)
    assert row(f"1x{N}x{N}", conv(1, F, padding="same")).output.dimensions == (1, N, N)


# Example: 3×32×32, ten 3×5×5 filters with stride 1, pad 2.


def test_example_output_volume():
    # (32 − 5 + 2(2))/1 + 1 = 32 spatially
    assert row("3x32x32", conv(10, 5, S=1, P=2)).output.dimensions == (10, 32, 32)


def test_example_parameters():
    # 5·5·3 + 1 = 76 for each filter, 76 · 10 = 760
    cost = row("3x32x32", conv(10, 5, S=1, P=2)).cost
    assert cost.params == (5 * 5 * 3 + 1) * 10 == 760
    assert (cost.weights, cost.biases) == (750, 10)


# Convolution layer, summary.

SUMMARY = [
    # D_1, H_1, W_1, K, F, S, P
    (3, 32, 32, 10, 5, 1, 2),
    (3, 480, 640, 64, 7, 2, 3),
    (1, 28, 28, 32, 5, 1, 2),
    (32, 14, 14, 64, 5, 1, 2),
    (64, 56, 40, 128, 3, 1, 1),
    (16, 9, 13, 8, 1, 4, 0),
]


@pytest.mark.parametrize(("D1", "H1", "W1", "K", "F", "S", "P"), SUMMARY)
def test_convolution_summary(D1, H1, W1, K, F, S, P):
    last = row(f"{D1}x{H1}x{W1}", conv(K, F, S=S, P=P))
    H2, W2 = (H1 - F + 2 * P) // S + 1, (W1 - F + 2 * P) // S + 1
    assert positions(H1, F, S, P) == H2
    assert positions(W1, F, S, P) == W2
    assert last.output.dimensions == (K, H2, W2)
    assert last.cost.weights == (F * F * D1) * K
    assert last.cost.biases == K
    assert parameters.conv_weights(F=(F, F), C_in=D1, C_out=K) == (F * F * D1) * K


# Pooling.


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize("F", [2, 3, 4])
def test_default_pool_stride_is_the_filter_width(kind, F):
    # "The default stride for pooling is equal to the filter width." Windows are disjoint regions.
    assert row("6x24x24", {kind: F}).output.dimensions == (6, 24 // F, 24 // F)


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize(("F", "S"), [(2, 2), (3, 2), (3, 3), (2, 1)])
@pytest.mark.parametrize(("D1", "H1", "W1"), [(6, 28, 28), (16, 10, 10), (5, 13, 20)])
def test_pooling_summary(kind, F, S, D1, H1, W1):
    # W_2 = (W_1 − F)/S + 1, H_2 likewise, D_2 = D_1, zero parameters
    last = row(f"{D1}x{H1}x{W1}", {kind: {"F": F, "S": S}})
    assert last.output.dimensions == (D1, positions(H1, F, S), positions(W1, F, S))
    assert last.output.dimensions == (D1, (H1 - F) // S + 1, (W1 - F) // S + 1)
    assert last.cost.params == 0


@pytest.mark.parametrize(("L", "M"), [(2, 2), (3, 2), (2, 4)])
def test_mean_pooling_divides_by_l_times_m(L, M):
    # z = 1/(L·M) · ΣΣ y: L·M − 1 additions and one division for each output
    cost = row("1x12x12", {"avg_pool": [L, M]}).cost
    outputs = (12 // L) * (12 // M)
    assert (cost.add, cost.divide) == (outputs * (L * M - 1), outputs)


@pytest.mark.parametrize(("L", "M"), [(2, 2), (3, 2), (2, 4)])
def test_max_pooling_compares(L, M):
    cost = row("1x12x12", {"max_pool": [L, M]}).cost
    assert cost.compare == (12 // L) * (12 // M) * (L * M - 1)
    assert (cost.multiply, cost.add, cost.divide) == (0, 0, 0)


def test_pooling_is_not_padded():
    # "it is not common to use zero-padding for pooling layers": none unless asked for
    assert row("1x12x12", {"max_pool": 2}).layer.padding == 0


# Fully connected layer.


def test_fully_connected_stretches_the_image():
    # 32x32x3 image, stretched to 3072: "a 3072-dimensional dot product"
    report = summarize({"input": "3x32x32", "layers": [{"linear": 1}]})
    assert [r.output.dimensions for r in report.rows] == [(3, 32, 32), (3072,), (1,)]
    assert report.layers[-1].cost.macs == 32 * 32 * 3 == 3072


def test_each_neuron_looks_at_the_full_input_volume():
    assert row("3x32x32", {"linear": 10}).receptive_field == (32, 32)


@pytest.mark.parametrize("classes", [10, 100])
def test_fully_connected_weights(classes):
    assert row("3x32x32", {"linear": classes}).cost.weights == classes * 3072


# Activation functions.

ACTIVATIONS = ["sigmoid", "tanh", "relu", {"leaky_relu": 0.1}, "elu"]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("shape", ["6x28x28", "100"])
def test_activations_keep_the_shape_and_learn_nothing(activation, shape):
    last = row(shape, activation)
    assert last.output == last.inputs[0]
    assert (last.cost.params, last.cost.macs) == (0, 0)


def test_relu_only_thresholds():
    # The slide: tanh and sigmoid involve expensive operations (exponentials), ReLU thresholds.
    cost = row("6x28x28", "relu").cost
    assert cost.operations_total == cost.compare == 6 * 28 * 28


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "elu"])
def test_expensive_activations_have_exponentials(activation):
    assert row("6x28x28", activation).cost.exponential == 6 * 28 * 28


@pytest.mark.parametrize("n", [5, 784])
def test_maxout_has_two_linear_functions(n):
    # The larger of w1ᵀx + b1 and w2ᵀx + b2.
    cost = row(f"{n}", {"maxout": 1}).cost
    assert (cost.weights, cost.biases, cost.compare) == (2 * n, 2, 1)


# Example 1: 5×5 pattern, one 3×3 kernel and a bias, sigmoid, 2×2 max pooling with strides 2.


def test_example1_valid():
    report = summarize("ntu_example1")
    assert report["conv"].output.dimensions == (1, 3, 3)  # U is a 3×3 matrix
    assert report["pool"].output.dimensions == (1, 1, 1)  # (0.794)


def test_example1_same():
    # (c): "repeat using SAME padding": ceil(5/1) = 5, then (5 − 2)/2 + 1 = 2.5, floored
    report = summarize("ntu_example1", settings={"padding": "same"})
    assert report["conv"].output.dimensions == (1, 5, 5)
    assert report["pool"].output.dimensions == (1, 2, 2)


def test_example1_pool_leaves_a_row_over():
    # a 2×2 window with strides 2 on 3×3 or 5×5: 2.5 − 1 and 2.5 places, so the last row is not
    # read
    assert stride.unread(Axis(3, 2, 2)) == [(2, 2)]
    assert stride.unread(Axis(5, 2, 2)) == [(4, 4)]


def test_example1_parameters():
    assert summarize("ntu_example1").totals.params == 3 * 3 + 1


def test_example1_macs():
    # each of the nine u(i, j) sums nine products
    assert summarize("ntu_example1").totals.macs == 9 * 9


# Example 2: MNIST digit, three 3×3 filters, zero bias, VALID, stride 1; pooling 2×2, stride 2.


def test_example2_maps():
    report = summarize("ntu_example2")
    assert report["conv"].output.dimensions == (3, 26, 26)
    assert report["pool"].output.dimensions == (3, 13, 13)


def test_example2_parameters():
    # "Assume zero bias": three filters of 3×3
    assert summarize("ntu_example2").totals.params == 3 * 3 * 3


# Data sets and the classifier.


@pytest.mark.parametrize(
    ("shape", "layout", "elements"),
    [("3x32x32", "chw", 3072), ("32x32x3", "hwc", 3072), ("1x28x28", "chw", 784)],
    ids=["CIFAR-10", "mean image", "MNIST"],
)
def test_image_sizes(shape, layout, elements):
    assert read_shape(shape, layout).elements == elements


def test_mean_image_and_tensor_are_the_same_volume():
    # [32,32,3] array and 3x32x32 image
    assert read_shape("32x32x3", "hwc") == read_shape("3x32x32")


@pytest.mark.parametrize("n", [3, 10])
def test_softmax_of_n_scores_is_n_probabilities(n):
    # The scores z in R^n become probabilities p in R^n
    last = row(f"{n}", "softmax")
    assert last.output.dimensions == (n,)
    assert last.cost.params == 0
    assert (last.cost.exponential, last.cost.divide) == (n, n)


# Example 3: MNIST digit recognition.

MNIST = {
    "conv1": (32, 28, 28),
    "pool1": (32, 14, 14),
    "conv2": (64, 14, 14),
    "pool2": (64, 7, 7),
}


@pytest.mark.parametrize("layer", MNIST)
def test_example3_feature_maps(layer):
    assert summarize("mnist_ntu")[layer].output.dimensions == MNIST[layer]


@pytest.mark.parametrize("layer", MNIST)
def test_example3_activations(layer):
    assert summarize("mnist_ntu")[layer].cost.activation == prod(MNIST[layer])


def test_example3_input():
    assert summarize("mnist_ntu").rows[0].output.elements == 28 * 28 == 784


def test_example3_weights_learned_at_conv1():
    # 32x5x5
    cost = summarize("mnist_ntu")["conv1"].cost
    assert (cost.weights, cost.biases) == (32 * 5 * 5, 32)


@pytest.mark.parametrize(("layer", "N"), [("conv1", 28), ("conv2", 14)])
def test_example3_convolutions_keep_the_size(layer, N):
    # 28 to 28 and 14 to 14 with 5×5 filters needs P = 2
    assert summarize("mnist_ntu")[layer].output.spatial == (N, N)
    assert Axis(N, 5, 1, 2).floor == N


def test_example3_batch_of_128():
    one, batch = summarize("mnist_ntu"), summarize("mnist_ntu", batch=128)
    assert batch["conv1"].cost.activation == 128 * 32 * 28 * 28
    assert batch.totals.params == one.totals.params
