"""What is shown is what ran: derivations read as the lectures write them, and end in the counts."""

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import explain, wording
from cnncalc.cli import app
from cnncalc.errors import UsageError
from cnncalc.formulas.tracing import Traced, expression_of


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def test_the_lectures_convolution_in_full():
    """NTU lecture: ten 3x5x5 filters on 3x32x32, stride 1, pad 2: 10x32x32, 760 parameters."""
    out = run(
        "layer", "conv", "3x32x32", "--filters", "10", "-f", "text", "--kernel=5", "--pad", "2"
    )
    assert out.exit_code == 0
    assert "⌊(N − F + 2·P)/S⌋ + 1 = ⌊(32 − 5 + 2·2)/1⌋ + 1 = 32" in out.stdout
    assert "weights = F·F·C_in·C_out = 5·5·3·10 = 750" in out.stdout
    assert "params = weights + biases = 750 + 10 = 760" in out.stdout
    assert "MACs = F·F·C_in·C_out·H_out·W_out = 5·5·3·10·32·32 = 768,000" in out.stdout
    assert "10,240" in out.stdout


def test_axes_that_differ_are_explained_apart():
    out = run("explain", "3x7x9-4C3x2s2", "conv1", "shape").stdout
    assert "H_out = ⌊(H_in − F)/S⌋ + 1 = ⌊(7 − 3)/2⌋ + 1 = 3" in out
    assert "W_out = ⌊(W_in − F)/S⌋ + 1 = ⌊(9 − 2)/2⌋ + 1 = 4" in out


def test_groups_share_out_the_channels_without_a_floor():
    out = run("layer", "conv", "8x5x5", "--filters", "4", "--kernel", "3", "--groups", "2").stdout
    assert "F·F·(C_in/G)·C_out = 3·3·(8/2)·4 = 144" in out


def test_the_receptive_field_says_what_lies_in_the_image():
    """Two 3x3 convolutions see 5 pixels; on a 4x4 image at most 4 of them are there."""
    spec = {
        "input": "1x4x4",
        "layers": [{"conv": {"filters": 1, "kernel": 3, "pad": 1}, "repeat": 2}],
    }
    report = cnncalc.summarize(spec)
    last = explain.explain(report.rows[-1], report, ["receptive-field"])[0]
    assert last.answer.startswith("5×5 pixels, of which at most 4×4 lie in the image")
    assert last.workings[0].text() == ("r_out = r_in + (E − 1)·j_in = 3 + (3 − 1)·1 = 5")


@pytest.mark.parametrize("name", ["vgg16", "googlenet", "resnet18", "unet", "lenet5_1998"])
def test_every_derivation_ends_in_the_count_of_the_report(name):
    report = cnncalc.summarize(name)
    for row in report.layers:
        for derivation in explain.explain(row, report, ["parameters", "macs", "memory"]):
            results = {working.symbol: working.result for working in derivation.workings}
            counts = {"params": row.cost.params, "MACs": row.cost.macs, "FLOPs": row.cost.flops}
            counts |= {"weights": row.cost.weights, "bytes": row.cost.activation_bytes}
            assert all(counts[name] == result for name, result in results.items() if name in counts)
            if derivation.quantity == "macs" and row.cost.macs:
                assert "FLOPs" in results


def test_latex_equations_balance_and_name_the_layer():
    out = run("explain", "vgg16", "conv1_1", "--format", "latex").stdout
    assert out.startswith("% layer conv1_1\n\\paragraph{conv1\\_1}\n\\begin{align*}\n")
    assert out.endswith("\\end{align*}\n")
    assert out.count("{") == out.count("}")
    assert out.count("\\left") == out.count("\\right")
    assert r"\left\lfloor \frac{N - F + 2 \cdot P}{S} \right\rfloor + 1" in out


def test_latex_with_nothing_to_work_out_is_a_comment():
    out = run("explain", "vgg16", "relu1", "parameters", "--format", "latex").stdout
    assert out == "% relu1: nothing to work out\n"


