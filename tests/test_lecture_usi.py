"""USI, Michael Wand, "Convolutional Neural Networks": every shape and count of the deck.

Expected numbers are those that the deck prints, or are worked out here from the deck's own formula.
Where the deck is wrong, the test asserts the truth and says why.
"""

from itertools import pairwise

import pytest
from lecture import positions, report, row

from cnncalc import summarize
from cnncalc.derivations.stride import Axis
from cnncalc.formulas import receptive


def conv(filters, F, **fields):
    return {"conv": {"filters": filters, "F": F, **fields}}


def max_pool(k, s=None):
    return {"max_pool": {"F": k} if s is None else {"F": k, "S": s}}


# Recap: all neurons of layer l are connected to all neurons of layer l + 1.


DEEP_BIG_SIMPLE = (
    784,
    2500,
    2000,
    1500,
    1000,
    500,
    10,
)  # the deck's source [1], Ciresan et al. 2010


@pytest.mark.parametrize("sizes", [DEEP_BIG_SIMPLE, (784, 100, 10), (3, 4, 1)])
def test_mlp_connects_all_to_all(sizes):
    found = report(f"{sizes[0]}", *[{"linear": n} for n in sizes[1:]])
    weights = [a * b for a, b in pairwise(sizes)]
    assert [r.cost.weights for r in found] == weights
    assert [r.cost.biases for r in found] == list(sizes[1:])
    assert found.totals.macs == sum(weights)


def test_large_input_dimensionality_means_many_weights():
    # the same 16 outputs on a 40×40 image with 3 channels: 76,800 weights against 75 · 16 = 1,200
    assert row("3x40x40", {"linear": 16}).cost.weights == 40 * 40 * 3 * 16
    assert row("3x40x40", conv(16, 5)).cost.weights == 5 * 5 * 3 * 16


# Convolutional layer: 40×40 pixels and 3 colour channels, a filter of 5×5.


def test_one_offset_gives_a_scalar():
    # "Multiply pixel values by filter values and sum, add bias, get scalar result"
    last = row("3x5x5", conv(1, 5))
    assert last.output.elements == 1
    assert last.cost.multiply == 5 * 5 * 3
    assert last.cost.add == 5 * 5 * 3 + 1  # every product is added up, and so is the bias


@pytest.mark.parametrize("filters", [1, 16])
def test_40x40_image_5x5_filter(filters):
    # "Slightly smaller than the image due to the filter size": 40 − 5 + 1 = 36
    last = row("3x40x40", conv(filters, 5))
    assert positions(40, 5) == 36
    assert last.output.dimensions == (filters, 36, 36)


def test_16_filters_parameters():
    assert row("3x40x40", conv(16, 5)).cost.params == (5 * 5 * 3 + 1) * 16


def test_padding_retains_the_size():
    assert row("3x40x40", conv(16, 5, P=2)).output.dimensions == (16, 40, 40)
    assert row("3x40x40", conv(16, 5, padding="same")).output.dimensions == (16, 40, 40)


@pytest.mark.parametrize("n", range(1, 6))
def test_filter_at_every_nth_pixel(n):
    # The slide applies the filter only at every n-th pixel (stride, not shown).
    size = positions(40, 5, n)
    last = row("3x40x40", conv(16, 5, S=n))
    assert last.output.dimensions == (16, size, size)
    assert size == (40 - 5) // n + 1
    assert last.fields[0].jump == n


@pytest.mark.parametrize("nonlinearity", ["relu", "tanh", "sigmoid"])
def test_nonlinearity_is_component_wise(nonlinearity):
    last = row("3x40x40", conv(16, 5), nonlinearity)
    assert last.output.dimensions == (16, 36, 36)
    assert last.cost.params == 0


