"""Convolutions with numbers: every example of the five decks, and the named kernels.

The decks are those of Kedge, NTU, TUM, ASU and USI. Expected values are as printed in the deck; if
that is an error, the test says so.
"""

from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

import cnncalc
from cnncalc import layers
from cnncalc.core.errors import UsageError
from cnncalc.core.parsing import fields_of
from cnncalc.core.shape import Map
from cnncalc.homework.convolution import activation_of, convolve, named, pool_of, read
from cnncalc.homework.convolution.activation import FUNCTIONS
from cnncalc.homework.convolution.formats import as_data, as_text
from cnncalc.homework.convolution.given import load
from cnncalc.homework.convolution.kernels import KERNELS
from cnncalc.homework.convolution.pooling import REDUCTIONS
from cnncalc.homework.convolution.sheet import sections
from cnncalc.homework.convolution.window import MODES
from cnncalc.layers._elementwise import Elementwise
from cnncalc.layers._pool import Pool
from cnncalc.layers.pad import Pad


def work(x, *kernels, **options):
    """A convolution of an input and kernels given as text."""
    tensor, weights = load(x, kernels)
    for name, read_it in (("bias", read), ("activation", activation_of), ("pool", pool_of)):
        if name in options:
            options[name] = read_it(options[name])
    return convolve(tensor, weights, **options)


def plane(worked, channel=0):
    """One channel of the output: its rows, or one row for a signal."""
    return worked.output.nested()[channel]


def equations(worked, **options):
    """Every equation as text."""
    shown = sections(worked, **options)
    return [" ".join(line.pieces) for section in shown for line in section.lines]


def rounds_to(numbers, printed):
    """Whether all numbers agree with printed ones, at the printed digits."""
    flat = (
        [number for row in numbers for number in row] if isinstance(numbers[0], list) else numbers
    )
    digits = [len(text.partition(".")[2]) for text in printed.split()]
    return [f"{float(n):.{d}f}" for n, d in zip(flat, digits, strict=True)] == printed.split()


# Kedge: 3×3 ∗ 2×2, and zero padding.

KEDGE = ("0 1 2; 3 4 5; 6 7 8", "0 1; 2 3")


def test_kedge_3x3_by_2x2():
    assert plane(work(*KEDGE)) == [[19, 25], [37, 43]]


def test_kedge_3x3_by_2x2_line_by_line():
    # the deck's four lines, word for word
    assert [line.partition(" = ")[2] for line in equations(work(*KEDGE))[-4:]] == [
        "0×0 + 1×1 + 3×2 + 4×3 = 19",
        "1×0 + 2×1 + 4×2 + 5×3 = 25",
        "3×0 + 4×1 + 6×2 + 7×3 = 37",
        "4×0 + 5×1 + 7×2 + 8×3 = 43",
    ]


@pytest.mark.parametrize(
    ("P", "padded"),
    [
        (1, ["0 0 0 0 0", "0 1 1 1 0", "0 1 1 1 0", "0 1 1 1 0", "0 0 0 0 0"]),
        (2, ["0 0 0 0 0 0 0", "0 0 0 0 0 0 0", "0 0 1 1 1 0 0", "0 0 1 1 1 0 0", "0 0 1 1 1 0 0",
             "0 0 0 0 0 0 0", "0 0 0 0 0 0 0"]),
    ],
)  # fmt: skip
def test_kedge_zero_padding(P, padded):
    worked = work("1 1 1; 1 1 1; 1 1 1", "box", padding=P)
    assert worked.convolution.padded.nested() == [[list(map(int, row.split())) for row in padded]]


def test_kedge_k3_p1_keeps_the_size():
    assert work("1 1 1; 1 1 1; 1 1 1", "box", padding=1).output.shape.spatial == (3, 3)


def test_kedge_convolution_over_channels():
    # "1. 2D convolution per input channel 2. Add up the results as the output"
    both = work("0 1; 2 3 | 4 5; 6 7", "1 2; 3 4 | 5 6; 7 8")
    alone = [work("0 1; 2 3", "1 2; 3 4"), work("4 5; 6 7", "5 6; 7 8")]
    assert plane(both) == [[plane(alone[0])[0][0] + plane(alone[1])[0][0]]]
    assert both.output.shape.dimensions == (1, 1, 1)  # one kernel, one channel


