"""Derivations show what ran: they read like the lectures' and end with the counts."""

import math
import re
from fractions import Fraction

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import layers
from cnncalc.cli import app
from cnncalc.cli.kinds import report_of
from cnncalc.core.cost import Operations
from cnncalc.core.errors import UsageError
from cnncalc.core.shape import Map
from cnncalc.derivations import explain, wording
from cnncalc.formulas.tracing import Traced, expression_of, nearest
from cnncalc.formulas.vocabulary import gcd, least, most, positive_part, ratio, share


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


def test_a_quantity_and_its_unit_are_not_both_named():
    assert "\nparameters: 34,944\n" in run("explain", "alexnet", "conv1", "parameters").stdout
    norm = run("layer", "batch_norm", "64x9x9").stdout
    assert "\nparameters: 128 parameters, 129 in buffers\n" in norm


def test_axes_that_differ_are_explained_separately():
    out = run("explain", "3x7x9-4C3x2s2", "conv1", "shape").stdout
    assert "H_out = ⌊(H_in − F)/S⌋ + 1 = ⌊(7 − 3)/2⌋ + 1 = 3" in out
    assert "W_out = ⌊(W_in − F)/S⌋ + 1 = ⌊(9 − 2)/2⌋ + 1 = 4" in out


def test_groups_share_out_the_channels_without_a_floor():
    out = run("layer", "conv", "8x5x5", "--filters", "4", "--kernel", "3", "--groups", "2").stdout
    assert "F·F·(C_in/G)·C_out = 3·3·(8/2)·4 = 144" in out


def test_one_pixel_and_one_mac_are_in_the_singular():
    spec = {"input": "1x1", "layers": [{"conv": {"filters": 1, "kernel": 1}}]}
    report = cnncalc.summarize(spec)
    macs, field = explain.explain(report.rows[-1], report, ["macs", "receptive-field"])
    assert macs.answer == "1 MAC, 2 FLOPs"
    assert field.answer == "1 pixel; jump 1, start 0; unchanged"


def test_the_receptive_field_shows_how_much_lies_in_the_image():
    """Two 3x3 convolutions see 5 pixels; on a 4x4 image at most 4 of them are there."""
    spec = {
        "input": "1x4x4",
        "layers": [{"conv": {"filters": 1, "kernel": 3, "pad": 1}, "repeat": 2}],
    }
    report = cnncalc.summarize(spec)
    last = explain.explain(report.rows[-1], report, ["receptive-field"])[0]
    assert last.answer.startswith("5×5 pixels, at most 4×4 of them inside the input")
    assert [working.text() for working in last.workings[:2]] == [
        "E = F = 3",
        "r_out = r_in + (E − 1)·j_in = 3 + (3 − 1)·1 = 5",
    ]


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


def test_a_negative_option_value_stays_negative():
    """768·14·14 in two sizes, the last of which is inferred: 14·14 = 196."""
    out = run("layer", "reshape", "768x14x14", "--shape=[768, -1]")
    assert out.exit_code == 0
    assert "768×196" in out.stdout
    assert run("layer", "scale", "384", "--initial=1e-06").exit_code == 0


def test_latex_equations_balance_and_name_the_layer():
    out = run("explain", "vgg16", "conv1_1", "--format", "latex").stdout
    assert out.startswith(
        "% layer conv1_1; needs \\usepackage{amsmath}\n\\paragraph{conv1\\_1}\n\\begingroup"
    )
    assert "\\end{align*}\\endgroup\n\\noindent Symbols: $N$ input size; $F$ kernel size" in out
    assert out.count("{") == out.count("}")
    assert out.count("\\left") == out.count("\\right")
    assert r"\left\lfloor \frac{N - F + 2 \cdot P}{S} \right\rfloor + 1" in out


def test_latex_without_equations_is_a_comment():
    out = run("explain", "vgg16", "relu1", "parameters", "--format", "latex").stdout
    assert out == "% relu1: nothing to compute\n"


def test_markdown_lists_equations_as_code():
    out = run("explain", "vgg16", "fc8", "params", "-f", "markdown").stdout
    assert out.startswith("### fc8 · linear (out_features 1000) · 4096 → 1000\n")
    assert "- `weights = n_in·n_out = 4,096·1,000 = 4,096,000`" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["vgg16", "conv1"], "did you mean 'conv1_1'"),
        (["vgg16", "fc8", "paramters"], "did you mean 'parameters'"),
        (["vgg16", "fc8", "xyz"], "choose from shape, parameters"),
        (["vgg16", "fc8", "-f", "pdf"], "choose from text, markdown, latex"),
        (["resnet18", "layer1", "shape"], "shape is not a sum over layers; name a layer"),
        (["resnet18", "rf"], "receptive-field is not a sum over layers"),
    ],
)
def test_unknown_quantities_and_layers_are_refused(arguments, says):
    result = run("explain", *arguments)
    assert isinstance(result.exception, UsageError)
    assert says in str(result.exception)


