"""``cnncalc convolve``: the forms of matrices, the output, and invalid input."""

import io
import json
import re
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cnncalc import cli
from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.core.shape import Map
from cnncalc.homework.convolution import Tensor, activation_of, convolve, named, of, pool_of, read
from cnncalc.homework.convolution.activation import FUNCTIONS
from cnncalc.homework.convolution.formats import WIDE, as_latex, as_markdown, as_text
from cnncalc.homework.convolution.given import load
from cnncalc.homework.convolution.kernels import KERNELS
from cnncalc.homework.convolution.matrix import MAX_NUMBERS
from cnncalc.homework.convolution.sheet import sections
from cnncalc.homework.convolution.window import MAX_CELLS, MAX_PRODUCTS, MODES
from cnncalc.homework.convolution.writing import Style

KEDGE = ("0 1 2; 3 4 5; 6 7 8", "0 1; 2 3")


def run(*arguments, **settings):
    return CliRunner().invoke(cli.app, ["convolve", *arguments], **settings)


def text(*arguments):
    done = run(*arguments)
    assert done.exit_code == 0, done.exception
    return done.stdout


def error(*arguments):
    """The error for these arguments, which must be one sentence."""
    done = run(*arguments)
    assert isinstance(done.exception, CnncalcError), done.exception
    assert done.stdout == ""
    sentence = str(done.exception)
    assert "\n" not in sentence
    assert len(sentence) < 300
    return sentence


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


# How matrices are written.

SIX = [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    "written",
    [
        "0 1 2; 3 4 5",
        "0,1,2;3,4,5",
        " 0, 1, 2 ;\n 3, 4, 5 ;\n",
        "0 1 2\n3 4 5",
        "0\t1\t2\r\n3\t4\t5\r\n",
        "[[0, 1, 2], [3, 4, 5]]",
        "[[0 1 2]\n [3 4 5]]",
        "[0 1 2; 3 4 5]",
        "[[[0, 1, 2], [3, 4, 5]]]",
        "+0 1.0 2.; 3e0 4 10/2",
        "1/2 * 0 2 4; 6 8 10",
        "2·[[0, 1/2, 1], [1.5, 2, 2.5]]",
    ],
)
def test_a_matrix_can_be_written_in_many_ways(written):
    assert read(written).nested() == [SIX]