# NTU: the first window of 5×5, 4×4 by 3×3, and examples 1 and 2.


def test_ntu_1x5x5_image_by_1x3x3_filter():
    # the deck shows the first cell of the convolved feature, 4
    image = "1 0 1 0 0; 0 1 1 1 0; 0 0 1 1 1; 0 0 1 1 0; 0 1 1 0 0"
    worked = work(image, "1 0 1; 0 1 0; 1 0 1")
    assert worked.output.shape.spatial == (3, 3)
    assert plane(worked)[0][0] == 4


NTU = ("4 5 8 7; 1 8 8 8; 3 6 6 4; 6 5 7 8", "1 4 1; 1 4 3; 3 3 1")


def test_ntu_4x4_by_3x3():
    assert plane(work(*NTU)) == [[122, 148], [126, 134]]


def test_ntu_4x4_by_3x3_line_by_line():
    # the deck's four lines, word for word
    assert equations(work(*NTU))[-4:] == [
        "u(1,1) = 4×1 + 5×4 + 8×1 + 1×1 + 8×4 + 8×3 + 3×3 + 6×3 + 6×1 = 122",
        "u(1,2) = 5×1 + 8×4 + 7×1 + 8×1 + 8×4 + 8×3 + 6×3 + 6×3 + 4×1 = 148",
        "u(2,1) = 1×1 + 8×4 + 8×1 + 3×1 + 6×4 + 6×3 + 6×3 + 5×3 + 7×1 = 126",
        "u(2,2) = 8×1 + 8×4 + 8×1 + 6×1 + 6×4 + 4×3 + 5×3 + 7×3 + 8×1 = 134",
    ]


EXAMPLE1 = (
    "0.5 -0.1 0.2 0.3 0.5; 0.8 0.1 -0.5 0.5 0.1; -1.0 0.2 0.0 0.3 -0.2; "
    "0.7 0.1 0.2 -0.6 0.3; -0.4 0.0 0.2 0.3 -0.3"
)
EXAMPLE1_KERNEL = "0 1 1; 1 0 1; 1 1 0"


def example1(**options):
    """NTU's example 1: bias 0.05, sigmoid, 2×2 max pooling with strides 2."""
    given = {"bias": "0.05", "activation": "sigmoid", "pool": "max:2", **options}
    return work(EXAMPLE1, EXAMPLE1_KERNEL, **given)


def test_ntu_example1_valid():
    stages = {stage.name: stage.output.nested()[0] for stage in example1().stages}
    assert [*stages] == ["convolution", "bias", "sigmoid", "max_pool"]
    assert rounds_to(stages["bias"], "-0.35 1.35 0.75 -0.55 0.85 0.05 0.75 0.05 1.15")
    printed = "0.413 0.794 0.679 0.366 0.701 0.512 0.679 0.512 0.76"
    assert rounds_to(stages["sigmoid"], printed)
    assert rounds_to(stages["max_pool"], "0.794")


def test_ntu_example1_is_exact_until_the_sigmoid():
    exact = example1().stages[1].output.nested()[0]
    assert exact[0] == [Fraction(-35, 100), Fraction(135, 100), Fraction(75, 100)]


def test_ntu_example1_line_by_line():
    lines = [line.partition(" = ")[2] for line in equations(example1())[1:5]]
    assert lines == [
        "0.5×0 − 0.1×1 + 0.2×1 + 0.8×1 + 0.1×0 − 0.5×1 − 1×1 + 0.2×1 + 0×0 + 0.05 = −0.35",
        "−0.1×0 + 0.2×1 + 0.3×1 + 0.1×1 − 0.5×0 + 0.5×1 + 0.2×1 + 0×1 + 0.3×0 + 0.05 = 1.35",
        "0.2×0 + 0.3×1 + 0.5×1 − 0.5×1 + 0.5×0 + 0.1×1 + 0×1 + 0.3×1 − 0.2×0 + 0.05 = 0.75",
        # An error in the deck: it prints "− 0.1×1" for the fourth product, but x is −1.0. Its sum,
        # −0.55, is that of −1.0; with −0.1 it would be 0.35.
        "0.8×0 + 0.1×1 − 0.5×1 − 1×1 + 0.2×0 + 0×1 + 0.7×1 + 0.1×1 + 0.2×0 + 0.05 = −0.55",
    ]
    as_printed = "0.8 0.1 -0.5; -0.1 0.2 0.0; 0.7 0.1 0.2"
    assert plane(work(as_printed, EXAMPLE1_KERNEL, bias="0.05")) == [[Fraction(35, 100)]]