@pytest.mark.parametrize("C", [1, 3, 16])
@pytest.mark.parametrize("s", [3, 5, 7])
@pytest.mark.parametrize("K", [1, 16])
def test_sum_has_s_times_s_times_c_terms(s, C, K):
    # The slide sums i and j from 0 to s and c from 0 to C, which is one term too many each; a
    # filter of size s on C channels has s·s·C weights and w_0, and there are K of them.
    last = row(f"{C}x{s}x{s}", conv(K, s))
    assert last.cost.macs == s * s * C * K
    assert last.cost.params == (s * s * C + 1) * K
    assert last.output.dimensions == (K, 1, 1)


@pytest.mark.parametrize("S", range(1, 5))
@pytest.mark.parametrize("F", [1, 2, 3, 5, 7])
def test_all_possible_offsets(F, S):
    # "at all possible offsets"
    for N in range(F, 16):
        assert Axis(N, F, S).floor == positions(N, F, S)


# Iterated: maps become input channels; the receptive field.


def test_feature_maps_become_input_channels():
    found = report("3x40x40", conv(16, 5), conv(32, 5))
    assert found.layers[1].inputs[0].channels == 16
    assert found.layers[1].cost.weights == 5 * 5 * 16 * 32
    assert found.output_shape.dimensions == (32, 32, 32)


@pytest.mark.parametrize("F", [3, 5, 7])
def test_receptive_field_is_the_filter_size(F):
    assert row("1x40x40", conv(1, F)).receptive_field == (F, F)


@pytest.mark.parametrize("layers", range(1, 6))
@pytest.mark.parametrize("F", [3, 5])
def test_receptive_field_of_iterated_layers(F, layers):
    # each layer sees F − 1 pixels more
    assert row("1x64x64", *[conv(1, F)] * layers).receptive_field == (1 + layers * (F - 1),) * 2


def test_pooling_makes_receptive_fields_grow_faster():
    # 3; a 2×2 pool adds 1; from then on a pixel of the map is 2 of the image: 4 + 2·2, + 2, + 2·4
    found = report("1x64x64", conv(1, 3), max_pool(2), conv(1, 3), max_pool(2), conv(1, 3))
    assert [r.receptive_field[0] for r in found] == [3, 4, 8, 10, 18]
    assert [r.fields[0].jump for r in found] == [1, 2, 2, 4, 4]


@pytest.mark.parametrize(("r", "E", "j"), [(1, 3, 1), (3, 2, 1), (4, 3, 2), (8, 2, 2), (10, 3, 4)])
def test_receptive_field_counted_pixel_by_pixel(r, E, j):
    seen = {place * j + pixel for place in range(E) for pixel in range(r)}
    assert receptive.field_size(r_in=r, E=E, j_in=j) == len(seen)


