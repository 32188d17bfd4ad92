"""Does a window fit? Answers compared with windows counted one by one, and with the known rules."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.core.errors import UsageError
from cnncalc.derivations import stride
from cnncalc.derivations.stride import Axis
from cnncalc.layers import _window

small = st.builds(
    Axis,
    N=st.integers(1, 40),
    F=st.integers(1, 9),
    S=st.integers(1, 9),
    P=st.integers(0, 5),
    D=st.integers(1, 3),
)


def starts(axis: Axis) -> list[int]:
    """Where windows can start, found by trying every position."""
    last = axis.N + axis.P - 1
    return [s for s in range(-axis.P, last + 1, axis.S) if s + (axis.F - 1) * axis.D <= last]


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


@given(small)
def test_floor_counts_the_windows_that_fit(axis):
    assert (axis.floor if axis.possible else 0) == len(starts(axis))


@given(small)
def test_a_stride_fits_when_the_last_window_ends_at_the_last_padded_pixel(axis):
    ends = [start + (axis.F - 1) * axis.D for start in starts(axis)]
    assert axis.fits == (bool(ends) and ends[-1] == axis.N + axis.P - 1)


@given(small)
def test_unread_pixels_are_those_under_no_tap(axis):
    read = {start + tap * axis.D for start in starts(axis) for tap in range(axis.F)}
    expected = sorted(set(range(axis.N)) - read)
    runs = stride.unread(axis)
    assert [pixel for first, last in runs for pixel in range(first, last + 1)] == expected


@given(small)
def test_every_suggestion_fits(axis):
    for name, values in stride.nearest(axis).items():
        for value in values:
            assert axis._replace(**{name: value}).fits


@given(small)
def test_the_nearest_stride_has_no_nearer_one(axis):
    for value in stride.nearest(axis)["S"]:
        between = range(min(value, axis.S) + 1, max(value, axis.S))
        assert not any(axis._replace(S=other).fits for other in between)


def test_the_lectures_illegal_stride():
    """NTU and TUM lectures: N = 7, F = 3, stride 3 gives (7 - 3)/3 + 1 = 2.33, illegal."""
    result = run("check-stride", "7", "3", "3")
    assert result.exit_code == 1
    assert "(7 − 3)/3 + 1 = 2.33" in result.stdout
    assert "illegal stride" in result.stdout
    assert "rounding down gives 2" in result.stdout
    assert "1 of 7 pixels, number 6, counting from 0" in result.stdout
    dilated = run("check-stride", "7", "3", "3", "-d", "2").stdout  # taps at 0, 2 and 4
    assert "4 of 7 pixels, numbers 1, 3, 5 and 6, counting from 0" in dilated
    assert "N = 6 or 9; F = 1 or 4; P = 1; S = 2 or 4" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "size"),
    [("7 3 1", 5), ("7 3 2", 3), ("7 3 1 -p 1", 7), ("32 5 1", 28), ("227 11 4", 55)],
)
def test_the_lectures_legal_strides(arguments, size):
    result = run("check-stride", *arguments.split())
    assert result.exit_code == 0
    assert f"the output is {size}" in result.stdout


def test_axes_are_checked_one_by_one():
    """32 + 4 - 5 = 31 is odd; 49 + 4 - 5 = 48 is even."""
    answers = json.loads(run("check-stride", "32x49", "5", "2", "-p", "2", "-f", "json").stdout)
    assert [answer["fits"] for answer in answers] == [False, True]
    assert run("check-stride", "32x49", "5", "2", "-p", "2").stdout.count("axis") == 2


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        # the deck's stride 3; SAME is ceil(7/3), VALID is floor
        (Axis(7, 3, 3), [2, 3, 3, 3, 2, None]),
        # PyTorch drops a window that would start beyond N + P = 20; so does Caffe, with padding
        (Axis(19, 5, 5, 1), [4, 4, 4, 4, 3, None]),
        (Axis(227, 11, 4), [55, 55, 55, 57, 55, 55]),
        # a window that hangs over by less than a stride: only rounding up places it
        (Axis(2, 3, 2), [None, 1, 1, 1, None, None]),
        (Axis(3, 7, 1), [None, None, None, 3, None, None]),
    ],
)
def test_every_padding_rule_is_reported(axis, expected):
    assert [rule.size for rule in stride.rules(axis)] == expected


def test_a_window_larger_than_the_input_is_illegal_and_says_what_would_fit():
    result = run("check-stride", "3", "7", "1")
    assert result.exit_code == 1
    assert "a window of 7 is larger than the input of 3" in result.stdout
    assert "N = 7; F = 3; P = 2\n" in result.stdout  # 3 + 2*2 = 7
    assert "never read" not in result.stdout


@pytest.mark.parametrize(
    ("axis", "sizes"),
    [
        (Axis(10, 3, 2), [2, 4]),  # (10 − 2)/2 = 4 and (10 − 4)/2 = 3
        (Axis(5, 4, 2, 0, 2), [3]),  # 5 − 1 − 2·(F − 1) is even: F = 1, 2 and 3 fit
        (Axis(4, 9, 3, 1), [6]),  # 6 − 6 = 0
    ],
)
def test_the_nearest_kernel_sizes_fit(axis, sizes):
    assert stride.nearest(axis)["F"] == sizes


def test_huge_sizes_stay_exact():
    n = 10**30
    result = run("check-stride", str(n), "3", "1")
    assert result.exit_code == 0
    assert f"{n - 2:,}" in result.stdout


def test_very_many_gaps_are_counted():
    assert stride.unread(Axis(10**9, 2, 3)) is None
    assert "too many windows to check" in run("check-stride", str(10**9), "2", "3").stdout


def test_a_window_larger_than_its_input_reads_nothing():
    assert stride.unread(Axis(3, 5, 1)) == [(0, 2)]


def test_wide_strides_with_few_windows_list_their_gaps():
    """Windows of 3 at 0 and 10 over 13 pixels leave 3 to 9."""
    assert stride.unread(Axis(13, 3, 10)) == [(3, 9)]
    runs = run("check-stride", "1000", "1", "100").stdout
    assert "numbers 1 to 99, 101 to 199, " in runs
    assert "501 to 599 and 396 more, counting from 0" in runs


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("seven 3 3", "N must be a whole number"),
        ("net.yaml 3 2", "'net.yaml' is a network, which takes no F or S; leave out 3 2"),
        ("lenet5 3", "'lenet5' is a network, which takes no F or S; leave out 3"),
        (
            "7 0 3",
            "F must be a whole number of at least 1, or one per axis, as in 7x9, not '0'",
        ),
        (
            "7 3 3 -p -1",
            "--padding must be a whole number of at least 0, or one per axis, as in 7x9, not '-1'",
        ),
        ("7x7x7x7 3 3", "N has 4 sizes; a window has at most three axes"),
        ("7 3 -- -3", "S must be a whole number"),
        (
            "7x7 3x3x3 1",
            "N has 2 sizes, but F has 3; give one for each axis, or a single one for all",
        ),
        ("7 3 3 -f xml", "no format 'xml'; choose from text, json"),
        ("7 3 3 -p 1.5", "--padding must be a whole number"),
        ("lenet5 -p 1", "--padding is for one window"),
        ("7 3 3 --input 1x7x7", "--input is for a network"),
    ],
)
def test_invalid_input_is_refused(arguments, says):
    result = run("check-stride", *arguments.split())
    assert isinstance(result.exception, UsageError)
    assert says in str(result.exception)


@given(st.integers(1, 30), st.integers(1, 12))
def test_every_solution_gives_the_output_and_fits_are_first(N, output):
    found = stride.solve(output, N=N, largest=7)
    assert all(solution.axis.floor == output for solution in found)
    fits = [solution.axis.fits for solution in found]
    assert fits == sorted(fits, reverse=True)


def test_solve_keeps_a_size_as_the_lectures_do():
    """NTU lecture: stride 1 and padding (F - 1)/2 keep the size: 3 and 1, 5 and 2, 7 and 3."""
    found = stride.solve(32, N=32, S=1, largest=7)
    assert [(s.axis.F, s.axis.P) for s in found] == [(1, 0), (3, 1), (5, 2), (7, 3)]
    assert run("solve", "--input", "32", "--stride", "1", "--largest", "7").exit_code == 0


def test_alexnets_55_needs_227():
    """224 with an 11x11 filter, stride 4 and no padding gives 54.25; 227 gives 55."""
    assert [s.axis.N for s in stride.solve(55, F=11, S=4, P=0) if s.axis.fits] == [227]
    assert not any(s.axis.fits for s in stride.solve(55, N=224, F=11, S=4))
    result = run("solve", "--input", "224", "--output", "55", "-k", "11", "-s", "4")
    assert result.exit_code == 0
    assert result.stdout.startswith("nothing fits exactly, but these windows fit")
    assert "224  11  4  2      55          1" in result.stdout


@pytest.mark.parametrize(
    ("words", "solution"),
    [
        # The first layer of ResNet, floor((224 + 6 - 7)/2) + 1 = 112, and a halving 3x3 of 28.
        ("--input 224 --output 112 --kernel 7", (224, 7, 2, 3, 112, 1)),
        ("--input 28 --output 14 --kernel 3 --stride 2", (28, 3, 2, 1, 14, 1)),
    ],
)
def test_solutions_that_round_down_show_their_remainder(words, solution):
    result = run("solve", *words.split())
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()[2:]]
    assert list(map(str, solution)) in rows


def test_some_sizes_have_no_solution():
    result = run("solve", "--input", "5", "--output", "50")
    assert result.exit_code == 1
    assert result.stdout.startswith("nothing fits with F ≤ 11")


def test_only_the_limits_of_what_was_searched_are_reported():
    words = ["--input", "5", "--output", "50", "--kernel", "3", "--stride", "1"]
    assert run("solve", *words).stdout == "nothing fits with P < F\n"
    dilated = run("solve", *words, "--dilation", "2")
    assert dilated.stdout == "nothing fits with P < D·(F − 1) + 1\n"


def test_given_values_that_do_not_fit_show_the_size_that_they_give():
    words = ["--input", "224", "--kernel", "5", "--stride", "2", "--padding", "3"]
    result = run("solve", *words, "--output", "55")
    assert result.exit_code == 1
    assert result.stdout == (  # 225 / 2 + 1
        "does not fit: (N − F + 2·P)/S + 1 = (224 − 5 + 2·3)/2 + 1 = 113.50, not 55\n"
    )
    assert run("solve", *words).stdout.endswith(" = 113.50, not 224\n")
    words = ["--output", "50", "--kernel", "99", "--stride", "1", "--padding", "90"]
    assert run("solve", *words).stdout == "no input size fits\n"  # 50 + 98 − 180 < 1


def test_solutions_with_remainders_are_omitted_if_some_fit_exactly():
    result = run("solve", "--input", "224", "--output", "55")
    assert "remainder" in result.stdout
    assert all(line.endswith("fits") for line in result.stdout.splitlines()[1:])
    assert "--floor lists them" in result.stderr


@pytest.mark.parametrize("words", ["32x48 5 2 -p 2", "14 3 2 -p 1", "28 6 3 -p 2"])
def test_a_remainder_that_is_all_padding_loses_no_pixel(words):
    result = run("check-stride", *words.split())
    assert result.exit_code == 1
    assert "no pixel is lost" in result.stdout
    assert "every pixel is read" not in result.stdout
    assert "never read" not in result.stdout


def test_every_layer_of_a_network_is_checked(monkeypatch):
    """224 + 6 - 7 = 223 is odd; so is 112 + 2 - 3; a 1x1 with stride 2 never reaches the end."""
    monkeypatch.setenv("COLUMNS", "100")
    result = run("check-stride", "resnet18")
    assert result.exit_code == 1
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    assert "illegal: remainder 1, no pixel is lost" in lines["conv1"]
    assert "illegal: remainder 1, no pixel is lost" in lines["maxpool"]
    assert "1 pixel cut off at the end" in lines["layer2.0.downsample.0"]
    assert lines["layer1.0.conv1"].endswith("✓ fits")
    fitting = run("check-stride", "vgg16")
    assert fitting.exit_code == 0
    assert "the windows of all 18 layers fit" in fitting.stdout  # 13 convolutions and 5 pools


def test_a_size_is_not_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "7").touch()
    assert run("check-stride", "7", "3", "2").exit_code == 0


def test_one_layer_is_counted_in_the_singular():
    """(7 - 3)/2 is whole, (8 - 3)/2 is not."""
    assert "the only window fits" in run("check-stride", "1x7x7-2C3s2").stdout
    assert "the only window has an illegal stride" in run("check-stride", "1x8x8-2C3s2").stdout


def test_axes_that_differ_are_checked_separately():
    """(9 - 3)/2 is whole, (8 - 3)/2 is not."""
    records = json.loads(run("check-stride", "1x9x8-2C3s2", "-f", "json").stdout)
    assert [(one["along"], one["fits"]) for one in records] == [("H", True), ("W", False)]
    assert "conv1 (W)" in run("check-stride", "1x9x8-2C3s2").stdout


@given(small)
def test_a_network_s_window_gets_the_verdict_of_the_window_alone(axis):
    if axis.possible:
        slid = _window.Axis(axis.N, axis.F, axis.S, axis.P, axis.P, axis.D)
        sizes = (*slid[:6], slid.places(), slid.cut_off())
        window = stride.Window("it", "conv", "", *sizes)
        assert window.fits == axis.fits
        assert window.remainder == axis.remainder
        runs = stride.unread(axis)
        end = runs[-1][1] - runs[-1][0] + 1 if runs and runs[-1][1] == axis.N - 1 else 0
        if axis.S <= axis.F and axis.D == 1:
            assert window.unread == end


def test_sizes_have_thousands_separators():
    assert "numbers 1,998 and 1,999, counting" in run("check-stride", "2000", "3", "3").stdout
    assert "2,000" in run("solve", "--input", "2000", "--stride", "1", "-k", "1").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("solve", "needs --input or --output"),
        ("solve -i 0", "the input size must be at least 1, not 0"),
        ("solve -i 5 -p -1", "the padding must be at least 0"),
        ("solve -i 5 -s 0", "the stride must be at least 1"),
        ("solve -i 5 --largest 1000", "--largest must be from 1 to 101"),
        ("solve vgg16 --for batch --memory 9GiB -k 3", "--kernel is for a window"),
        ("solve -i 5 --step 2", "--step needs a network"),
        ("solve -i 5 --set classes=2", "--set needs a network"),
        ("solve -i 3x5", "--input must be a whole number, not '3x5'"),
        ("solve vgg16 --for batch --memory 9GiB -i 3x", "--input: a shape must be whole numbers"),
    ],
)
def test_solve_refuses_invalid_input(arguments, says):
    result = run(*arguments.split())
    assert says in str(result.exception)


@pytest.mark.parametrize(("N", "F"), [(2, 5), (4, 7), (10, 20)])
def test_a_window_too_large_gets_the_nearest_input(N, F):
    assert stride.nearest(Axis(N, F, 1))["N"] == [F]


def test_three_axes_are_named():
    text = run("check-stride", "8x16x16", "3", "1").stdout
    assert [line for line in text.splitlines() if line.startswith("axis")] == [
        "axis D", "axis H", "axis W",
    ]  # fmt: skip


def test_an_endless_search_is_refused():
    with pytest.raises(UsageError, match="geometries to try"):
        stride.solve(5, D=10_000_000)
    with pytest.raises(UsageError, match="geometries to try"):
        stride.solve(3, N=10**8, F=9 * 10**7)
    with pytest.raises(UsageError, match=r"geometries to try; give the padding$"):
        stride.solve(3, F=300_000, S=1)
    with pytest.raises(UsageError, match="geometries to try"):  # 40 inputs for a stride of 40
        stride.solve(13, largest=40)
    assert stride.solve(13, N=26, largest=40)


def test_inputs_are_found_where_an_exact_fit_would_need_none():
    """floor((1 - 60 + 2·59)/60) + 1 = 1; an exact fit would have 60 - 2·59 = -58 inputs."""
    assert [one.axis.N for one in stride.solve(1, F=60, S=60, P=59)] == [1]
    assert [one.axis.N for one in stride.solve(1, F=60, S=100, P=59)] == [*range(1, 42)]
    assert [one.axis.N for one in stride.solve(1, F=60, S=200, P=59)] == [*range(1, 51)]


def test_padding_beyond_half_of_the_window_and_steps_beyond_it_are_searched():
    """5 + 2·2 - 3 + 1 = 7; floor((57 - 1)/2) + 1 = 29."""
    assert any(s.axis.P == 2 for s in stride.solve(7, N=5, F=3, S=1))
    assert any(s.axis.S == 2 for s in stride.solve(29, N=57, F=1))


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (("9", "3", "3", "-p", "1"), "3.67"),  # 8/3 + 1 = 3.666…
        (("13", "3", "7"), "2.43"),  # 10/7 + 1 = 2.428…
        (("403", "3", "1000"), "1.40"),
        (("1002", "3", "1000"), "1.99"),  # 1.999 is not whole
        (("1004", "3", "1000"), "2.01"),  # and 2.001 is not 2
        (("100000", "5", "9"), "11,111.56"),  # 99,995/9 = 11,110.55…
    ],
)
def test_a_rounded_quotient_never_looks_whole(words, value):
    assert run("check-stride", *words).stdout.splitlines()[0].endswith(f" + 1 = {value}")


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 30), st.integers(1, 3))
def test_every_transposed_solution_gives_the_output(N, output, dilation):
    found = stride.solve(output, N=N, D=dilation, largest=4, transposed=True)
    for (n, F, S, P, D), size, extra in found:
        layer = nn.ConvTranspose1d(1, 1, F, S, P, extra, dilation=D, device="meta")
        assert layer(torch.zeros(1, 1, n, device="meta")).shape[2] == size == output
    padded = [solution.output_padding > 0 for solution in found]
    assert padded == sorted(padded)


def test_transposed_solutions_are_those_that_double_a_size():
    """Radford et al. 2015 double 4 to 8 with 5×5: 3·2 − 2·2 + 5 + 1; PyTorch's example with 4×4."""
    found = stride.solve(8, N=4, S=2, largest=5, transposed=True)
    assert [(s.axis.F, s.axis.P, s.output_padding) for s in found] == [
        (2, 0, 0), (4, 1, 0), (1, 0, 1), (3, 1, 1), (5, 2, 1),
    ]  # fmt: skip
    found = cnncalc.solve(output=56, kernel=2, stride=2, padding=0, transposed=True)
    assert [(s.axis.N, s.output_padding) for s in found] == [(28, 0)]  # U-Net's up-convolution


def test_solve_lists_transposed_windows():
    result = run("solve", "-i", "4", "--output", "8", "-k", "5", "-s", "2", "--transposed")
    assert (
        result.stdout == "N  F  S  P  output  output padding\n4  5  2  2       8               1\n"
    )
    words = ["solve", "-i", "4", "--output", "9", "-k", "2", "-s", "2", "-p", "1", "--transposed"]
    result = run(*words)
    assert result.exit_code == 1
    assert result.stdout == "does not fit: without output padding, the output is 6\n"
    result = run("solve", "-i", "5", "--output", "90", "-k", "3", "--transposed")
    assert result.exit_code == 1
    assert result.stdout.startswith("nothing fits with S ≤ max(F, 4)")