def test_ntu_example1_pool_reports_the_dropped_row():
    text = " ".join(as_text(sections(example1()), 80).split())
    reason = "2 does not divide 1 (remainder 1); rounding down gives 1"
    assert f"illegal stride along H and W: {reason}" in text


SAME = """
    0.75  1.65 -0.15  0.75  0.95
   -0.45 -0.35  1.35  0.75  1.15
    1.85 -0.55  0.85  0.05  0.15
   -1.05  0.75  0.05  1.15 -0.75
    0.85  0.15 -0.05 -0.35  0.65
"""
"""Computed by hand for part (c), whose numbers are only in the deck's notebook: u(i, j) is
x(i−1,j) + x(i−1,j+1) + x(i,j−1) + x(i,j+1) + x(i+1,j−1) + x(i+1,j) + 0.05, zeros outside."""


def test_ntu_example1_same():
    worked = example1(padding="same")
    assert worked.convolution.padded.shape.spatial == (7, 7)
    stages = {stage.name: stage.output.nested()[0] for stage in worked.stages}
    assert rounds_to(stages["bias"], SAME)
    # the largest sums of the four windows are 1.65, 1.35, 1.85 and 1.15; 1/(1 + e^−1.65) = 0.839
    assert rounds_to(stages["max_pool"], "0.839 0.794 0.864 0.760")


def test_ntu_example1_same_surrounds_valid():
    inside = [row[1:-1] for row in example1(padding="same").stages[1].output.nested()[0][1:-1]]
    assert inside == example1().stages[1].output.nested()[0]


EXAMPLE2 = ("-1 0 1; -2 0 2; -1 0 1", "1 2 1; 0 0 0; -1 -2 -1", "3 4 3; 4 5 4; 3 4 3")


def test_ntu_example2_sizes():
    # three filters on a digit of 28×28: 3 × 26 × 26, pooled to 3 × 13 × 13; the deck's digit is a
    # picture, so any 28×28 numbers stand for it
    worked = work("random:28x28", *EXAMPLE2, pool="max:2")
    assert [stage.output.shape.dimensions for stage in worked.stages] == [(3, 26, 26), (3, 13, 13)]


def test_ntu_example2_kernels_are_the_named_ones():
    assert [read(EXAMPLE2[0]).nested(), read(EXAMPLE2[1]).nested()] == [
        named("sobel_x", 2).nested(),
        named("sobel_y", 2).nested(),
    ]


def test_ntu_example2_on_an_edge():
    # w1 and w2 turn a step from 0 to 1 into four times the step at its position, and 0 elsewhere
    step = "0 0 1 1; 0 0 1 1; 0 0 1 1; 0 0 1 1"
    worked = work(step, *EXAMPLE2[:2])
    assert [plane(worked, 0), plane(worked, 1)] == [[[4, 4], [4, 4]], [[0, 0], [0, 0]]]


@pytest.mark.parametrize(
    ("word", "values"),
    [("relu", [0, 0, 3]), ("leaky_relu:0.1", [Fraction(-2, 10), 0, 3])],
)
def test_ntu_activations(word, values):
    # ReLU max(0, x), leaky ReLU max(0.1x, x): exact
    assert plane(work("-2 0 3", "1", activation=word)) == values


def test_ntu_mean_pooling():
    # z(i, j) = 1/(L × M) Σ Σ y: the mean of the window
    assert plane(work("1 2; 3 4", "1", pool="mean:2")) == [[Fraction(5, 2)]]


# TUM: the box filter in one dimension and its boundaries, and three kernels.

TUM = "4 3 2 -5 3 5 2 5 5 6"
SHRUNK = "3 0 0 1 10/3 4 4 16/3"


