"""ASU, "Lecture 4: Convolutional Neural Networks", partly after Karpathy: every shape and count.

Expected numbers are those that the deck prints, or are worked out here from the deck's own formula.
"""

from fractions import Fraction
from math import prod

import pytest
from lecture import positions, report, row

from cnncalc import summarize
from cnncalc.derivations import stride
from cnncalc.derivations.stride import Axis
from cnncalc.formulas import parameters, window


def conv(filters, F, **fields):
    return {"conv": {"filters": filters, "F": F, **fields}}


# Convolution of discrete signals.


def test_1d_example_keeps_seven_values():
    # f has 7 values, the box has 3, and h is printed with 7
    f, h = [10, 50, 60, 10, 20, 40, 30], [20, 40, 40, 30, 20, 30, 23.333]
    last = row(f"1x{len(f)}", conv(1, 3, padding="same", bias=False))
    assert last.output.dimensions == (1, len(h))
    assert last.cost.weights == 3


def test_box_filter_on_10x10():
    # the last table of h has 8 rows of 8 values; the border of the 10×10 image is left out
    last = row("1x10x10", conv(1, 3, bias=False))
    assert last.output.dimensions == (1, 8, 8)
    assert last.cost.macs == 8 * 8 * 9


@pytest.mark.parametrize("K", range(4))
def test_sum_from_minus_k_to_k(K):
    # x_out = b + Σ over k1, k2 = −K ... K: (2K + 1)² weights and b
    assert row("1x9x9", conv(1, 2 * K + 1)).cost.params == (2 * K + 1) ** 2 + 1


# Fully connected, locally connected, convolutional.


@pytest.mark.parametrize("N", [5, 8, 32])
def test_weight_sharing(N):
    places = N - 2
    full = row(f"1x{N}", {"linear": places}).cost
    local = row(f"1x{N}", {"locally_connected": {"filters": 1, "F": 3}}).cost
    shared = row(f"1x{N}", conv(1, 3)).cost
    assert (full.weights, full.biases) == (N * places, places)
    assert (local.weights, local.biases) == (3 * places, places)
    assert (shared.weights, shared.biases) == (3, 1)


def test_toeplitz_matrix_is_a_constrained_linear_layer():
    # a 5×5 matrix of nine letters, a to i: 9 weights in place of 25
    last = row("1x5", conv(1, 9, P=4, bias=False))
    assert last.output.dimensions == (1, 5)
    assert last.cost.weights == len("abcdefghi")
    assert row("5", {"linear": {"units": 5, "bias": False}}).cost.weights == 5 * 5


@pytest.mark.parametrize("size", [8, 32, 100, 225])
def test_arbitrarily_sized_inputs(size):
    # "Conv layers can be applied to arbitrarily-sized inputs": the parameters stay
    last = row(f"3x{size}x{size}", conv(6, 5))
    assert last.cost.params == (3 * 5 * 5 + 1) * 6
    assert last.output.dimensions == (6, size - 4, size - 4)


@pytest.mark.parametrize("size", [32, 33])
def test_linear_layers_cannot(size):
    assert row(f"3x{size}x{size}", {"linear": 10}).cost.weights == 3 * size * size * 10


# 3D activations.


def test_cifar10_image_is_3x32x32():
    assert report("3x32x32", "relu").rows[0].output.elements == 3 * 32 * 32 == 3072


def test_neuron_depends_on_a_3x5x5_chunk():
    last = row("3x32x32", conv(1, 5))
    assert last.receptive_field == (5, 5)
    assert (last.cost.weights, last.cost.biases) == (3 * 5 * 5, 1)


def test_sum_over_three_axes():
    # h^r = Σ_ijk x^r_ijk W_ijk + b
    last = row("3x5x5", conv(1, 5))
    assert last.output.elements == 1
    assert last.cost.macs == 3 * 5 * 5


@pytest.mark.parametrize("depth", [1, 2, 5, 64, 1024])
def test_outputs_form_a_column(depth):
    # [depth × 1 × 1]; h_1 and h_2 have weights and biases of their own
    last = row("3x5x5", conv(depth, 5))
    assert last.output.dimensions == (depth, 1, 1)
    assert (last.cost.weights, last.cost.biases) == (depth * 75, depth)


@pytest.mark.parametrize("depth", [64, 256, 1024])
def test_d_filters_make_depth_d(depth):
    assert row("3x32x32", conv(depth, 5)).output.channels == depth