@pytest.mark.parametrize(
    ("written", "channels"),
    [
        ("1 2; 3 4 | 5 6; 7 8", [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
        ("1 2\n3 4\n\n5 6\n7 8\n", [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
        ("[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]", [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
        ("[[[1 2]\n  [3 4]]\n\n [[5 6]\n  [7 8]]]", [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
        ("[[[1, 2]]]", [[[1, 2]]]),
        ("1 2 3", [[1, 2, 3]]),
        ("[1, 2, 3]", [[1, 2, 3]]),
        ("1 2 | 3 4", [[1, 2], [3, 4]]),
        ("[[1, 2, 3]]", [[[1, 2, 3]]]),
        ("1; 2", [[[1], [2]]]),
        ("7", [[7]]),
        ("−7", [[-7]]),
    ],
)
def test_channels_signals_and_images_are_read(written, channels):
    assert read(written).nested() == channels


def test_numbers_are_exact():
    assert read("1e-005 1E+2").planes[0] == (Fraction(1, 100_000), 100)
    numbers = read("0.1 1/9 -1e-3 123456789012345 .5").planes[0]
    assert numbers == (
        Fraction(1, 10), Fraction(1, 9), Fraction(-1, 1000), 123456789012345, Fraction(1, 2),
    )  # fmt: skip
    assert type(read("4/2").planes[0][0]) is int


@pytest.mark.parametrize(
    ("data", "nested"),
    [
        ([1, 2], [[1, 2]]),
        ([[0, 1, 2], [3, 4, 5]], [SIX]),
        ([[[0, 1, 2], [3, 4, 5]]], [SIX]),
        ((0.1, "1/9", Fraction(1, 3)), [[Fraction(1, 10), Fraction(1, 9), Fraction(1, 3)]]),
        ("0 1 2; 3 4 5", [SIX]),
    ],
)  # fmt: skip
def test_plain_data_is_read(data, nested):
    assert of(data).nested() == nested


@given(st.lists(st.lists(st.integers(-(10**14), 10**14), min_size=3, max_size=3), min_size=2))
@settings(max_examples=30, deadline=None)
def test_json_output_can_be_read_back(whole):
    tensor = of([[Fraction(n, 360) for n in row] for row in whole])
    written = "; ".join(" ".join(map(str, row)) for row in tensor.rows(0))
    assert read(written) == tensor


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("image.csv", "0,1,2\n3,4,5\n"),
        ("image.txt", "0 1 2\n3 4 5\n"),
        ("image", "\ufeff0 1 2\n3 4 5"),
        ("image.yaml", "- [0, 1, 2]\n- [3, 4, 5]\n"),
        ("image.YML", "[[0, 1, 2], [3, 4, 5]]"),
        ("image.yaml", "0 1 2; 3 4 5"),
        ("image.json", "[[0, 1, 2], [3, 4, 5]]"),
    ],
)
def test_files_are_read(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    tensor, _ = load(name, ["1"])
    assert (tensor.nested(), tensor.name) == ([SIX], name)


def test_numbers_in_yaml_are_exact(tmp_path):
    (tmp_path / "x.yaml").write_text("[0.100000000000001, 1/5, 5]")
    tensor, _ = load("x.yaml", ["1"])
    assert tensor.planes[0] == (Fraction(100000000000001, 10**15), Fraction(1, 5), 5)


def test_standard_input_is_read(monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(b"0 1 2\n3 4 5\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert load("-", ["1"])[0].nested() == [SIX]


def test_random_numbers_have_a_seed():
    first, second = (load("random:3x5x4", ["random:3x2x2:-2..2"], seed=7) for _ in range(2))
    assert first == second
    assert load("random:3x5x4", ["1 | 1 | 1"], seed=8)[0].planes != first[0].planes
    assert first[0].shape == Map(3, (5, 4))
    assert {n for plane in first[0].planes for n in plane} <= set(range(10))
    assert {n for plane in first[1][0].planes for n in plane} <= set(range(-2, 3))
    assert load("random:9", ["box"])[0].shape == Map(1, (9,))


def test_random_numbers_reach_both_bounds():
    assert {*load("random:1000:-1..1", ["1"])[0].planes[0]} == {-1, 0, 1}


# Signals and images together.


def test_a_row_is_an_image_if_any_other_matrix_is():
    x, (row, column) = load("1 2 3; 4 5 6", ["1 1", "[[1, 1]]"])
    assert (x.shape, row.shape, column.shape) == (Map(1, (2, 3)), Map(1, (1, 2)), Map(1, (1, 2)))
    x, _ = load("1 2 3", ["1; 1"])
    assert x.shape == Map(1, (1, 3))


def test_named_kernels_take_the_input_s_number_of_axes():
    assert load("1 2 3", ["box"])[1][0].shape == Map(1, (3,))
    assert load("1 2 3; 4 5 6", ["box"])[1][0].shape == Map(1, (3, 3))
    assert load("1 2 3", ["box", "1 2 3; 4 5 6; 7 8 9"])[1][0].shape == Map(1, (3, 3))


def test_named_kernels_for_several_channels():
    _, (kernel,) = load("random:2x4x4", ["sobel_x | sobel_y"])
    assert kernel.planes == (named("sobel_x", 2).planes[0], named("sobel_y", 2).planes[0])


def test_a_file_comes_before_a_kernel_of_its_name(tmp_path):
    (tmp_path / "box").write_text("1 2 3")
    (tmp_path / "edge").mkdir()
    kernels = load("1 2 3", ["box", "edge"])[1]
    assert [kernel.nested() for kernel in kernels] == [[[1, 2, 3]], [[-1, 2, -1]]]


# What is shown.


def test_the_example_of_the_kedge_deck():
    assert text(*KEDGE) == (
        "cross-correlation: the kernel is not flipped (PyTorch calls this convolution)\n"
        "stride 1, no padding\n"
        "\n"
        "x, input 3×3    w, kernel 2×2\n"
        "0  1  2         0  1\n"
        "3  4  5         2  3\n"
        "6  7  8\n"
        "\n"
        "H_out = W_out = ⌊(N − F)/S⌋ + 1 = ⌊(3 − 2)/1⌋ + 1 = 2\n"
        "\n"
        "u(1,1) = 0×0 + 1×1 + 3×2 + 4×3 = 19\n"
        "u(1,2) = 1×0 + 2×1 + 4×2 + 5×3 = 25\n"
        "u(2,1) = 3×0 + 4×1 + 6×2 + 7×3 = 37\n"
        "u(2,2) = 4×0 + 5×1 + 7×2 + 8×3 = 43\n"
        "\n"
        "u, sums, 2×2\n"
        "19  25\n"
        "37  43\n"
    )


LAYOUT = ("random:2x6x7", "1/2 0; -1 2.5 | 1 1; 0 -1", "0 1; 1 0 | 1/3 0; 0 1")
ALL = ("--seed", "1", "--bias", "0.5, -1", "-a", "sigmoid", "--pool", "max:2s1", "--steps", "2")


@pytest.mark.parametrize("columns", [80, 120])
def test_the_layout_matches_the_golden_file(golden, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    drawn = text(*LAYOUT, *ALL)
    assert max(map(len, drawn.splitlines())) <= columns
    golden(f"convolve_{columns}.txt", drawn)


@pytest.mark.parametrize("ending", ["md", "tex"])
def test_a_written_file_matches_the_golden_file(golden, tmp_path, ending):
    run(*LAYOUT, *ALL, "-o", f"out.{ending}")
    golden(f"convolve.{ending}", (tmp_path / f"out.{ending}").read_text(encoding="utf-8"))


@pytest.mark.parametrize("size", ["1x1", "30x30", "31x31", "100x100"])
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(monkeypatch, size, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    drawn = text(f"random:{size}:-999..999", "1/7", "-p", "1", "--steps", "3")
    assert max(map(len, drawn.splitlines())) <= columns


def test_large_matrices_show_their_ends():
    rows = [list(map(str, range(n, n + 100))) for n in range(100)]
    x = of(rows)
    drawn = as_text(sections(convolve(x, [of([[1]])])), 80)
    lines = drawn.split("x, input 100×100\n")[1].splitlines()[:30]
    assert lines[0].startswith("  0    1    2 ")
    assert re.search(r" … .* 98   99$", lines[0])
    assert re.fullmatch(r"( *⋮)+", lines[15])
    assert lines[29].endswith("197  198")


def test_numbers_have_the_requested_digits():
    drawn = text("10 50 60 10 20 40 30", "box", "--padding", "same", "--digits", "3")
    assert "20.000  40.000  40.000  30.000  23.333  30.000  23.333" in drawn
    assert "u(1) = 0×1/3 + 10×1/3 + 50×1/3 = 20\n" in drawn
    assert "u(5) = 10×1/3 + 20×1/3 + 40×1/3 = 70/3 ≈ 23.333\n" in drawn
    assert "0.7311\n" in text("1", "1", "-a", "sigmoid", "--digits", "4")


def test_decimals_and_fractions_keep_their_form():
    assert "u(1) = 0.5×0.5 = 0.25\n" in text("0.5", "0.5")
    assert "u(1) = 1/2×1/2 = 1/4\n" in text("1/2", "1/2")
    assert "u(1) = 0.5×1/3 = 1/6\n" in text("0.5", "1/3")
    assert "u(1) = 2×3 − 0.25 = 5.75\n" in text("2", "3", "--bias", "-0.25")
    assert "w, kernel 1\n" in text("1", "0.25")
    assert "1/4 · 1\n" in text("1", "1/4")


@pytest.mark.parametrize(
    ("number", "style", "written"),
    [
        (Fraction(-7, 20), Style(decimal=True), "−0.35"),
        (Fraction(1, 8), Style(decimal=True), "0.125"),
        (Fraction(1, 3), Style(decimal=True), "1/3"),
        (Fraction(-7, 20), Style(), "−7/20"),
        (Fraction(5, 2), Style(digits=0), "3"),
        (Fraction(-5, 2), Style(digits=0), "−3"),
        (Fraction(-1, 1000), Style(digits=2), "0.00"),
        (Fraction(2, 3), Style(digits=2), "0.67"),
        (-3, Style(digits=2), "−3"),
        (0.5, Style(), "0.500"),
        (-1e-9, Style(), "0.000"),
        (2.5, Style(digits=1), "2.5"),
    ],
)
def test_numbers_are_formatted(number, style, written):
    assert style.text(number) == written


def test_negative_weights_are_bracketed_and_negative_numbers_subtracted():
    assert "u(1) = −1×(−2) + 3×4 − 5×6 = −16\n" in text("-1 3 -5", "-2 4 6")


def test_several_channels_are_bracketed():
    drawn = text("1 2; 3 4 | 5 6; 7 8", "1 0; 0 1 | 0 1; -1 0")
    line = "u(1,1) = (1×1 + 2×0 + 3×0 + 4×1) + (5×0 + 6×1 + 7×(−1) + 8×0) = 4\n"
    assert line in drawn
    assert "x_1, input 2×2    x_2, channel 2    w_1, kernel 2×2    w_2, channel 2\n" in drawn


def test_a_flipped_kernel_is_shown_and_mentioned():
    drawn = text(*KEDGE, "--flip")
    assert drawn.startswith("convolution: the kernel is flipped along every spatial axis")
    assert "w, flipped kernel 2×2" in drawn
    assert "u(1,1) = 0×3 + 1×2 + 3×1 + 4×0 = 5\n" in drawn


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["-p", "1"], "stride 1, padding 1 (zeros)"),
        (["-p", "same"], "stride 1, padding 0 before and 1 after (zeros)"),
        (["-p", "1x0"], "stride 1, padding 1 along H, 0 along W (zeros)"),
        (["-p", "same", "--mode", "replicate"], "padding 0 before and 1 after (edge repeated)"),
        (["-p", "SAME", "--mode", "reflect"], "padding 0 before and 1 after (reflected)"),
        (["-d", "2"], "stride 1, no padding, dilation 2"),
        (["-s", "1x2"], "stride 1×2, no padding"),
        (["-s", "2"], "illegal stride along H and W: 2 does not divide 1 (remainder 1); rounding"),
        (["-s", "1x2"], "illegal stride along W: 2 does not divide 1 (remainder 1); rounding down"),
        (["--pool", "max:2"], "max_pool 2×2, stride 2, no padding"),
        (["--pool", "max:2s1p1"], "max_pool 2×2, stride 1, padding 1 (−∞)"),
        (["--pool", "avg:2s1p1"], "avg_pool 2×2, stride 1, padding 1 (0)"),
        (["--pool", "max:2s1p1"], "z(1,1) = max(−∞, −∞, −∞, 19) = 19"),
        (["--pool", "max:1"], "z(1,1) = max(19) = 19"),
        (["--pool", "max:2s3ceil", "-p", "1"], "H_out = W_out = ⌈(N − F)/S⌉ + 1"),
        (["--pool", "max:2s2ceil", "-s", "2", "-p", "1"], "max_pool 2×2, stride 2, no padding"),
        (["--pool", "avg:2same"], "avg_pool 2×2, stride 2, no padding"),
        (["--pool", "avg:2s1same"], "padding 0 before and 1 after (0)"),
        (["--pool", "avg:2"], "z(1,1) = (19 + 25 + 37 + 43)/4 = 31"),
        (["--pool", "average:2s1p1"], "z(1,1) = (0 + 0 + 0 + 19)/4 = 19/4"),
        (["-a", "relu"], "y = max(0, u)"),
        (["-a", "logistic"], "y = 1/(1 + e^(−u))"),
        (["-a", "leaky_relu:0.1"], "y = u if u > 0, else 0.1·u"),
        (["-a", "elu:2"], "y = u if u > 0, else 2·(e^u − 1)"),
    ],
)
def test_remarks_describe_the_convolution(options, line):
    assert line in text(*KEDGE, *options)


def test_a_mean_shows_rounded_numbers():
    # sigmoid(0) = 1/2 and sigmoid(40) = 1 at three digits
    drawn = text("0 40", "1", "-a", "sigmoid", "--pool", "mean:2")
    assert "z(1) = (0.500 + 1.000)/2 = 0.750\n" in drawn


def test_the_number_of_worked_windows_can_be_chosen():
    assert text("random:8x8", "1").count("\nu(") == 64
    many = run("random:9x9", "1")
    assert many.stdout.count("u(") == 10
    assert "... and 71 more windows\n" in many.stdout
    assert many.stderr == "use --steps all to show every window\n"
    assert text("random:9x9", "1", "--steps", "all").count("u(") == 81
    few = run(*KEDGE, "--steps", "1")
    assert (few.stdout.count("u("), few.stderr) == (1, "")
    assert "... and 3 more windows\n" in few.stdout
    assert "... and 1 more window\n" in run(*KEDGE, "--steps", "3").stdout
    none = text(*KEDGE, "--steps", "none")
    assert "u(" not in none
    assert "more windows" not in none


# Markdown, LaTeX and JSON.


def test_markdown_lists_the_equations():
    lines = text(*KEDGE, "--format", "markdown").splitlines()
    assert "- `u(1,1) = 0×0 + 1×1 + 3×2 + 4×3 = 19`" in lines
    assert lines.count("```text") == lines[lines.index("```text") + 1 :].count("```")


def test_latex_is_balanced_and_has_its_columns():
    x, kernels = load("random:2x5x12", ["random:2x2x2:-3..3", "1/9 * 1 1; 1 1 | 1 0; 0 1"])
    worked = convolve(x, kernels, bias=read("1/2"), activation=activation_of("elu"))
    written = as_latex(sections(worked), WIDE)
    assert written.count("{") == written.count("}")
    for name in ("align*", "gather*", "pmatrix", "cases"):
        assert written.count(rf"\begin{{{name}}}") == written.count(rf"\end{{{name}}}") > 0
    assert r"\setcounter{MaxMatrixCols}{12}" in written
    assert r"\tfrac{1}{9}" in written
    assert not re.search("[×−·≈…⋮∞]", written)
    assert r"u_{1}(1,1) &= (" in written
    assert r"w_{2,1} = \tfrac{1}{9} \begin{pmatrix}" in written


def test_latex_of_narrow_matrices_has_no_extra_columns():
    assert "MaxMatrixCols" not in text(*KEDGE, "--format", "latex")


def test_names_are_escaped(tmp_path):
    (tmp_path / "a_b*c.csv").write_text("1 2")
    assert r"kernel 1 (a_b\*c.csv)" in text("1 2", "a_b*c.csv", "1 1", "-f", "markdown")
    assert r"kernel 1 (a\_b*c.csv)" in text("1 2", "a_b*c.csv", "1 1", "-f", "latex")


def test_json_is_exact():
    arguments = ("0.5 1 2 3", "1/3 0", "--bias", "1", "-a", "relu", "--pool", "avg:3", "-f", "json")
    found = json.loads(text(*arguments))
    stages = {stage.pop("name"): stage for stage in found.pop("stages")}
    assert found == {
        "format": "cnncalc.convolution",
        "version": 1,
        "flip": False,
        "stride": [1],
        "padding": [[0, 0]],
        "mode": "zeros",
        "dilation": [1],
        "input": {"shape": [1, 4], "values": [["1/2", 1, 2, 3]]},
        "padded": {"shape": [1, 4], "values": [["1/2", 1, 2, 3]]},
        "kernels": [{"shape": [1, 2], "values": [["1/3", 0]]}],
        "bias": [1],
        "steps": [
            {"kernel": 1, "place": [1], "pairs": [[["1/2", "1/3"], [1, 0]]], "result": "7/6"},
            {"kernel": 1, "place": [2], "pairs": [[[1, "1/3"], [2, 0]]], "result": "4/3"},
            {"kernel": 1, "place": [3], "pairs": [[[2, "1/3"], [3, 0]]], "result": "5/3"},
        ],
    }
    assert stages == {
        "convolution": {"shape": [1, 3], "values": [["1/6", "1/3", "2/3"]]},
        "bias": {"shape": [1, 3], "values": [["7/6", "4/3", "5/3"]]},
        "relu": {"shape": [1, 3], "values": [["7/6", "4/3", "5/3"]]},
        "avg_pool": {"shape": [1, 1], "values": [["25/18"]]},
    }


def test_json_includes_names():
    found = json.loads(text("random:3x3", "box", "--steps", "none", "-f", "json"))
    assert (found["input"]["name"], found["kernels"][0]["name"]) == ("random, seed 0", "box")
    assert (found["bias"], found["steps"]) == (None, [])


@pytest.mark.parametrize(
    ("ending", "begins"),
    [("txt", "cross-correlation"), ("md", "cross"), ("tex", "% needs"), ("json", "{")],
)
def test_the_file_extension_selects_the_format(tmp_path, ending, begins):
    done = run(*KEDGE, "-o", f"out.{ending}")
    assert (done.exit_code, done.stdout) == (0, "")
    assert (tmp_path / f"out.{ending}").read_text(encoding="utf-8").startswith(begins)


# Invalid input.


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["1 2; 3", "1"], "the input: row 2 has 1 number, but row 1 has 2"),
        (["1 2 x", "1"], "the input: column 3: 'x' is not a number; write it as 3, -0.5, 1/9"),
        (["1 2; x 4", "1"], "the input: row 2, column 1: 'x' is not a number"),
        (["1 2 | 3 x", "1|1"], "the input: channel 2, column 2: 'x' is not a number"),
        (["1; 2 | 3; 4 5", "1|1"], "the input: channel 2, row 2 has 2 numbers, but row 1 has 1"),
        (["1 2 | 3 4 5", "1|1"], "the input: channel 2 is 1×3, but channel 1 is 1×2"),
        (["", "1"], "the input: row 1 contains no numbers"),
        (["1 2;; 3 4", "1"], "the input: row 2 contains no numbers"),
        (["1,,2", "1"], "the input: column 2: '' is not a number"),
        (["0,5 0,1", "1"], "the input: column 2: '5 0' is not a number"),
        (["1 2; 3 4\n5 6", "1"], "separate rows by ; or by new lines, not by both"),
        (["[[1, 2], [3, 4]", "1"], "the input: column 1: '[1' is not a number"),
        (["[[[[1]]]]", "1"], "'[1]' is not a number"),
        (["nan", "1"], "the input: 'nan' is neither a file nor a matrix such as '0 1; 2 3'"),
        (["1 nan", "1"], "'nan' is not a number"),
        (["1 inf", "1"], "'inf' is not a number"),
        (["1 1/0", "1"], "'1/0' is not a number"),
        (["1 1e999", "1"], "'1e999' needs more than 15 digits before or after"),
        (["1 1e99", "1"], "'1e99' needs more than 15 digits before or after the decimal point"),
        (["1 1e-99", "1"], "'1e-99' needs more than 15 digits before or after the decimal point"),
        (["1/100000000000000003", "1"], "has a denominator of more than 15 digits; round it"),
        (["1 1_000", "1"], "'1_000' is not a number"),
        (["1 ٣", "1"], "'٣' is not a number"),
        (["1" * 1_000_000, "1"], "a number has 1,000,000 characters; the limit is 40"),
        (["1;" * 9_000 + ";" * 9_000, "1"], "a matrix has more than 10,000 separators; use"),
        (["1 2 3;" * 4_000, "1"], "12,000 numbers are too many; the limit is 10,000; use part"),
        (["1 " * 10_001, "1"], "10,001 numbers are too many; the limit is 10,000; use part"),
        (["x * 1 2", "1"], "the input: the factor before *: 'x' is not a number"),
        (["1 * 2 * 3", "1"], "'*' is not a number"),
        (["1/999999999 * 1/999999998 1", "1"], "fractions has more than 15 digits; round them"),
        (["1/99999 1/99998 1/99997 1/99995", "1"], "fractions has more than 15 digits"),
        (["nothing.csv", "1"], "the input: 'nothing.csv' is neither a file nor a matrix"),
        ([".", "1"], "the input: '.' is a folder, not a file"),
        (["random:0x3", "1"], "the input: a size must be at least 1, not 0 as in 'random:0x3'"),
        (["random:", "1"], "the input: write random numbers as random:9, random:5x5 or"),
        (["random:3:5..1", "1"], "the bounds 5..1 end before they begin; write 1..5"),
        (["random:2x2x2x2", "1"], "not 'random:2x2x2x2'"),
        (["random", "1"], "not 'random'"),
        (["random:1000x1000", "1"], "1,000,000 numbers are too many; the limit is 10,000"),
        (["1 2 3", "sobel"], "kernel 1: no kernel is named 'sobel'; did you mean 'sobel_x'?"),
        (["1 2 3", "1", "zzz"], "kernel 2: no kernel is named 'zzz'; choose from box, edge"),
        (["1 2 3", "sobel_x"], "kernel 1: sobel_x is for images, not for signals"),
        (["1 2 3", "box:4"], "size of box must be an odd number from 3 to 15, not '4'"),
        (["1 2; 3 4", "sobel_x:5"], "kernel 1: the size of sobel_x must be 3, not '5'"),
        (["1 2; 3 4", "box:"], "size of box must be an odd number from 3 to 15, not ''"),
        (["1|2", "box | edge:5"], "kernel 1: edge:5 is 1×5, but box is 1×3; all planes of a"),
        (["1 2 3", "x.csv"], "kernel 1: 'x.csv' is neither a file nor a matrix"),
        (["1 2 3", "1 2", "1 2 3"], "kernel 2 is 1×3, but kernel 1 is 1×2; all kernels of a layer"),
        (["1|2|3", "1 2"], "the 3×1 input has 3 channels, but the 1×2 kernel has 1;"),
        (["1 2", "1|2"], "the 1×2 input has 1 channel, but the 2×1 kernel has 2;"),
        (["1 2 3", *["1"] * 65], "takes 1 to 64 kernels, not 65"),
        (["1 2 3", "1 2 3 4"], "a window of 4 is larger than the input of 3; use"),
        (["1 2", "1", "-s", "0"], "--stride must be a whole number of at least 1"),
        (["1 2", "1", "-s", "-1"], "--stride must be a whole number of at least 1"),
        (["1 2", "1", "-s", "1x1"], "--stride 1x1 has 2 sizes, but the input has 1 axis"),
        (["1 2; 3 4", "1", "-p", "1x1x1"], "--padding 1x1x1 has 3 sizes, but the input has 2 axes"),
        (["1 2", "1", "-s", "9" * 5000], "--stride must be a whole number of at least 1"),
        (["1 2", "1", "-p", "full"], "--padding must be valid, same, a whole number of at least"),
        (["1 2", "1", "-p", "100000000"], "the input with its padding has 200,000,002 numbers"),
        (["1 2", "1", "-p", "9" * 39], "the input with its padding has very many numbers"),
        (["1 2", "1", "-d", "0"], "--dilation must be a whole number of at least 1"),
        (["1 2", "1 1", "-p", "same", "-d", "9999999"], "with its padding has 10,000,001 numbers"),
        (["1 2", "1", "--mode", "mirror"], "--mode must be zero, reflect, replicate or circular"),
        (["1 2 3", "1", "-p", "3", "--mode", "reflect"], "; pad by less or use --mode replicate"),
        (["1 2", "1", "--bias", "1 2 3"], "--bias: there is 1 kernel, but 3 biases; give one"),
        (["1 2", "1", "--bias", "1; 2"], "--bias: there is 1 kernel, but 2 biases"),
        (["1 2", "1", "1", "--bias", "1;2"], "--bias: write the numbers on a single line, as"),
        (["1 2", "1", "--bias", "x"], "--bias: column 1: 'x' is not a number"),
        (["1 2", "1", "-a", "softmax"], "no activation 'softmax'; choose elu, "),
        (["1 2", "1", "-a", "max_pool"], "; choose elu, leaky_relu, relu, sigmoid or tanh"),
        (["1 2", "1", "-a", "sigmiod"], "did you mean 'sigmoid'?"),
        (["1 2", "1", "-a", "gelu"], "no activation 'gelu'; choose"),
        (["1 2", "1", "-a", ""], "no activation ''"),
        (["1 2", "1", "-a", "tanh:3"], "tanh takes no value; leave out ':3'"),
        (["1 2", "1", "-a", "relu:inplace"], "relu takes no value; leave out ':inplace'"),
        (["1 2", "1", "-a", "leaky_relu:steep"], "leaky_relu 'negative_slope' must be a number"),
        (["1 2", "1", "--pool", "median:2"], "--pool: no pooling is called 'median'; choose avg"),
        (["1 2", "1", "--pool", "max2s1"], "no pooling is called 'max2s1'; write it as max:2s1"),
        (["1 2", "1", "--pool", "lp:2"], "--pool: no pooling is called 'lp'"),
        (["1 2", "1", "--pool", "max"], "--pool: write it as max:2, max:3s2p1"),
        (["1 2", "1", "--pool", "max:2p1same"], "has both padding and 'same'; keep one"),
        (["1 2", "1", "--output-padding", "1"], "--output-padding needs --transpose"),
        (["1 2", "1", "--transpose", "--mode", "reflect"], "--mode fills the padding, but"),
        (["1 2", "1", "--transpose", "--output-padding", "1"], "must be smaller than the stride 1"),
        (["1 2", "1", "--pool", "max:2d2"], "--pool: write it as max:2, max:3s2p1"),
        (["1 2", "1", "--pool", f"max:{'9' * 5000}"], "--pool: write it as max:2"),
        (["1 2", "1", "--pool", "max:0"], "max_pool 'kernel_size' must be a whole number of at"),
        (["1 2", "1", "--pool", "max:5"], "max_pool of 1×2: a window of 5 is larger than the"),
        (["1 2", "1", "--pool", "max:2p2"], "max_pool of 1×2: padding 2 is more than half"),
        (["1 2", "1", "--pool", "max:2000000s1p1000000"], "with its padding has 2,000,002 numbers"),
        (["random:100x100", "gaussian:15"], "the convolution computes 1,664,100 products, but"),
        (["random:100x100", "1", "--pool", "max:30s1"], "the pooling reads 4,536,900 numbers, but"),
        (["random:100x100", *["1"] * 20], "the output has 200,000 numbers, but"),
        (["1 2", "1", "--steps", "some"], "must be all, none or a whole number, not 'some'"),
        (["1 2", "1", "--steps", "-1"], "--steps must be all, none or a whole number, not '-1'"),
        (["1 2", "1", "--digits", "16"], "--digits must be between 0 and 15, not 16"),
        (["1 2", "1", "-f", "markdwon"], "no format 'markdwon'; did you mean 'markdown'?"),
        (["1 2", "1", "-f", "xml"], "no format 'xml'; choose from text, markdown, latex, json"),
        (["1 2", "1", "-o", "x.html"], "no format for the extension '.html'; choose from .txt"),
        (["1 2", "1", "--paddin", "same"], "option '--paddin'; did you mean '--padding'?"),
        (["1 2", "1", "--stride=2", "--flop"], "no option '--flop'; did you mean"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)  # fmt: skip
def test_invalid_input_is_refused(arguments, says):
    assert says in error(*arguments)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.csv", b"a,b\n1,2\n", "the input: row 1, column 1: 'a' is not a number"),
        ("x.csv", b"", "the input: row 1 contains no numbers"),
        ("x.csv", b"\xff\xfe", "the file is not text in UTF-8; save it as UTF-8"),
        ("x.csv", b"1\x002", "contains a null byte"),
        ("x.csv", b"1 " * 3_000_000, "is longer than 5,000,000 bytes"),
        ("x.yaml", b"", "is empty; a matrix must be rows of numbers"),
        ("x.yaml", b"[1, 2", "this '[' is never closed"),
        ("x.yaml", b"rows: [1, 2]", "as in [[0, 1], [2, 3]], not {rows: [1, 2]}"),
        ("x.yaml", b"[]", "a matrix must be rows of numbers, as in [[0, 1], [2, 3]], not []"),
        ("x.yaml", b"[[1, 2], 3]", "a matrix must be rows of numbers"),
        ("x.yaml", b"[[[[1]]]]", "a matrix must be rows of numbers"),
        ("x.yaml", b"[1, null]", "column 2: 'null' is not a number"),
        ("x.yaml", b"[1, true]", "column 2: 'true' is not a number"),
        ("x.yaml", b"!!python/object:os.system [1]", "YAML tags are not supported"),
    ],
)  # fmt: skip
def test_invalid_files_are_refused(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    assert says in error(name, "1")


@pytest.mark.parametrize(
    "data",
    [None, 7, {}, [], [[]], [[1], 2], [[1], []], [[[1]], [2]], [True], [None], [float("nan")],
     [float("inf")], [10**1000], [1e30], [[1, 2], [3]], [[[[1]]]], ["x"], "x"],
)  # fmt: skip
def test_invalid_plain_data_is_refused(data):
    with pytest.raises(UsageError) as why:
        of(data)
    assert len(str(why.value)) < 200


def test_kernels_must_fit_the_input():
    x = of([1, 2, 3])
    with pytest.raises(UsageError, match="takes 1 to 64 kernels, not 0"):
        convolve(x, [])
    with pytest.raises(CnncalcError, match="has 2 values, but 1×3 has 1 spatial axis"):
        convolve(x, [of([[1]])])


def test_floats_are_refused():
    half = Tensor(Map(1, (1,)), ((0.1,),))
    with pytest.raises(UsageError, match="common denominator of the fractions"):
        convolve(half, [of([1])])


@pytest.mark.parametrize(
    "arguments",
    [
        ["random:80x80", "gaussian:5", "-p", "same", "--steps", "all"],
        ["random:60x60", "1/7", "--bias", "1/3", "-a", "lrelu", "--pool", "avg:10s1"],
        ["[" * 1_000_000, "1"],
        ["]" * 1_000_000, "1"],
        ["1" + " " * 1_000_000 + "2", "1"],
        ["\n" * 1_000_000 + "1", "1"],
        ["[[1]" + " " * 1_000_000 + "[2]]", "1"],
        [";" * 1_000_000, "1"],
        ["|" * 1_000_000, "1"],
        ["1 2", "box" + "|box" * 100_000],
        ["1*" * 100_000, "1"],
        ["a" * 1_000_000, "b" * 1_000_000],
    ],
    ids=lambda arguments: arguments[0][:20],
)
def test_hostile_input_is_answered_or_refused_quickly(arguments):
    begin = time.process_time()
    done = run(*arguments)
    assert done.exception is None or isinstance(done.exception, CnncalcError | SystemExit)
    assert time.process_time() - begin < 20


def test_the_command_imports_no_large_library():
    code = (
        "import sys; sys.argv = ['cnncalc', 'convolve', '1 2 3', 'box', '--pool', 'max:1']\n"
        "from cnncalc.cli import main\n"
        "try:\n    main()\nfinally:\n"
        "    print(*(m for m in ('rich', 'numpy', 'torch', 'pydantic') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("z, max_pool, 1\n2\n\n")


def test_the_help_lists_the_kernels_and_the_input_forms():
    shown = run("--help").stdout
    assert all(name in shown for name in KERNELS)
    assert 'cnncalc convolve "0 1 2; 3 4 5; 6 7 8" "0 1; 2 3"' in shown


def test_matrices_may_begin_with_a_minus():
    assert "u(1) = −1×(−1) + 2×1 = 3\n" in text("-1 2", "-1 1")
    assert MAX_NUMBERS == 10_000


def test_pooling_can_be_given_in_many_forms():
    assert pool_of("max:3x2s2p1").stride == 2
    assert pool_of("max_pool:2").kernel_size == 2
    assert as_markdown([], WIDE) == "\n"


# The page of the documentation; its commands are run with those of all pages.

PAGE = Path(__file__).parent.parent / "docs" / "convolve.md"


def test_the_page_shows_every_kernel_as_it_is():
    shown = re.findall(
        r"^\| `(\w+)` \| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {name: read(weights).planes for name, weights in shown if name in KERNELS} == {
        name: named(name, 2).planes for name in KERNELS
    }


def test_the_page_states_the_limits_and_every_name():
    page = PAGE.read_text(encoding="utf-8")
    for limit in (MAX_NUMBERS, MAX_CELLS, MAX_PRODUCTS):
        assert f"{limit:,}" in page
    for word in (*FUNCTIONS, *(mode.removesuffix("s") for mode in MODES)):
        assert re.search(rf"`{word}[:`]", page), word