def fractions(text):
    return [Fraction(number) for number in text.split()]


def test_tum_box_filter_shrinks():
    # The first way at boundaries: "Shrink".
    assert plane(work(TUM, "1/3 1/3 1/3")) == fractions(SHRUNK)
    assert plane(work(TUM, "box")) == fractions(SHRUNK)


def test_tum_box_filter_padded():
    # The second: "Pad, often '0'".
    assert plane(work(TUM, "box", padding="same")) == fractions(f"7/3 {SHRUNK} 11/3")
    assert plane(work(TUM, "box", padding=1)) == fractions(f"7/3 {SHRUNK} 11/3")


def test_tum_box_filter_window():
    # The deck writes dots for crosses.
    assert equations(work(TUM, "box"))[-1] == "u(8) = 5×1/3 + 5×1/3 + 6×1/3 = 16/3"


def test_tum_other_padding_modes():
    # the "??" at both ends if the signal goes on as 4 4 3 ... 5 6 6, or as 3 4 3 ... 5 6 5
    repeated = plane(work(TUM, "box", padding=1, mode="replicate"))
    mirrored = plane(work(TUM, "box", padding=1, mode="reflect"))
    assert repeated == fractions(f"11/3 {SHRUNK} 17/3")
    assert mirrored == fractions(f"10/3 {SHRUNK} 16/3")


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("edge", "-1 -1 -1; -1 8 -1; -1 -1 -1"),
        ("box", "1/9 * 1 1 1; 1 1 1; 1 1 1"),
        ("gaussian", "1/16 * 1 2 1; 2 4 2; 1 2 1"),
    ],
)
def test_tum_kernels(name, printed):
    assert named(name, 2).nested() == read(printed).nested()


def test_tum_kernels_are_shown_with_their_factor():
    picture = sections(work("random:3x3", "gaussian"))[0].pictures[1]
    assert picture.factor == "1/16"
    assert picture.rows == [["1", "2", "1"], ["2", "4", "2"], ["1", "2", "1"]]


def test_a_kernel_of_zeros_has_no_factor():
    picture = sections(work("1 2; 3 4", "0 0; 0 0"))[0].pictures[1]
    assert (picture.factor, picture.rows) == ("", [["0", "0"], ["0", "0"]])


# ASU: the box filter in one and two dimensions, and practice with linear filters.

ASU = "10 50 60 10 20 40 30"


def test_asu_1d_example():
    h = plane(work(ASU, "1/3 1/3 1/3", padding="same"))
    assert h[2] == 40  # "What is the value of h(3)?" (50 + 60 + 10)/3
    printed = ["20", "40", "40", "30", "20", "30", "23.333"]
    right = [rounds_to([value], text) for value, text in zip(h, printed, strict=True)]
    # An error in the deck: its fifth value is 20, but (10 + 20 + 40)/3 = 23.333
    assert right == [True, True, True, True, False, True, True]
    assert h[4] == Fraction(10 + 20 + 40, 3)


def test_asu_1d_example_is_a_convolution():
    # the deck's formula flips the kernel; a box is the same both ways
    assert plane(work(ASU, "box", padding="same", flip=True)) == plane(
        work(ASU, "box", padding="same")
    )


F = """
    0 0 0 0 0 0 0 0 0 0
    0 0 0 0 0 0 0 0 0 0
    0 0 0 90 90 90 90 90 0 0
    0 0 0 90 90 90 90 90 0 0
    0 0 0 90 90 90 90 90 0 0
    0 0 0 90 0 90 90 90 0 0
    0 0 0 90 90 90 90 90 0 0
    0 0 0 0 0 0 0 0 0 0
    0 0 90 0 0 0 0 0 0 0
    0 0 0 0 0 0 0 0 0 0
"""
H = """
    0 10 20 30 30 30 20 10
    0 20 40 60 60 60 40 20
    0 30 60 90 90 90 60 30
    0 30 50 80 80 90 60 30
    0 30 50 80 80 90 60 30
    0 20 30 50 50 60 40 20
    10 20 30 30 30 30 20 10
    10 10 10 0 0 0 0 0
"""


def test_asu_box_filter_on_10x10():
    assert plane(work(F, "box")) == [list(map(int, row.split())) for row in H.split("\n") if row]