def test_markdown_lists_equations_as_code():
    out = run("explain", "vgg16", "fc8", "params", "-f", "markdown").stdout
    assert out.startswith("### fc8 · linear (out_features 1000) · 4096 → 1000\n")
    assert "- `weights = n_in·n_out = 4096·1000 = 4,096,000`" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["vgg16", "conv1"], "did you mean 'conv1_1'"),
        (["vgg16", "fc8", "paramters"], "did you mean 'parameters'"),
        (["vgg16", "fc8", "xyz"], "there are shape, parameters"),
        (["vgg16", "fc8", "-f", "pdf"], "it has text, markdown or latex"),
        (["resnet18", "layer1"], "'layer1' is a block; its layers are layer1.0."),
    ],
)
def test_what_cannot_be_explained_is_said(arguments, says):
    result = run("explain", *arguments)
    assert isinstance(result.exception, UsageError)
    assert says in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["conv", "--filters", "3"], "conv needs the shape of its input"),
        (["conv"], "its fields are --out-channels, --kernel-size, --stride"),
        (["relu"], "it has no fields"),
        (["conv", "3x8x8", "--filter", "3"], "did you mean 'filters'"),
        (["convv", "3x8x8"], "no layer kind 'convv'; did you mean 'conv'?"),
        (["relu", "3x8x8", "-f", "xml"], "it has text, markdown, latex or json"),
        (["add", "3x8x8", "4x8x8"], "cannot add 3×8×8 and 4×8×8"),
    ],
)
def test_a_layer_that_cannot_be_is_refused(arguments, says):
    result = run("layer", *arguments)
    assert says in str(result.exception)


def test_a_layers_options_are_its_fields():
    out = run(
        "layer", "conv", "3x9x9", "--filters", "4", "--kernel", "3x5", "--no-bias", "-f", "json"
    )
    assert '"biases": 0' in out.stdout
    assert '"weights": 180' in out.stdout  # 3·5·3·4
    out = run(
        "layer",
        "max_pool",
        "1x6x6",
        "--kernel",
        "[3, 3]",
        "--stride",
        "2",
        "--ceil-mode",
        "-f",
        "json",
    )
    assert '"output": [\n    1,\n    3,\n    3\n  ]' in out.stdout  # ceil(3/2) + 1


N, F = Traced.leaf(7, "N"), Traced.leaf(3, "F")


def test_latex_has_every_operator():
    expression = expression_of(-(N - (F + 1)) + -(-N // F) - 2 * (N // F))
    assert wording.latex(expression, wording.symbols) == (
        r"-\left( N - \left( F + 1 \right) \right) + \left\lceil \frac{N}{F} \right\rceil"
        r" - 2 \cdot \frac{N}{F}"
    )


def test_adding_to_nothing_is_the_number_itself():
    assert 0 + N is N
    assert wording.text(expression_of(5 + N), wording.symbols) == "5 + N"


def test_inputs_of_different_axes_are_said_to_be():
    spec = {
        "input": {"image": "1x4x4", "sound": "1x9"},
        "layers": [
            {"flatten": None, "from": "image", "name": "a"},
            {"flatten": None, "from": "sound", "name": "b"},
            {"concat": None, "from": ["a", "b"], "name": "both"},
        ],
    }
    report = cnncalc.summarize(spec)
    (answer,) = explain.explain(report["both"], report, ["receptive-field"])
    assert answer.answer == "it reads inputs of different axes"


@pytest.mark.parametrize(
    ("number", "symbols", "numbers"),
    [
        (N - (F - 1), "N − (F − 1)", "7 − (3 − 1)"),
        (2 * (N + F), "2·(N + F)", "2·(7 + 3)"),
        (N // F, "(N/F)", "(7/3)"),
        (-(N // F), "−(N/F)", "−(7/3)"),
        ((N + 1) // F, "⌊(N + 1)/F⌋", "⌊(7 + 1)/3⌋"),
        (-(-N // F), "⌈N/F⌉", "⌈7/3⌉"),
        (-N + F, "−N + F", "−7 + 3"),
        (5 - N, "5 − N", "5 − 7"),
        ((F - 1) + 1, "F", "3"),
        (0 + N * 1 - 0, "N", "7"),
        (N - -2, "N − -2", "N − (−2)"),
    ],
)
def test_expressions_read_as_people_write_them(number, symbols, numbers):
    expression = expression_of(number)
    assert wording.text(expression, wording.symbols) == symbols
    if symbols != "N − -2":
        assert wording.text(expression, wording.numbers) == numbers