def test_one_quantity_is_asked_for_at_a_time():
    for given, quoted in ((["macs"], "['macs']"), (5, "5")):
        with pytest.raises(UsageError) as refused:
            cnncalc.explain("vgg16", "fc8", given)
        message = f"a quantity must be one word, such as 'macs', not {quoted}"
        assert str(refused.value) == message
    with pytest.raises(UsageError, match="has no layer '8'"):
        cnncalc.explain("vgg16", 8)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["conv", "--filters", "3"], "conv needs the shape of its input"),
        (["conv"], "it has --out-channels, --kernel-size, --stride"),
        (["tanh"], "it has no fields"),
        (["conv", "3x8x8", "--filter", "3"], "did you mean --filters"),
        (["convv", "3x8x8"], "no layer kind 'convv'; did you mean 'conv'?"),
        (["relu", "3x8x8", "-f", "xml"], "choose from text, markdown, latex, json"),
        (["add", "3x8x8", "4x8x8"], "cannot add 3×8×8 and 4×8×8"),
    ],
)
def test_an_impossible_layer_is_refused(arguments, says):
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


# Every equation of every example, recomputed from the printed text.

FUNCTIONS = {
    "floor": math.floor,
    "ceil": math.ceil,
    "gcd": lambda a, b: math.gcd(int(a), int(b)),
    "max": max,
    "min": min,
    "Fraction": Fraction,
}
SIGNS = str.maketrans({"−": "-", "·": "*", "⌊": "floor(", "⌈": "ceil(", "⌋": ")", "⌉": ")"})


def evaluated(text):
    """The value of printed arithmetic, in exact fractions."""
    code = re.sub(r"\d+(?:,\d{3})*", lambda n: f"Fraction({n[0].replace(',', '')})", text)
    return eval(code.translate(SIGNS), {"__builtins__": {}}, FUNCTIONS)


def is_arithmetic(text):
    return not set(re.findall(r"[A-Za-z_]+", text)) - {"gcd", "max", "min"}


def terms(text):
    """The symbols and numbers of a formula, in order."""
    found = re.findall(r"[A-Za-z]\w*(?: of the batch| additions)?|\d+", text)
    return [term for term in found if term not in ("gcd", "max", "min")]


def printed_results(text, sizes):
    """The results of all equations in a text, each checked against its own arithmetic: the numbers
    are those of the symbols, as far as these are known, and give what is printed."""
    known = dict(sizes)
    for line in text.splitlines():
        if not line.startswith("  "):
            continue
        first, *sides = line.strip().split("  (")[0].split(" = ")
        names = [first]
        while re.fullmatch("[HWD]_out", sides[0]) and re.fullmatch("[HWD]_out", first):
            names.append(sides.pop(0))
        *sides, result = sides
        value = evaluated(result)
        exact = [side for side in sides if is_arithmetic(side)]
        general = [side for side in sides if not is_arithmetic(side)]
        assert all(evaluated(side) == value for side in exact), line
        for formula, numbers in zip(general, exact or [result], strict=False):
            if exact or formula in known:  # weights = C_in = 64 needs no computation
                same_terms(terms(formula), terms(numbers.replace(",", "")), known, line)
        known |= dict.fromkeys(names, value)
    return known


def same_terms(symbols, numbers, known, line):
    assert len(symbols) == len(numbers), line
    for symbol, number in zip(symbols, numbers, strict=True):
        if symbol.isdecimal():
            assert symbol == number, line
        elif symbol in known:
            assert abs(known[symbol]) == int(number), line


def sizes_of(row):
    """The sizes of inputs and output, under the names that explanations give them."""
    named = {}
    ends = ["in"] if len(row.inputs) == 1 else range(1, len(row.inputs) + 1)
    for end, shape in [*zip(ends, row.inputs, strict=True), ("out", row.output)]:
        letters = ("C", *shape.axes) if isinstance(shape, Map) else ("n",)
        named |= {f"{a}_{end}": n for a, n in zip(letters, shape.dimensions, strict=True)}
    return named