def test_asu_box_filter_step_by_step():
    # the slides fill in 0, 10, 20, 30, 30 one after the other, and later the 50 in the sixth row
    results = [line.rpartition(" = ")[2] for line in equations(work(F, "box"), steps=64)[1:]]
    assert results[:5] == ["0", "10", "20", "30", "30"]
    assert results[5 * 8 + 3] == "50"


def test_asu_identity_kernel():
    assert plane(work(F, "0 0 0; 0 1 0; 0 0 0", padding=1)) == read(F).nested()[0]
    assert named("identity", 2).nested() == read("0 0 0; 0 1 0; 0 0 0").nested()


def test_asu_shifted_left_by_1_pixel():
    shifted = [[*row[1:], 0] for row in read(F).nested()[0]]
    assert plane(work(F, "0 0 0; 0 0 1; 0 0 0", padding=1)) == shifted


def test_asu_convolution_would_shift_right():
    # "notice the flip": with I(x − i, y − j) the same filter shifts to the right
    shifted = [[0, *row[:-1]] for row in read(F).nested()[0]]
    assert plane(work(F, "0 0 0; 0 0 1; 0 0 0", padding=1, flip=True)) == shifted


def test_asu_sharpening_filter():
    twice, mean = read("0 0 0; 0 2 0; 0 0 0").planes[0], read("1/9 * 1 1 1; 1 1 1; 1 1 1").planes[0]
    (weights,) = named("sharpen", 2).planes
    assert list(weights) == [a - b for a, b in zip(twice, mean, strict=True)]
    assert sum(weights) == 1  # "Note that filter sums to 1"
    assert [[*row] for row in sections(work(F, "sharpen"))[0].pictures[1].rows] == [
        ["−1", "−1", "−1"], ["−1", "17", "−1"], ["−1", "−1", "−1"],
    ]  # fmt: skip


# USI: no example has numbers; its formula, u = Σ_i Σ_j Σ_c w x + w_0, is worked out as it stands.


def test_usi_sum_over_rows_columns_and_channels():
    x, (w,) = load("random:3x5x6", ["random:3x2x2:-5..5"], seed=3)
    image, weights = x.nested(), w.nested()
    u = [
        [
            sum(
                weights[c][i][j] * image[c][i + a][j + b]
                for i, j, c in product(range(2), range(2), range(3))
            )
            + 7
            for b in range(5)
        ]
        for a in range(4)
    ]
    assert plane(convolve(x, [w], bias=read("7"))) == u


def test_usi_max_pooling():
    # ũ(a, b) = max over i, j = 0 ... k−1 of u(a·k + i, b·k + j)
    worked = work("random:6x6", "1", pool="max:3")
    u = worked.stages[0].output.nested()[0]
    expected = [
        [max(u[a * 3 + i][b * 3 + j] for i, j in product(range(3), repeat=2)) for b in range(2)]
        for a in range(2)
    ]
    assert plane(worked) == expected


# Everything that is listed twice must agree.


def test_only_a_transposed_convolution_has_an_output_padding_and_no_mode():
    with pytest.raises(UsageError, match="only a transposed convolution takes an output padding"):
        convolve(read("1 2"), [read("1")], output_padding=1)
    with pytest.raises(UsageError, match="so there is nothing to fill; leave out the mode"):
        convolve(read("1 2"), [read("1")], transposed=True, mode="reflect")


def test_modes_are_those_of_the_pad_layer():
    words = fields_of(Pad)["mode"].schema["enum"]
    assert [*MODES] == [
        word for word in words if Pad.parse({"padding": 1, "mode": word}).mode == word
    ]


def test_reductions_match_pools_and_activations_match_layers():
    assert all(issubclass(layers.load(kind), Pool) for kind in REDUCTIONS)
    assert all(issubclass(layers.load(kind), Elementwise) for kind in FUNCTIONS)


# Named kernels.


@pytest.mark.parametrize("name", KERNELS)
def test_a_named_kernel_has_a_source_and_its_sizes(name):
    kernel = KERNELS[name]
    assert "lecture" in kernel.source
    for axes, size in product(kernel.axes, kernel.sizes):
        assert named(f"{name}:{size}", axes).shape == Map(1, (size,) * axes)