@pytest.mark.parametrize("filters", [1, 5])
def test_without_weight_sharing(filters):
    # locally connected: the 28·28 places have weights of their own
    shared = row("3x32x32", conv(filters, 5))
    local = row("3x32x32", {"locally_connected": {"filters": filters, "F": 5}})
    assert local.output == shared.output
    assert local.cost.macs == shared.cost.macs
    assert local.cost.params == 28 * 28 * shared.cost.params == 28 * 28 * 76 * filters


@pytest.mark.parametrize("weights", [(6, 3, 5, 5), (96, 3, 11, 11), (64, 32, 1, 3)])
def test_weights_are_4_dimensional(weights):
    # (output depth, input depth, kernel height, kernel width)
    c_out, c_in, height, width = weights
    assert row(f"{c_in}x20x20", conv(c_out, [height, width])).cost.weights == prod(weights)
    assert parameters.conv_weights(F=(height, width), C_in=c_in, C_out=c_out) == prod(weights)


# Convolution layer: 32x32x3 image, 5x5x3 filters.


@pytest.mark.parametrize("filters", [1, 2, 6])
def test_32x32x3_image_with_5x5x3_filters(filters):
    # "We stack these up to get a 'new image' of size 28x28x6!"
    last = row("3x32x32", conv(filters, 5))
    assert last.output.text("hwc") == f"28×28×{filters}"
    assert last.cost.weights == 5 * 5 * 3 * filters


def test_layout_with_channels_last():
    spec = {"input": "1x1x1", "layers": [conv(6, 5)]}
    found = summarize(spec, input="32x32x3", layout="hwc")
    assert found.output_shape.dimensions == (6, 28, 28)


@pytest.mark.parametrize("F", [1, 3, 5, 7])
@pytest.mark.parametrize(("c_in", "c_out", "H", "W"), [(3, 6, 32, 32), (64, 16, 20, 31)])
def test_map_from_c_in_to_c_out_of_equal_size(c_in, c_out, H, W, F):
    # X_in in R^{C_in×H×W} to X_out in R^{C_out×H×W}: so with padding
    last = row(f"{c_in}x{H}x{W}", conv(c_out, F, padding="same"))
    assert last.output.dimensions == (c_out, H, W)


# Stride and padding.


def test_stride_2_may_not_cover_all_of_the_input():
    # 3×3 at stride 2 on 8 pixels stands at 0, 2 and 4; the last pixel is not read
    assert positions(8, 3, 2) == 3
    assert stride.unread(Axis(8, 3, 2)) == [(7, 7)]


def test_stride_2_may_cover_all_of_the_input():
    assert stride.unread(Axis(7, 3, 2)) == []