# Pooling with a kernel size of k and a stride of s.


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("N", [12, 24, 48])
def test_pooling_n_over_k(N, k):
    # output (N/k, N/k): right when the stride is the kernel size, as the index a·k + i in the sum
    # says, and k divides N
    assert row(f"5x{N}x{N}", max_pool(k)).output.dimensions == (5, N // k, N // k)


@pytest.mark.parametrize(
    ("N", "k", "s", "size"),
    [(13, 3, 2, 6), (55, 3, 2, 27), (8, 2, 1, 7), (12, 3, 1, 10), (12, 2, 3, 4)],
)
def test_pooling_with_a_stride_is_not_n_over_k(N, k, s, size):
    # With "a kernel size of k and a stride of s" the size is (N − k)/s + 1, which is N/k only for
    # s = k: (12 − 3)/1 + 1 = 10, not 12/3 = 4.
    assert size == (N - k) // s + 1 == positions(N, k, s)
    assert size * k != N
    assert row(f"5x{N}x{N}", max_pool(k, s)).output.dimensions == (5, size, size)


@pytest.mark.parametrize(("N", "k", "size"), [(11, 2, 5), (23, 2, 11), (13, 3, 4)])
def test_pooling_leaves_over_what_k_does_not_divide(N, k, size):
    assert row(f"5x{N}x{N}", max_pool(k)).output.dimensions == (5, size, size)
    assert not Axis(N, k, k).fits


@pytest.mark.parametrize(("k", "s"), [(3, 2), (3, 1), (2, 1), (2, 2), (3, 3)])
def test_small_stride_makes_pooling_overlap(k, s):
    # windows of k cells, s apart, share k − s cells with the next: more are read than there are
    windows = Axis(12, k, s).floor
    shared = (windows - 1) * (k - s)
    assert row("1x12", max_pool(k, s)).cost.compare == windows * (k - 1)
    assert len({a * s + i for a in range(windows) for i in range(k)}) == windows * k - shared


def test_max_pooling_learns_nothing():
    assert row("5x12x12", max_pool(2)).cost.params == 0


# Architecture: convolutions of 3×3 to 7×7 with stride 1, max pooling with stride == kernel.


def test_size_of_representations_decreases_exponentially():
    # 256x256 -> 128x128 -> 64x64 ...
    found = report("1x256x256", *[max_pool(2)] * 8)
    assert [r.output.spatial[0] for r in found.rows] == [256, 128, 64, 32, 16, 8, 4, 2, 1]


@pytest.mark.parametrize("F", [3, 5, 7])
def test_alternating_layers_halve_the_size(F):
    stages = [layer for n in (16, 32) for layer in (conv(n, F, P=F // 2), "relu", max_pool(2))]
    found = report("3x256x256", *stages)
    assert [r.output.spatial[0] for r in found if r.kind == "max_pool"] == [128, 64]


# Chinese OCR: 9HL-48x48-100C3-MP2-200C2-MP2-300C2-MP2-400C2-MP2-500N-3755.

NOTATION = "9HL-48x48-100C3-MP2-200C2-MP2-300C2-MP2-400C2-MP2-500N-3755N"
OCR_SHAPES = [
    (1, 48, 48),
    (100, 46, 46),  # 48 − 3 + 1
    (100, 23, 23),
    (200, 22, 22),  # 23 − 2 + 1
    (200, 11, 11),
    (300, 10, 10),
    (300, 5, 5),
    (400, 4, 4),
    (400, 2, 2),
    (1600,),
    (500,),
    (3755,),
]
OCR_WEIGHTS = [3 * 3 * 100, 2 * 2 * 100 * 200, 2 * 2 * 200 * 300, 2 * 2 * 300 * 400]
OCR_PARAMS = [w + b for w, b in zip(OCR_WEIGHTS, (100, 200, 300, 400), strict=True)]
OCR_PLACES = [46 * 46, 22 * 22, 10 * 10, 4 * 4]
SPELLINGS = {
    "notation": NOTATION,
    "without 9HL": NOTATION.removeprefix("9HL-").replace("48x48", "1x48x48"),
    "3755 as printed": NOTATION.removesuffix("N"),
    "built in": "chinese_ocr",
}
ocr = pytest.mark.parametrize("target", SPELLINGS.values(), ids=SPELLINGS)


@ocr
def test_ocr_shapes(target):
    assert [r.output.dimensions for r in summarize(target).rows] == OCR_SHAPES


@ocr
def test_ocr_has_nine_hidden_layers(target):
    # four convolutions, four pools and 500 neurons; the last layer is the output
    assert len([r for r in summarize(target) if not r.implied]) - 1 == 9


@ocr
def test_ocr_convolutions(target):
    convs = [r.cost for r in summarize(target) if r.kind == "conv"]
    assert [cost.weights for cost in convs] == OCR_WEIGHTS
    assert [cost.params for cost in convs] == OCR_PARAMS == [1_000, 80_200, 240_300, 480_400]
    macs = [w * places for w, places in zip(OCR_WEIGHTS, OCR_PLACES, strict=True)]
    assert [cost.macs for cost in convs] == macs


@ocr
def test_ocr_classification_layer(target):
    # 1'881'255 weights, 1.88 million connections
    cost = summarize(target).layers[-1].cost
    assert cost.params == (500 + 1) * 3755 == 1_881_255
    assert round(cost.macs / 10**6, 2) == 1.88
    assert cost.connections == 500 * 3755 + 3755  # a bias is a connection too


@ocr
def test_ocr_feature_extraction_weights_do_not_follow(target):
    # The deck prints 321'800. The convolutions of the notation hold 801,900 numbers, and the 500
    # neurons 1600 · 500 + 500 = 800,500 more.
    found = summarize(target)
    conv_params = sum(r.cost.params for r in found if r.kind == "conv")
    hidden = next(r.cost.params for r in found if r.kind == "linear")
    assert conv_params == sum(OCR_PARAMS) == 801_900
    assert hidden == 1600 * 500 + 500 == 800_500


def test_ocr_321800_is_not_a_sum_of_layers():
    # with or without biases; the nearest is the first three convolutions, 321,500
    parts = [*OCR_PARAMS, 800_500]
    sums = {sum(p for i, p in enumerate(parts) if chosen >> i & 1) for chosen in range(1, 32)}
    bare = [*OCR_WEIGHTS, 800_000]
    sums |= {sum(p for i, p in enumerate(bare) if chosen >> i & 1) for chosen in range(1, 32)}
    assert 321_800 not in sums
    assert min(sums, key=lambda s: abs(s - 321_800)) == sum(OCR_PARAMS[:3]) == 321_500


@ocr
def test_ocr_feature_extraction_connections_do_not_follow(target):
    # The deck prints 26.37 million; the second convolution alone has 80,000 · 22² = 38.72
    # million, and 200 · 22² more where biases count.
    convs = [r.cost for r in summarize(target) if r.kind == "conv"]
    assert convs[1].macs == 80_000 * 22**2 == 38_720_000 > 26_370_000
    assert convs[1].connections == 80_200 * 22**2
    macs = 1_904_400 + 38_720_000 + 24_000_000 + 7_680_000
    assert sum(cost.macs for cost in convs) == macs == 72_304_400


@ocr
def test_ocr_total(target):
    assert summarize(target).totals.params == 801_900 + 800_500 + 1_881_255


# Other dimensionalities: spectrograms, raw signals, Waibel's time-delay neural networks.


def test_spectrogram_is_an_image():
    assert row("1x129x300", conv(8, 5)).output.dimensions == (8, 125, 296)


def test_one_dimensional_convolution_of_a_raw_signal():
    # (16000 − 400)/160 + 1 = 98.5: frames of 25 ms every 10 ms, of a second at 16 kHz
    last = row("1x16000", conv(32, 400, S=160))
    assert last.output.dimensions == (32, 98)
    assert last.cost.params == 32 * (400 + 1)


TDNN = {
    # Waibel et al. 1989: 16 coefficients in 15 frames; 8 units see 3 frames, 3 units 5 of theirs
    "hidden1": ((8, 13), 8 * (16 * 3 + 1), 3),
    "hidden2": ((3, 9), 3 * (8 * 5 + 1), 7),
}


@pytest.mark.parametrize("layer", TDNN)
def test_tdnn(layer):
    shape, params, frames = TDNN[layer]
    found = summarize("tdnn")[layer]
    assert found.output.dimensions == shape
    assert found.cost.params == params
    assert found.receptive_field == (frames,)


def test_tdnn_in_one_line():
    assert [r.output.dimensions for r in summarize("16x15-8C3-3C5")] == [(8, 13), (3, 9)]


# Inception modules and skip connections.


def test_inception_lets_the_model_choose_the_kernel():
    # all branches keep the size and lie side by side in the output
    ways = {f"way{F}": [conv(8, F, P=F // 2)] for F in (1, 3, 5)}
    found = report("16x28x28", {"branches": ways, "join": "concat"})
    assert found.output_shape.dimensions == (3 * 8, 28, 28)
    assert found.totals.weights == 16 * 8 * (1 + 9 + 25)


def test_skip_connection_adds_the_input():
    found = report("16x28x28", {"residual": [conv(16, 3, P=1), "relu", conv(16, 3, P=1)]})
    assert found.output_shape.dimensions == (16, 28, 28)
    assert found.totals.params == 2 * (9 * 16 + 1) * 16  # the skip itself learns nothing