def examples():
    for kind in layers.every():
        for number, example in enumerate(kind.examples):
            yield pytest.param(kind, example, id=f"{kind.kind}-{number}")


@pytest.mark.parametrize(("kind", "example"), [*examples()])
def test_every_number_of_every_example_is_derived(kind, example):
    report = report_of(kind, example)
    row = report.layers[-1]
    sizes = sizes_of(row)
    inputs = {name: size for name, size in sizes.items() if not name.endswith("_out")}

    def shown(quantity):
        (derivation,) = explain.explain(row, report, [quantity])
        text = explain.as_text(row, [derivation], symbols=False)
        # An output's size is known from the shape, wherever else it occurs.
        start = inputs if quantity == "shape" else sizes
        return derivation.answer, printed_results(text, start)

    answer, results = shown("shape")
    if answer.endswith("unchanged"):
        assert row.output == row.inputs[0]
    else:
        first = "in" if len(row.inputs) == 1 else "1"
        for name in (name for name in sizes if name.endswith("_out")):
            found = results.get(name, inputs.get(name.replace("out", first)))
            assert found == sizes[name], name

    answer, results = shown("parameters")
    counts = ("weights", "biases", "params", "buffers", "fixed")
    for name in counts:
        claimed = getattr(example, name)
        assert results.get(name, 0) == getattr(row.cost, name)
        assert claimed is None or results.get(name, 0) == claimed

    answer, results = shown("macs")
    assert results.get("MACs", 0) == row.cost.macs
    assert results.get("FLOPs", 0) == 2 * row.cost.macs
    assert example.macs in (None, results.get("MACs", 0))

    answer, results = shown("operations")
    done = {name: results.get(name, 0) for name in Operations._fields}
    assert Operations(**done) == row.cost.operations
    assert example.operations in (None, Operations(**done))

    answer, results = shown("memory")
    assert results["bytes"] == 4 * row.output.elements
    assert f"{int(results['bytes']):,} B" in answer

    answer, results = shown("receptive-field")
    if not answer.endswith(("unchanged", "no positions")):
        for axis, field in zip(row.inputs[0].axes, row.fields, strict=True):
            symbols = {"r_out": field.size, "j_out": field.jump, "s_out": field.start}
            for name, value in symbols.items():
                assert results.get(name, results.get(f"{name} ({axis})")) == value


@pytest.mark.parametrize("name", ["googlenet", "unet", "resnet18", "densenet121", "lenet5_1998"])
def test_every_equation_of_a_network_holds(name):
    report = cnncalc.summarize(name, batch=3)
    known = set()
    for row in report.layers:
        derivations = explain.explain(row, report)
        for derivation in derivations:
            text = explain.as_text(row, [derivation], symbols=False)
            body = text.partition("\n")[2]
            if body not in known:
                sizes = {} if derivation.quantity == "shape" else sizes_of(row)
                printed_results(text, sizes)
                known.add(body)


@pytest.mark.parametrize(
    ("wrong", "sizes"),
    [
        ("  a = 2·3 = 7", {}),
        ("  a = b = 7", {"b": 8}),
        ("  a = b·C_in = 2·3 = 6", {"C_in": 4}),
        ("  a = ⌊N/2⌋ = ⌊7/2⌋ = 4", {}),
        ("  a = N/2 = 7/3 = 7/3", {}),
        ("  b = 2·2 = 4\n  a = 3·b = 3·5 = 15", {}),
    ],
)
def test_the_check_of_equations_can_fail(wrong, sizes):
    with pytest.raises(AssertionError):
        printed_results(wrong, sizes)


@pytest.mark.parametrize("kind", [*layers.every()], ids=lambda kind: kind.kind)
def test_latex_of_every_kind_is_plain_and_balanced(kind):
    for example in kind.examples:
        report = report_of(kind, example)
        row = report.layers[-1]
        text = explain.as_latex(row, explain.explain(row, report))
        assert text.isascii()
        assert text.count("{") == text.count("}")
        assert text.count("\\left") == text.count("\\right")
        assert text.count("$") % 2 == 0
        words = re.sub(r"\\\w+|_\{\\mathrm\{\w+\}\}|\\_", "", text)
        # Every subscript is one letter or a group.
        assert not re.findall(r"_[^{0-9]", words.partition("align*}")[2])


N, F = Traced.leaf(7, "N"), Traced.leaf(3, "F")