@pytest.mark.parametrize("N", [8, 14, 32, 224])
def test_stride_2_halves_the_size(N):
    # "The output is also half the size of the input": exactly so with padding 1 and an even N;
    # without padding 3×3 gives one less.
    assert row(f"1x{N}x{N}", conv(1, 3, S=2, P=1)).output.spatial == (N // 2, N // 2)
    assert row(f"1x{N}x{N}", conv(1, 3, S=2)).output.spatial == (N // 2 - 1, N // 2 - 1)


@pytest.mark.parametrize("N", [7, 8])
def test_pad_1_stride_2(N):
    # the picture with a frame of zeros: (7 + 2 − 3)/2 + 1 = 4, and 8 gives 4 too, floored
    assert positions(N, 3, 2, 1) == 4
    assert row(f"1x{N}x{N}", conv(1, 3, S=2, P=1)).output.spatial == (4, 4)


@pytest.mark.parametrize("p", range(4))
@pytest.mark.parametrize("s", range(1, 5))
@pytest.mark.parametrize("k", [1, 2, 3, 5, 7])
def test_how_big_is_the_output(k, s, p):
    # w_out = ⌊(w_in + 2p − k)/s⌋ + 1
    for w_in in range(max(1, k - 2 * p), 15):
        w_out = window.output_size(N=w_in, F=k, S=s, P=p)
        assert w_out == positions(w_in, k, s, p)
        assert w_out == Fraction(w_in + 2 * p - k, s) // 1 + 1


@pytest.mark.parametrize("w_in", [1, 2, 7, 28, 224])
def test_example_k3_s1_p1(w_in):
    # ⌊(w_in + 2 − 3)/1⌋ + 1 = w_in
    assert row(f"1x{w_in}x{w_in}", conv(1, 3, S=1, P=1)).output.spatial == (w_in, w_in)


def test_vgg_uses_filters_of_this_shape():
    convs = [r for r in summarize("vgg16") if r.kind == "conv"]
    assert {(r.layer.kernel_size, r.layer.stride, r.layer.padding) for r in convs} == {(3, 1, 1)}
    assert all(r.output.spatial == r.inputs[0].spatial for r in convs)


@pytest.mark.parametrize(("C", "N", "M"), [(6, 28, 28), (96, 13, 17)])
def test_feature_maps_are_c_images(C, N, M):
    # "a set of C feature maps"; "each feature map is an N × M image"
    assert row(f"3x{N}x{M}", conv(C, 3, P=1)).cost.activation == C * N * M


# Knowledge check: an RGB image, 96 filters of 3×3; of the answers offered, 27 and 96 are right.

BANK = ("3x32x32", conv(96, 3, P=1, bias=False))


def test_knowledge_check_parameters_of_a_filter():
    # (b) 27: 3·3 on each of 3 channels; 9 forgets the channels, 864 = 9 · 96 multiplies by the
    # filters
    last = row(*BANK)
    assert last.cost.weights // last.output.channels == 3 * 3 * 3 == 27


def test_knowledge_check_filters_in_the_bank():
    # (c) 96: as many as there are output maps
    assert row(*BANK).output.channels == 96


def test_knowledge_check_whole_bank():
    assert row(*BANK).cost.weights == 27 * 96


# Feature maps of two layers: [H × W × 3], [H/4 × W/4 × C1], [H/8 × W/8 × C2].


@pytest.mark.parametrize(("H", "W"), [(224, 224), (64, 96), (480, 640)])
def test_layer_sizes_h_over_4_and_h_over_8(H, W):
    first = conv(16, 11, S=4, padding="same")
    found = report(f"3x{H}x{W}", first, conv(32, 5, S=2, padding="same"))
    assert found.layers[0].output.text("hwc") == f"{H // 4}×{W // 4}×16"
    assert found.layers[1].output.text("hwc") == f"{H // 8}×{W // 8}×32"
    assert [r.fields[0].jump for r in found] == [4, 8]


# Pooling.


@pytest.mark.parametrize(("neighbours", "kernel"), [(4, 2), (9, 3), (16, 4)])
def test_pooling_over_a_neighbourhood(neighbours, kernel):
    # max over, or 1/|N| Σ over, the neighbourhood
    largest = row("8x24x24", {"max_pool": kernel}).cost
    mean = row("8x24x24", {"avg_pool": kernel}).cost
    outputs = 8 * (24 // kernel) ** 2
    assert largest.compare == outputs * (neighbours - 1)
    assert (mean.add, mean.divide) == (outputs * (neighbours - 1), outputs)
    assert largest.params == mean.params == 0


def test_pool_and_downsample():
    # pooling by itself keeps the resolution; the stride makes it smaller
    assert row("8x24x24", {"max_pool": {"F": 3, "S": 1, "P": 1}}).output.dimensions == (8, 24, 24)
    assert row("8x24x24", {"max_pool": {"F": 3, "S": 2, "P": 1}}).output.dimensions == (8, 12, 12)


# Dilated convolutions.


@pytest.mark.parametrize("d", [1, 2, 3, 4])
@pytest.mark.parametrize("k", [2, 3, 5])
def test_dilation_increases_the_receptive_field(k, d):
    # "looking at larger spatial context without looking at every pixel"
    taps = {tap * d for tap in range(k)}
    last = row("1x40x40", conv(1, k, dilation=d))
    assert last.receptive_field == (max(taps) + 1,) * 2
    assert last.cost.weights == len(taps) ** 2
    assert last.output.spatial == (40 - max(taps),) * 2


def test_dilations_1_2_4_see_15_pixels():
    # 3, then 3 + 2·2 = 7, then 7 + 4·2 = 15, with nine weights each
    found = report("1x40x40", *[conv(1, 3, dilation=d, padding="same") for d in (1, 2, 4)])
    assert [r.receptive_field[0] for r in found] == [3, 7, 15]
    assert {r.cost.weights for r in found} == {9}


# Transposed convolution, alias deconvolution or fractionally strided convolution.


@pytest.mark.parametrize("s", [1, 2, 3])
@pytest.mark.parametrize("k", [2, 3, 4])
def test_transposed_convolution_size(k, s):
    # input n spreads over the k places from n·s on
    for w_in in range(1, 8):
        reached = max(n * s + tap for n in range(w_in) for tap in range(k)) + 1
        last = row(f"1x{w_in}", {"conv_transpose": {"filters": 1, "F": k, "S": s}})
        assert window.output_size_transposed(N=w_in, F=k, S=s) == reached
        assert last.output.spatial == (reached,)


@pytest.mark.parametrize("p", [0, 1])
@pytest.mark.parametrize("s", [1, 2, 3])
@pytest.mark.parametrize("k", [3, 4])
def test_transposed_convolution_undoes_the_size(k, s, p):
    for w_in in range(k, 20):
        if Axis(w_in, k, s, p).fits:
            w_out = positions(w_in, k, s, p)
            assert window.output_size_transposed(N=w_out, F=k, S=s, P=p) == w_in


@pytest.mark.parametrize("alias", ["deconvolution", "ConvTranspose2d", "up_conv"])
def test_names_of_transposed_convolution(alias):
    assert row("8x14x14", {alias: {"filters": 4, "F": 2, "S": 2}}).output.dimensions == (4, 28, 28)


def test_fractionally_strided():
    last = row("8x14x14", {"conv_transpose": {"filters": 4, "F": 2, "S": 2}})
    assert last.fields[0].jump == Fraction(1, 2)


def test_transposed_convolution_multiplies_at_the_input():
    # each of 14·14 inputs of 8 channels meets 2·2·4 weights
    last = row("8x14x14", {"conv_transpose": {"filters": 4, "F": 2, "S": 2}})
    assert last.cost.macs == 14 * 14 * 8 * 2 * 2 * 4


# 1×1 convolution and the Inception module.


@pytest.mark.parametrize(("c_in", "c_out"), [(192, 16), (192, 96), (512, 24)])
def test_1x1_convolution_reduces_dimensions(c_in, c_out):
    last = row(f"{c_in}x28x28", conv(c_out, 1))
    assert last.output.dimensions == (c_out, 28, 28)
    assert last.cost.weights == c_in * c_out


def test_inception_module_with_dimension_reductions():
    # figure (b), with the numbers of GoogLeNet's 3a: 64, 96 to 128, 16 to 32, and 32 after the
    # pool
    found = summarize("inception_module")
    assert found.output_shape.dimensions == (64 + 128 + 32 + 32, 28, 28)
    reduced = 192 * 64 + 192 * 96 + 9 * 96 * 128 + 192 * 16 + 25 * 16 * 32 + 192 * 32
    assert found.totals.weights == reduced
    assert found.totals.macs == reduced * 28 * 28


def test_inception_module_without_reductions_is_larger():
    ways = {
        "1x1": [conv(64, 1)],
        "3x3": [conv(128, 3, P=1)],
        "5x5": [conv(32, 5, P=2)],
        "pool": [{"max_pool": {"F": 3, "S": 1, "P": 1}}],
    }
    naive = report("192x28x28", {"branches": ways, "join": "concat"})
    assert naive.output_shape.dimensions == (64 + 128 + 32 + 192, 28, 28)
    assert naive.totals.weights == 192 * 64 + 9 * 192 * 128 + 25 * 192 * 32
    assert naive.totals.weights > 2 * summarize("inception_module").totals.weights


# Example ConvNet: 10x3x3 conv filters, stride 1, pad 1; 2x2 pool filters, stride 2.


def test_example_convnet_sizes():
    found = summarize("cs231n_demo")
    convs = [r.output.dimensions for r in found if r.kind == "conv"]
    pools = [r.output.dimensions for r in found if r.kind == "max_pool"]
    assert convs == [(10, n, n) for n in (32, 32, 16, 16, 8, 8)]
    assert pools == [(10, n, n) for n in (16, 8, 4)]
    assert found.output_shape.dimensions == (10,)


def test_example_convnet_parameters():
    first, later, classes = (3 * 9 + 1) * 10, (10 * 9 + 1) * 10, (10 * 4 * 4 + 1) * 10
    assert summarize("cs231n_demo").totals.params == first + 5 * later + classes == 6_440


def test_example_convnet_filters():
    found = summarize("cs231n_demo")
    convs = {r.layer for r in found if r.kind == "conv"}
    pools = {r.layer for r in found if r.kind == "max_pool"}
    assert convs == {row("10x8x8", conv(10, 3, S=1, P=1)).layer}
    assert pools == {row("10x8x8", {"max_pool": {"F": 2, "S": 2}}).layer}


# Example: AlexNet ("max", "norm", "full"), and the networks shown beside it.


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet18"])
def test_networks_shown_classify_into_1000(name):
    assert summarize(name).output_shape.dimensions == (1000,)


def test_alexnet_has_max_norm_and_full_layers():
    kinds = [r.kind for r in summarize("alexnet")]
    counts = {kind: kinds.count(kind) for kind in ("max_pool", "local_response_norm", "linear")}
    assert counts == {"max_pool": 3, "local_response_norm": 2, "linear": 3}


def test_full_means_fully_connected():
    assert row("256x13x13", {"full": 1000}).layer == row("256x13x13", {"linear": 1000}).layer


# Training.


def test_mini_batch_of_about_100_images():
    one, batch = summarize("cs231n_demo").totals, summarize("cs231n_demo", batch=100).totals
    assert batch.macs == 100 * one.macs
    assert batch.activation == 100 * one.activation
    assert batch.params == one.params


# ResNet, autoencoder, U-Net, convolutions in time.


def test_residual_blocks_have_skip_connections():
    # ResNet-18: eight blocks
    assert [r.kind for r in summarize("resnet18")].count("add") == 8


def test_residual_block_keeps_the_shape():
    block = {"residual": [conv(64, 3, P=1), "batch_norm", "relu", conv(64, 3, P=1), "batch_norm"]}
    found = report("64x56x56", block)
    assert found.output_shape.dimensions == (64, 56, 56)
    assert found.totals.params == 2 * (9 * 64 + 1) * 64 + 2 * 2 * 64


@pytest.mark.parametrize("name", ["autoencoder_fc", "autoencoder_conv"])
def test_autoencoder_reconstructs_its_input(name):
    # "reduce the input to a bottleneck or latent code, then reconstruct it again"
    found = summarize(name)
    assert found.output_shape == found.input_shape
    learned = [r for r in found if r.cost.params]
    assert min(learned, key=lambda r: r.output.elements).name == "code"
    assert found["code"].output.elements < found.input_shape.elements


@pytest.mark.parametrize("size", [64, 256])
def test_unet_image_to_image(size):
    found = summarize("unet_image", input=f"3x{size}x{size}")
    assert found.output_shape.spatial == (size, size)


@pytest.mark.parametrize("name", ["unet", "unet_image"])
def test_unet_up_convolutions_double(name):
    ups = [r for r in summarize(name) if r.kind == "conv_transpose"]
    assert len(ups) == 4
    for up in ups:
        assert up.output.spatial == tuple(2 * n for n in up.inputs[0].spatial)
        assert up.output.channels * 2 == up.inputs[0].channels
        assert up.cost.params == (2 * 2 * up.inputs[0].channels + 1) * up.output.channels


@pytest.mark.parametrize("name", ["unet", "unet_image"])
def test_unet_skip_connections_join_equal_halves(name):
    joins = [r for r in summarize(name) if r.kind == "concat"]
    assert [r.output.channels for r in joins] == [1024, 512, 256, 128]
    assert all(len({shape.dimensions for shape in r.inputs}) == 1 for r in joins)


def test_unet_published_size():
    # each unpadded 3×3 takes 2 away: four times 572 loses 4 and halves; it loses 4 more; then
    # four times it doubles and loses 4
    size = 572
    for _ in range(4):
        size = (size - 4) // 2
    size -= 4
    for _ in range(4):
        size = 2 * size - 4
    assert size == 388
    assert summarize("unet").output_shape.spatial == (size, size)


@pytest.mark.parametrize(("k", "d"), [(2, 1), (3, 1), (2, 4)])
def test_convolutions_in_time(k, d):
    # one axis: 80 channels in 100 frames
    last = row("80x100", conv(32, k, dilation=d))
    assert last.output.dimensions == (32, 100 - d * (k - 1))
    assert last.cost.params == (80 * k + 1) * 32


def test_convolutions_in_space_and_time():
    # three axes: 16 frames of 112×112
    last = row("3x16x112x112", conv(64, 3, P=1))
    assert last.output.dimensions == (64, 16, 112, 112)
    assert last.cost.weights == 3**3 * 3 * 64
