"""Shapes with channels first or last: how to specify them, and that none is misread.

Expected counts are worked by hand: a convolution has kernel area × input channels × filters weights
and one bias per filter.
"""

import json

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.core.shape import layout_of

CONV = {"conv": {"filters": 10, "kernel": 3, "padding": 1}}


def params(input, *layers, **more):
    return cnncalc.summarize({"input": input, "layers": list(layers) or [CONV], **more})


def run(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def refusal(*words):
    """The sentence with which a command refuses its arguments."""
    failed = run(*words).exception
    assert isinstance(failed, CnncalcError), failed
    return str(failed)


# In a spec.


@pytest.mark.parametrize(
    ("input", "first", "weights"),
    [
        ("32x32x3", "3x32x32", 270),
        ([28, 28, 1], "1x28x28", 90),
        ("480×640×4", "4x480x640", 360),
        ("16x112x112x3", "3x16x112x112", 810),  # a video: 3·3·3·3·10
        ("98x40", None, 3 * 40 * 10),  # a signal
    ],
)
def test_a_spec_may_put_the_channels_last(input, first, weights):
    found = params(input, layout="hwc")
    assert found["conv1"].cost.weights == weights
    if first:
        assert found.rows[0].output == params(first).rows[0].output


@pytest.mark.parametrize("input", ["32x32x3", [28, 28, 1], "480×640×4", "5x6x1", "16x112x112x3"])
def test_an_image_that_seems_to_have_its_channels_last_needs_a_layout(input):
    with pytest.raises(CnncalcError, match=r"looks as if its channels come last; write \d"):
        params(input)


def test_the_error_shows_both_fixes(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 30x20x3\nlayers: [relu]\n")
    assert refusal("summarize", file) == (
        f"{file}:1:8: input 30x20x3 looks as if its channels come last; write 3x30x20, or add "
        "'layout: hwc'; if it really has 30 channels, add 'layout: chw'"
    )
    assert "or add --layout hwc" in refusal("summarize", "30x20x3-4C3")


@pytest.mark.parametrize(
    "input", ["3x32x32", "64x32x32", "4x9x1", "8x3x3", "16x4x9", "1x4x4x3", "784", "60x3"]
)
def test_every_other_shape_has_its_channels_first(input):
    first = cnncalc.summarize({"input": input, "layers": ["relu"]}).rows[0].output
    assert "x".join(map(str, first)) == input


def test_a_spec_that_says_so_may_have_few_columns():
    found = params([32, 32, 3], layout="chw")
    assert found["conv1"].cost.weights == 3 * 3 * 32 * 10
    assert found.output_shape == (10, 32, 3)


def test_channels_last_is_refused_for_a_shape_that_looks_channels_first():
    message = (
        "input 3x64x48 looks as if its channels come first, but the layout is hwc; write 64x48x3; "
        "if it really has 48 channels, write 48x3x64 with --layout chw"
    )
    with pytest.raises(CnncalcError, match=message):
        cnncalc.summarize("3x64x48-4C3", layout="hwc")
    with pytest.raises(
        CnncalcError, match="write 64x48x3; if it really has 48 channels, write 48x3x64"
    ):
        cnncalc.summarize("resnet18", input="3x64x48", layout="hwc")
    assert params("3x64x48", layout="hwc").rows[0].output == (48, 3, 64)
    assert params("48x3x64", layout="chw").rows[0].output == (48, 3, 64)


def test_shapes_and_orders_among_the_layers_follow_the_layout():
    found = params("4x6x16", {"reshape": [2, 12, -1]}, {"permute": [1, 0, 2]}, layout="hwc")
    assert found["reshape1"].output == (16, 2, 12)
    assert found["permute1"].output == (16, 12, 2)
    assert params("784", {"reshape": [7, 7, 16]}, layout="hwc").output_shape == (16, 7, 7)
    assert params("5x8", {"permute": [1, 0]}, layout="hwc").output_shape == (5, 8)
    assert params("1x6x8", {"expand": [4, -1, 8]}, layout="hwc").output_shape == (8, 4, 6)
    assert params("4x6x8", {"opaque": "2x3x5"}, layout="hwc").output_shape == (5, 2, 3)
    found = params("4x6x8", {"add": {"parameter": "1x1x8"}}, layout="hwc")
    assert found["add1"].cost.weights == 8


@pytest.mark.parametrize(
    ("fields", "strides"),
    [
        ({}, None),
        ({"params": 1, "strides": [1, 4, 20]}, (20, 1, 4)),
        ({"params": 1, "per_image": True, "strides": [99, 1, 4, 20]}, (99, 20, 1, 4)),
    ],
)
def test_numbers_that_do_not_depend_on_the_input_follow_the_layout(fields, strides):
    parameter = {"parameter": {"shape": "4x5x8", **fields}}
    layer = params("4x5x8", parameter, layout="hwc")["parameter1"].layer
    assert (layer.shape, layer.strides) == ((8, 4, 5), strides)


def test_every_file_says_how_it_writes_its_own_shapes(tmp_path):
    (tmp_path / "base.yaml").write_text(
        "layout: hwc\ninput: 6x4x8\nblocks:\n  turn: {layers: [{reshape: [3, 2, -1]}]}\n"
        "layers: [turn]\n"
    )
    own = tmp_path / "own.yaml"
    own.write_text("extends: base.yaml\n")
    assert cnncalc.summarize(own).output_shape == (32, 3, 2)
    own.write_text("extends: base.yaml\ninput: 8x6x8\n")
    assert cnncalc.summarize(own).rows[0].output == (8, 6, 8)
    own.write_text("extends: base.yaml\nlayout: hwc\ninput: 6x2x16\n")
    assert cnncalc.summarize(own).rows[0].output == (16, 6, 2)
    own.write_text("extends: resnet18\nlayout: hwc\ninput: 64x64x3\n")
    assert cnncalc.summarize(own)["conv1"].cost.weights == 9_408
    own.write_text("extends: resnet18\nlayout: hwc\n")
    assert cnncalc.summarize(own).rows[0].output == (3, 224, 224)


def test_a_layout_has_one_of_two_names():
    assert (layout_of(None), layout_of("HWC")) == (None, "hwc")
    with pytest.raises(CnncalcError, match=r"hwc \(channels last\), not 'nhwc'"):
        params("3x8x8", layout="nhwc")


# On the command line.


def test_the_option_reads_every_shape_without_a_layout_and_prints_it_so(tmp_path):
    found = run("summarize", "30x20x3-4C3", "--layout", "hwc", "--columns", "layer,output")
    assert "28×18×4" in found.stdout
    file = tmp_path / "net.yaml"
    file.write_text("layout: hwc\ninput: 30x20x3\nlayers: [{conv: {filters: 4, kernel: 3}}]\n")
    assert "28×18×4" in run("summarize", file).stdout
    assert "4×28×18" in run("summarize", file, "--layout", "chw").stdout
    assert json.loads(run("summarize", file, "-f", "json").stdout)["outputs"] == {
        "conv1": [4, 28, 18]
    }
    assert "14×6×4" in run("summarize", file, "--input", "16x8x3").stdout


@pytest.mark.parametrize(
    "words",
    [
        ["explain", "30x20x3-4C3"],
        ["memory", "30x20x3-4C3"],
        ["check-stride", "30x20x3-4C3"],
        ["reconcile", "30x20x3-4C3", "112 params"],  # 3·3·3·4 + 4
        ["layer", "conv", "30x20x3", "--filters", "4", "-k", "3"],
    ],
)
def test_commands_that_take_a_network_take_a_layout(words):
    assert "channels come last" in refusal(*words)
    assert run(*words, "--layout", "hwc").exit_code == 0


def test_one_layer_may_have_its_channels_last():
    assert cnncalc.layer("conv", "20x30x1", filters=6, kernel=5, layout="hwc").params == 156
    assert cnncalc.layer("conv", "20x30x1", filters=6, kernel=1, layout="chw").params == 126


# A batch is not part of the input.


@pytest.mark.parametrize(
    ("input", "message"),
    [
        ("1x3x224x224", "a batch of one image; use --input 3x224x224 --batch 1"),
        ("32x3x64x48", "a batch of 32 images; use --input 3x64x48 --batch 32"),
        ("1x224x224x3", "a batch of one image; use --input 3x224x224 --batch 1"),
        (
            "8x3x4x4",
            "an input with 3 dimensions, such as 3x224x224, not '8x3x4x4'; use --input 3x4x4 "
            "--batch 8",
        ),
        ("3x224x224x3", "not '3x224x224x3'; use --input 3x224x224 --batch 3"),
        ("3x224", "needs an input with 3 dimensions, such as 3x224x224, not '3x224'"),
        ("224x224x3", "channels come last; write 3x224x224, or add --layout hwc"),
        ("1x3x3x224x224", "drop the batch size"),
    ],
)
def test_a_built_in_takes_no_other_number_of_sizes(input, message):
    assert message in refusal("summarize", "resnet18", "--input", input)


@pytest.mark.parametrize("input", ["1x3x32x32", [16, 1, 28, 28], "1x28x28x1", "4x3x40x30"])
def test_a_spec_takes_no_batch(input):
    with pytest.raises(CnncalcError, match="looks like a batch of"):
        params(input)
    with pytest.raises(CnncalcError, match="looks like a batch of"):
        cnncalc.summarize({"input": "3x32x32", "layers": [CONV]}, input=input)


@pytest.mark.parametrize("input", ["1x32x32x32", "3x16x112x112", "64x4x14x14", "512x1x4x4"])
def test_volumes_are_not_batches(input):
    assert len(params(input).output_shape) == 4


def test_layers_or_a_layout_may_say_that_it_is_a_volume():
    volume = {"conv3d": {"filters": 2, "kernel": 1}}
    assert params("1x3x32x32", volume).output_shape == (2, 3, 32, 32)
    assert params("1x3x32x32", layout="chw").output_shape == (10, 3, 32, 32)
    own = {"input": "3x8x32x32", "layers": [CONV]}
    assert cnncalc.summarize(own, input="1x3x32x32").output_shape == (10, 3, 32, 32)
    with pytest.raises(CnncalcError, match=r"write 3x32x32 and use --batch 1$"):
        params("1x32x32x3", layout="hwc")


def test_a_layer_for_images_takes_no_volume():
    image = {"conv2d": {"filters": 2, "kernel": 1}}
    with pytest.raises(CnncalcError, match="if 5 is the batch size, write 3x4x4 and --batch 5"):
        params("5x3x4x4", image)


@pytest.mark.parametrize(
    ("network", "input", "warning"),
    [
        ("resnet18", "1x224x224", "1 channel instead of 3: conv1 then has 3,136 weights"),
        ("vgg16", "4x64x64", "4 channels instead of 3: conv1_1 then has 2,304 weights"),
        ("5x9x9-GAP", "7x9x9", "7 channels instead of 5"),
        ("100-10N", "50", "50 features instead of 100: linear1 then has 500 weights"),
    ],
)
def test_channels_that_differ_from_the_spec_s_get_a_remark(network, input, warning):
    assert cnncalc.summarize(network, input=input).warnings[0] == f"the input has {warning}"


def test_the_same_channels_need_no_remark():
    assert cnncalc.summarize("resnet18", input="3x64x64").warnings == ()


# In answer sheets.


def question(input, answer, **given):
    given = given or {"conv": {"filters": 10, "kernel": 5, "padding": 2}}
    return {"given": {**given, "input": input}, "ask": "params", "answer": answer}


def grades(*questions, **more):
    (graded,) = found = cnncalc.grade({"questions": list(questions), **more})
    return [mark.outcome.value for mark in graded.marks], found.notes


def test_a_sheet_with_channels_last_is_read_so_and_says_so_once():
    outcomes, notes = grades(
        question("32x32x3", 760),
        question("14x14x20", 5010),  # 25·20·10 + 10
        question(
            "9x9x12", 74, layers=[{"reshape": [3, 9, 36]}, {"conv": {"filters": 2, "kernel": 1}}]
        ),
    )
    assert outcomes == ["right", "right", "right"]
    assert notes == (
        "32x32x3 and all other shapes are read as channels last; for channels first, add "
        "'layout: chw' or --layout chw",
    )


@pytest.mark.parametrize(
    ("network", "answers"),
    [
        ({"input": "30x20x1", "layers": [CONV]}, {"conv1": {"params": 100}}),
        ("30x20x1-5C3", {"conv1": {"params": 50, "shape": "28x18x5"}}),
    ],
)
def test_the_network_of_a_sheet_counts_among_its_shapes(network, answers):
    outcomes, notes = grades(architecture=network, answers=answers)
    assert set(outcomes) == {"right"}
    assert notes[0].startswith("30x20x1 and all other shapes")


def test_the_input_of_a_sheet_counts_among_its_shapes():
    more = {"input": [64, 48, 3], "answers": {"total": {"params": 280}}}
    assert grades(architecture=[CONV], **more)[0] == ["right"]
    more["answers"] = {"conv1": {"params": 9_408}}
    assert grades(architecture="resnet18", **more)[0] == ["right"]
    more["answers"] = {"conv1": {"params": 112}}
    assert grades(architecture="4C3-10N", **more)[0] == ["right"]


def test_a_sheet_may_say_how_it_writes_shapes(tmp_path):
    shapes = [question("32x32x3", 3 * 8_010 - 16_020), question("3x8x9", 760)]
    assert grades(*shapes, layout="chw") == (["right", "right"], ())
    assert grades(question("14x9x20", 5010), layout="hwc") == (["right"], ())
    with pytest.raises(CnncalcError, match=r"hwc \(channels last\), not 'cwh'"):
        grades(*shapes, layout="cwh")
    file = tmp_path / "sheet.yaml"
    file.write_text(json.dumps({"questions": [question("14x9x20", 5010)]}))
    assert run("grade", file).exit_code == 1
    assert run("grade", file, "--layout", "hwc").exit_code == 0
    file.write_text(json.dumps({"questions": [question("16x16x1", 260)]}))
    noted = run("grade", file)
    assert noted.stderr.startswith("16x16x1 and all other shapes are read as channels last")
    assert (
        run("grade", file, file, "--all").stderr.count("channels last") == 0
    )  # the key is skipped


def test_a_sheet_that_writes_shapes_both_ways_says_nothing():
    outcomes, notes = grades(question("32x32x3", 760), question("3x32x32", 760))
    assert (outcomes, notes) == (["unreadable", "right"], ())


def test_a_window_and_a_given_output_have_their_own_axes():
    window = {"given": {"N": 7, "F": 3, "S": 2}, "ask": "shape", "answer": 3}
    stride = {
        "given": {"conv": {"filters": 8, "kernel": 3}, "input": "31x31x3", "output": "15x15x8"},
        "ask": "required_stride",
        "answer": 2,
    }
    assert grades(window, stride, question("32x32x3", 760))[0] == ["right"] * 3


# In numbers.

COLUMNS = [[[1, 10], [2, 20], [3, 30]], [[4, 40], [5, 50], [6, 60]]]
"""Two rows of three pixels with two channels: 1 2 3; 4 5 6, and ten times that."""


def test_nested_lists_may_have_their_channels_last():
    kernel = [[[1, 0]], [[0, 1]]]  # the place in channel 1, the one below it in channel 2
    found = cnncalc.convolve(COLUMNS, kernel, layout="hwc")
    assert found.output.nested() == [[[1 + 40, 2 + 50, 3 + 60]]]
    text = run("convolve", str(COLUMNS), str(kernel), "--layout", "hwc", "--steps", "none")
    assert text.stdout.splitlines()[-1].split() == ["41", "52", "63"]


def test_numbers_that_seem_to_have_their_channels_last_need_a_layout(tmp_path):
    wide = [[[n, -n, 0] for n in range(4)] for _ in range(5)]
    with pytest.raises(UsageError, match="5x4x3 looks as if its channels come last"):
        cnncalc.convolve(wide, wide)
    found = refusal("convolve", "random:5x4x3", "box | box | box")
    assert "write 3x5x4, or add --layout hwc" in found
    drawn = run("convolve", "random:5x4x3", "box | box | box", "--layout", "hwc", "-p", "same")
    assert "5×4" in drawn.stdout
    file = tmp_path / "image.json"
    file.write_text(json.dumps(wide))
    assert "5x4x3 looks as if" in refusal("convolve", file, "box | box | box")
    assert run("convolve", file, "box | box | box", "--layout", "hwc").exit_code == 0


def test_a_question_about_numbers_follows_the_layout_of_its_sheet():
    asked = {
        "given": {"input": COLUMNS, "kernel": [[[1, 0]], [[0, 1]]]},
        "ask": "convolution",
        "answer": "41 52 63",
    }
    assert grades(asked, layout="hwc")[0] == ["right"]


def test_published_shapes_are_written_like_the_file():
    claim = {"quantity": "output", "layer": "conv1", "value": "32x16x10", "source": "by hand"}
    size = {"quantity": "size", "layer": "conv1", "value": "32x16", "source": "by hand"}
    spec = {"input": "32x16x3", "layout": "hwc", "layers": [CONV], "published": [claim, size]}
    assert [one.verdict for one in cnncalc.claims(spec)] == ["agrees", "agrees"]
    spec |= {"input": "3x32x16", "layout": "chw"}
    assert [one.verdict for one in cnncalc.claims(spec)] == ["does not agree", "agrees"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "architecture: 14x9x20-10C5\nlayout: {}\n|layer|params|\n|--|--|\n|conv1|5010|\n"),
        ("a.csv", "architecture,14x9x20-10C5\nlayout,{}\nlayer,params\nconv1,5010\n"),
        ("a.yaml", "layout: {}\narchitecture: 14x9x20-10C5\nanswers: {{conv1: {{params: 5010}}}}"),
    ],
)  # fmt: skip
def test_sheets_of_every_format_may_say_how_they_write_shapes(tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text.format("hwc"))
    assert run("grade", file).exit_code == 0  # 5·5·20·10 + 10
    file.write_text(text.format("chw"))
    assert run("grade", file).exit_code == 1


def test_the_sizes_of_a_learned_summand_are_written_in_the_layout():
    layers = [{"add": {"parameter": [4, 1, 3]}}]
    report = cnncalc.summarize({"input": "4x6x3", "layers": layers}, layout="hwc")
    assert report["add1"].layer.parameter == (3, 4, 1)
    assert (report.totals.params, report.output_shape) == (12, (3, 4, 6))