@pytest.mark.parametrize("size", [3, 5, 7, 15])
@pytest.mark.parametrize("axes", [1, 2])
def test_smoothing_kernels_sum_to_1_and_edge_kernels_to_0(size, axes):
    sums = {
        name: sum(named(f"{name}:{size}", axes).planes[0])
        for name in KERNELS
        if "sobel" not in name
    }
    assert sums == {"box": 1, "gaussian": 1, "identity": 1, "sharpen": 1, "edge": 0}


def test_named_kernels_of_other_sizes():
    # Burt and Adelson 1983: 1/16 · [1 4 6 4 1]
    assert named("gaussian:5", 1).nested() == read("1/16 * 1 4 6 4 1").nested()
    assert named("box:5", 2).nested()[0] == [[Fraction(1, 25)] * 5] * 5
    assert named("edge", 1).nested() == [[-1, 2, -1]]  # minus the second difference


# In one call.

IMAGE, KERNEL = [[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[0, 1], [2, 3]]


@pytest.mark.parametrize("image", [IMAGE, "0 1 2; 3 4 5; 6 7 8", read("0 1 2; 3 4 5; 6 7 8")])
@pytest.mark.parametrize("kernel", [KERNEL, "[[0, 1], [2, 3]]", [KERNEL]])
def test_one_call_takes_text_lists_and_tensors(image, kernel):
    assert cnncalc.convolve(image, kernel).output.nested() == [[[19, 25], [37, 43]]]


def test_one_call_takes_every_option(tmp_path):
    file = tmp_path / "image.csv"
    file.write_text("0,1,2\n3,4,5\n6,7,8\n", encoding="utf-8")
    worked = cnncalc.convolve(
        file, KERNEL, KERNEL, padding="same", bias=[-20, 0], activation="relu", pool="max:2"
    )
    # 43 is the largest of the first 2×2 sums.
    assert worked.output.nested() == [[[23]], [[43]]]
    assert str(worked).startswith("cross-correlation")
    assert "u_1(1,1) = 0×0 + 1×1 + 3×2 + 4×3 − 20 = −1" in str(worked)


def test_one_call_names_the_invalid_part():
    with pytest.raises(UsageError, match="kernel 2: no kernel is named 'bax'; did you mean 'box'"):
        cnncalc.convolve("1 2", "1", "bax")
    with pytest.raises(UsageError, match="not 0"):
        cnncalc.convolve("1 2")
    with pytest.raises(UsageError, match=r"^kernel 1: no file 'nowhere\.csv'"):
        cnncalc.convolve("1 2", Path("nowhere.csv"))


def test_transposed_by_hand():
    """Dumoulin and Visin 2016, section 4: an output between two footprints is no input's."""
    worked = work("1 2", "3 4", stride=3, transposed=True, output_padding=1)
    assert worked.output.nested() == [[3, 4, 0, 6, 8, 0]]
    text = str(worked)
    assert "u(1) = 1×3 = 3" in text
    assert "u(3) = 0" in text
    assert "stride 3, output padding 1" in text
    assert "flipped along every spatial axis first" not in text
    flipped = work("1 2", "3 4", padding=1, dilation=2, flip=True, transposed=True)
    assert flipped.output.nested() == [[8, 3]]
    assert "stride 1, padding 1 (removed), dilation 2" in str(flipped)
    assert "flipped along every spatial axis first" in str(flipped)


def test_the_data_of_a_transposed_convolution_name_it():
    worked = work("1 2", "3 4", padding=1, stride=2, transposed=True, output_padding=1)
    data = as_data(worked)
    assert (data["transposed"], data["output_padding"], data["padding"]) == (True, [1], [[1, 1]])
    assert worked.output.nested() == [[4, 6, 8]]


def test_an_average_over_the_edge_divides_by_the_cells_inside():
    worked = work("1 2 3 4 6", "1", pool="avg:2ceil")
    assert worked.output.nested() == [[Fraction(3, 2), Fraction(7, 2), 6]]
    text = str(worked)
    assert "the last window extends beyond the edge by 1 along L" in text
    assert "z(3) = (6)/1 = 6" in text