def test_latex_has_every_operator():
    expression = expression_of(-(N - (F + 1)) + -(-N // F) - 2 * (N // F) + share(N, F))
    assert wording.latex(expression, wording.symbols) == (
        r"-\left( N - \left( F + 1 \right) \right) + \left\lceil \frac{N}{F} \right\rceil"
        r" - 2 \cdot \left\lfloor \frac{N}{F} \right\rfloor + \frac{N}{F}"
    )
    expression = expression_of(most([-N, gcd(N, F)]))
    assert wording.latex(expression, wording.symbols) == (
        r"\max\left( -N, \gcd\left( N, F \right) \right)"
    )
    expression = expression_of(nearest(N, F))
    assert wording.latex(expression, wording.symbols) == (
        r"\mathrm{round}\left( \frac{N}{F} \right)"
    )
    expression = expression_of(least([Traced.leaf(-7, "N"), F]))
    assert wording.latex(expression, wording.numbers) == r"\min\left( -7, 3 \right)"


@pytest.mark.parametrize(
    ("name", "set_as"),
    [
        ("C_in", r"C_{\mathrm{in}}"),
        ("r_0", "r_0"),
        ("s_out (H)", r"s_{\mathrm{out}}\ \text{(H)}"),
        ("out_channels", r"\text{out\_channels}"),
        ("MACs of the batch", r"\text{MACs of the batch}"),
        ("F", "F"),
        ("128", "128"),
        ("(−3)", "(-3)"),
    ],
)
def test_symbols_are_written_in_latex(name, set_as):
    assert wording.latex_symbol(name) == set_as


def test_adding_to_zero_leaves_the_number():
    assert 0 + N is N
    assert wording.text(expression_of(5 + N), wording.symbols) == "5 + N"


def test_inputs_with_different_axes_are_reported():
    spec = {
        "input": {"image": "1x4x4", "sound": "1x9"},
        "layers": [
            {"flatten": None, "from": "image", "name": "a"},
            {"flatten": None, "from": "sound", "name": "b"},
            {"concat": None, "from": ["a", "b"], "name": "both"},
            {"linear": 3, "name": "after"},
        ],
    }
    report = cnncalc.summarize(spec)
    found = [
        explain.explain(report[name], report, ["receptive-field"])[0].answer
        for name in ("both", "after")
    ]
    assert found == ["not known; it combines network inputs with different axes", "not known"]


@pytest.mark.parametrize(
    ("number", "symbols", "numbers"),
    [
        (N - (F - 1), "N − (F − 1)", "7 − (3 − 1)"),
        (2 * (N + F), "2·(N + F)", "2·(7 + 3)"),
        (N // F, "⌊N/F⌋", "⌊7/3⌋"),
        (-(N // F), "−⌊N/F⌋", "−⌊7/3⌋"),
        (2 * share(N, F), "2·(N/F)", "2·(7/3)"),
        (share(N * 2, F * 5), "N·2/(F·5)", "7·2/(3·5)"),
        (ratio(N, F), "N/F", "7/3"),
        (share(N, 1), "N", "7"),
        (ratio(N, 1), "N", "7"),
        (gcd(N, 1), "1", "1"),
        (gcd(N, F), "gcd(N, F)", "gcd(7, 3)"),
        (positive_part(N - F), "max(N − F, 0)", "max(7 − 3, 0)"),
        (least([Traced.leaf(-7, "N"), F]), "min(N, F)", "min(−7, 3)"),
        (most([N + F, F]), "max(N + F, F)", "max(7 + 3, 3)"),
        (N - -F, "N + F", "7 + 3"),
        (0 - N, "−N", "−7"),
        (0 - -N, "N", "7"),
        (-N * F, "−N·F", "−7·3"),
        (N * 0, "0", "0"),
        ((N + 1) // F, "⌊(N + 1)/F⌋", "⌊(7 + 1)/3⌋"),
        (-(-N // F), "⌈N/F⌉", "⌈7/3⌉"),
        (-N + F, "−N + F", "−7 + 3"),
        (5 - N, "5 − N", "5 − 7"),
        ((F - 1) + 1, "F", "3"),
        (0 + N * 1 - 0, "N", "7"),
        (N - -2, "N − (−2)", "7 − (−2)"),
    ],
)
def test_expressions_follow_mathematical_style(number, symbols, numbers):
    expression = expression_of(number)
    assert wording.text(expression, wording.symbols) == symbols
    assert wording.text(expression, wording.numbers) == numbers


@pytest.mark.parametrize(
    "words", [["--shape", "-1,4"], ["--shape=-1,4"], ["--shape", "-1x4"], ["--shape=[-1, 4]"]]
)
def test_negative_sizes_can_be_explained(words):
    """8·4·4 numbers in rows of 4: 32 of them."""
    done = run("layer", "reshape", "8x4x4", *words)
    assert done.stdout.startswith("layer · reshape (shape [-1, 4]) · 8×4×4 → 32×4\n")


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "googlenet", "lenet5_1998"])
@pytest.mark.parametrize(
    ("quantity", "count"),
    [
        ("parameters", "params"),
        ("macs", "macs"),
        ("operations", "operations_total"),
        ("memory", "activations_total_bytes"),
    ],
)
def test_a_total_is_the_sum_of_the_terms_shown(name, quantity, count):
    report = cnncalc.summarize(name)
    text = run("explain", name, quantity).stdout
    *terms, rule, result = [line.split() for line in text.splitlines() if line.startswith("    ")]
    assert set("".join(rule)) == {"─"}
    numbers = [int(term[1].replace(",", "")) for term in terms]
    assert sum(numbers) == int(result[1].replace(",", "")) == getattr(report.totals, count)
    assert 0 not in numbers


def test_a_block_is_explained_by_its_layers():
    """The first bottleneck: 64·64, 9·64·64, 64·256 and 64·256 weights, 2·(64 + 64 + 256 + 256)."""
    text = run("explain", "resnet50", "layer1.0", "parameters").stdout
    assert text.startswith("layer1.0 · building_block · 64×56×56 → 256×56×56\n")
    assert "parameters: 75,008 = 75.01 K (73,728 + 640" not in text
    assert re.search(r"^    conv2 +36,864$", text, re.M)
    assert re.search(r"^    downsample +16,896$", text, re.M)
    assert re.search(r"^    sum +75,008$", text, re.M)


def test_a_total_is_written_in_every_format():
    assert "| **sum** | 61,706 |" in run("explain", "lenet5", "params", "-f", "md").stdout
    latex = run("explain", "lenet5", "params", "-f", "latex").stdout
    assert r"sum & 61,706 \\" in latex
    assert latex.count("{") == latex.count("}")


def test_the_name_of_a_network_is_escaped(tmp_path):
    file = tmp_path / "named.yaml"
    file.write_text("name: 'a^b {x} 50%~ <d>'\ninput: 8\nlayers: [{linear: 5}]\n", encoding="utf-8")
    latex = run("explain", str(file), "params", "-f", "latex").stdout
    caption = r"a\textasciicircum{}b \{x\} 50\%\textasciitilde{} \textless{}d\textgreater{}"
    assert rf"\caption{{{caption}: parameters}}\\" in latex
    markdown = run("explain", str(file), "params", "-f", "md").stdout
    assert markdown.startswith(r"### a^b {x} 50%\~ \<d\> · 8 → 5")


def test_the_name_of_a_layer_is_escaped(tmp_path):
    file = tmp_path / "named.yaml"
    layers = "[{linear: 5, name: _a_}, {linear: 5, name: _b_}]"
    file.write_text(f"input: 8\nlayers: {layers}\n", encoding="utf-8")
    assert r"| \_a\_ | 45 |" in run("explain", str(file), "params", "-f", "md").stdout
    assert run("explain", str(file), "_a_", "-f", "md").stdout.startswith(r"### \_a\_ · linear")


def test_a_total_of_zero_has_no_terms():
    text = run("explain", "1x4x4-MP2").stdout
    assert "parameters: 0\n\nmacs: 0\n\noperations: 12" in text
    markdown = run("explain", "1x4x4-MP2", "-f", "md").stdout
    assert "**parameters**: 0\n\n**macs**: 0\n\n**operations**: 12" in markdown


def test_equations_without_symbols_need_no_legend():
    report = cnncalc.summarize("1x4x4-MP2")
    assert "symbols" not in explain.as_markdown(report.layers[0], [])


@pytest.mark.parametrize("kind", [*layers.every()], ids=lambda kind: kind.kind)
def test_every_symbol_has_a_meaning(kind):
    """Every single letter has one; longer names are words."""
    for example in kind.examples:
        report = report_of(kind, example)
        row = report.layers[-1]
        text = explain.as_text(row, explain.explain(row, report))
        equations, _, legend = text.partition("\nsymbols:\n")
        letters = set(re.findall(r"(?<![\w.])([A-Za-z])(?:_\w+)?(?![\w(])", _formulas(equations)))
        assert letters <= {line.split()[0] for line in legend.splitlines()}


def _formulas(text):
    return "\n".join(line.split("  (")[0] for line in text.splitlines() if line.startswith("  "))


def test_the_depth_of_a_volume_is_not_its_dilation():
    out = run("layer", "conv", "1x8x8x8", "--filters", "2", "-k", "3", "-d", "2", "-p", "1").stdout
    assert re.search("\n  D +dilation\n  D with an index  depth\n", out)
    latex = run(
        "layer", "conv", "1x8x8x8", "--filters", "2", "-k", "3", "-d", "2", "-f", "latex"
    ).stdout
    assert "$D$ dilation; $D$ with an index depth;" in latex


@pytest.mark.parametrize(
    ("layer", "meanings"),
    [
        (
            {"pixel_shuffle": 2},
            ["r  side of a block of pixels", "r with an index  receptive field"],
        ),
        (
            {"space_to_depth": 2},
            ["r  side of a block of pixels", "r with an index  receptive field"],
        ),
        ({"local_response_norm": 5}, ["n  values normalized together"]),
        ({"linear": 3}, ["n  features"]),
        ({"max_pool": 2}, ["r  receptive field"]),
    ],
)
def test_a_letter_with_two_meanings_is_explained_as_it_is_used(layer, meanings):
    report = cnncalc.summarize({"input": "4x8x8", "layers": [layer]})
    row = report.layers[-1]
    legend = explain.as_text(row, explain.explain(row, report)).partition("symbols:")[2]
    lines = [re.sub("  +", "  ", line.strip()) for line in legend.splitlines()]
    assert [line for line in lines if line[:1] == meanings[0][0]] == meanings


def test_long_equations_are_broken_in_latex():
    """One line for each step, and one for the note, so that they fit the page."""
    out = run("layer", "group_norm", "64x56x56", "--groups", "32", "-f", "latex").stdout
    lines = out.partition("align*}")[2].splitlines()
    assert max(map(len, lines)) <= 170
    assert "  &= 802{,}784 \\\\" in lines
    out = run(
        "layer", "conv_transpose", "64x8x8", "--filters", "4", "-k2", "-s2", "-f", "latex"
    ).stdout
    assert re.search(r"^  &\\quad\\text\{\(at most", out, re.M)


def test_a_sum_of_short_names_is_aligned():
    text = run("explain", "resnet50", "layer1", "params").stdout
    assert "    0     75,008\n" in text
    assert "    sum  215,808\n" in text


def test_a_deformable_convolution_explains_its_padding():
    layer = layers.load("deform_conv").parse({"filters": 4, "kernel": 3, "padding": "same"})
    inputs = (Map(2, (5, 5)), Map(18, (5, 5)))
    found = [one.text() for one in explain.sizes(layer, inputs)]
    assert found[-1] == "P_after = P_total − P_before = 2 − 1 = 1"


def test_a_frame_of_a_clip_has_its_own_symbol():
    layer = {"time_distributed": {"layer": {"linear": 8}}}
    report = cnncalc.summarize({"input": "3x10x4x4", "layers": [layer]})
    (found,) = cnncalc.explain(report, "time_distributed1", "macs")
    assert [one.text() for one in found.workings][:2] == [
        "MACs_frame = C_in·H_in·W_in·n_out = 3·4·4·8 = 384",
        "MACs = MACs_frame·D_in = 384·10 = 3,840",
    ]


def test_the_field_of_one_of_several_inputs_is_not_cut_off_at_another():
    spec = {
        "input": {"a": "3x8x8", "b": "3x64x64"},
        "layers": [{"conv": {"filters": 4, "kernel": 21}, "name": "c", "from": "b"}],
    }
    (found,) = cnncalc.explain(spec, "c", "receptive-field")
    assert found.answer == "21×21 pixels; jump 1, start 0"


def test_operations_that_a_batch_needs_only_once_are_those_of_the_batch():
    learned = {"parameter": {"shape": 8, "macs": 100, "params": 20}, "name": "p"}
    spec = {"input": "8", "layers": [learned, {"add": None, "from": ["input", "p"]}]}
    (found,) = cnncalc.explain(cnncalc.summarize(spec, batch=4), "p", "operations")
    assert found.answer == "100 multiplications, 100 additions for a batch of 4"
    (added,) = cnncalc.explain(cnncalc.summarize(spec, batch=4), "add1", "operations")
    assert added.answer.endswith(" for each image")
