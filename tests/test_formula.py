"""Formulas of networks: worked by hand, and at every value exactly what summarize gives."""

import json
from contextlib import suppress
from random import Random

import pytest
import sympy
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.analysis.explore import algebra, symbols
from cnncalc.analysis.explore.algebra import Written
from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.formulas.recorded import Recording
from cnncalc.formulas.vocabulary import least, most
from cnncalc.layers.conv import Conv


def run(*words, code=0):
    done = CliRunner().invoke(cli.app, ["formula", *words], terminal_width=80)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout


H, W, batch = sympy.symbols("H W batch", positive=True, integer=True)


def test_a_convolution_is_worked_by_hand():
    found = cnncalc.formula("3x32x32-10C5", "macs", ["input", "batch"])
    # 10 filters of 5·5·3 at each of (H − 4)(W − 4) positions of every image.
    assert sympy.expand(found.expression - 750 * batch * (H - 4) * (W - 4)) == 0
    assert found.usual == {"H": 32, "W": 32, "batch": 1}
    assert found.at(H=28, W=30, batch=2) == 750 * 2 * 24 * 26


def test_a_size_is_rounded_as_a_window_moves():
    found = cnncalc.formula("3x224x224-8C7s2p3-MP3s2p1", "activations")
    # The input, then ⌈H/2⌉ with stride 2, then ⌈H/4⌉ = ⌈⌈H/2⌉/2⌉, in float32.
    halved = sympy.ceiling(H / 2) * sympy.ceiling(W / 2)
    quartered = sympy.ceiling(H / 4) * sympy.ceiling(W / 4)
    assert found.expression == 4 * (3 * H * W + 8 * halved + 8 * quartered)


def test_the_parameters_of_a_layer_are_a_polynomial():
    net = {"input": "3x8x8", "parameters": {"n": 4}, "layers": [
        {"conv": {"out_channels": "$n", "kernel_size": 3}},
        {"conv": {"out_channels": "${2 * n}", "kernel_size": 1, "bias": False}}]}  # fmt: skip
    n = sympy.Symbol("n", positive=True, integer=True)
    found = cnncalc.formula(net, "params", ["n"])
    assert found.expression == 27 * n + n + 2 * n**2
    assert found.growth == {"n": (8 * 28 + 2 * 64) / (4 * 28 + 2 * 16)}
    assert str(found) == "Parameters = 2·n² + 28·n"
    assert found.latex() == (
        "\\begin{align*}\n\\text{Parameters} &= 2 n^{2} + 28 n\n\\end{align*}"
    )  # fmt: skip


NETWORKS = [
    ("resnet50", "macs", ["input", "batch"], {"H": (40, 500), "W": (40, 500), "batch": (1, 99)}),
    ("mobilenet_v2", "params", ["width"], {"width": (100, 2000)}),
    ("mobilenet_v2", "macs", ["width", "input"],
     {"width": (100, 2000), "H": (40, 500), "W": (40, 500)}),
    ("vgg16", "memory", ["batch"], {"batch": (1, 1000)}),
    ("squeezenet1_0", "peak", ["classes"], {"classes": (1, 9999)}),
    ("lenet5", "rf", ["batch"], {"batch": (1, 9)}),
]  # fmt: skip
KINDS = [f"{name} {quantity}" for name, quantity, *_ in NETWORKS]


def exact(name, quantity, values):
    options = {"batch": values.get("batch", 1)}
    if "H" in values:
        options["input"] = [3, values["H"], values["W"]]
    options["settings"] = {k: v for k, v in values.items() if k in ("width", "classes")}
    totals = (report := cnncalc.summarize(name, **options)).totals
    known = {"memory": "training_peak", "peak": "inference_peak"}
    if quantity == "rf":
        return max(report.outputs[-1].receptive_field)
    return getattr(totals, known.get(quantity, quantity))


def check(name, quantity, names, bounds, points, symbolic):
    found = cnncalc.formula(name, quantity, names)
    random = Random(points)
    for number in range(points):
        values = {one: random.randint(*span) for one, span in bounds.items()}
        if "width" in values:
            values["width"] /= 1000
        if number:
            values = {one: random.choice([n, found.usual[one]]) for one, n in values.items()}
        right = exact(name, quantity, values)
        assert found.at(**values) == right
        if number < symbolic:
            assert substituted(found, values) == right


def substituted(found, values):
    """The value of the written expression."""
    rational = {one: sympy.Rational(str(n)) for one, n in values.items()}
    known = {symbol: rational[str(symbol)] for symbol in found._written.symbols.values()}
    for symbol, one in found.definitions.items():
        known[symbol] = sympy.sympify(one).subs(known)
    return found.expression.subs(known)


@pytest.mark.parametrize("case", NETWORKS, ids=KINDS)
def test_a_formula_gives_what_summarize_gives(case):
    check(*case, points=8, symbolic=4)


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", NETWORKS, ids=KINDS)
def test_a_formula_gives_what_summarize_gives_at_a_thousand_points(case):
    check(*case, points=1_000, symbolic=100)


MANY = {
    "densenet121": {"H": (61, 400), "W": (61, 400), "growth": (8, 64), "classes": (1, 2000)},
    "efficientnet_b0": {"H": (33, 500), "W": (33, 500), "classes": (1, 2000)},
    "googlenet": {"H": (223, 254), "W": (223, 254), "classes": (1, 2000)},
    "inception_v3": {"H": (107, 500), "W": (107, 500), "classes": (1, 2000)},
    "mobilenet_v1": {"H": (1, 500), "W": (1, 500), "width": (100, 2000), "classes": (1, 2000)},
    "mobilenet_v2": {"H": (33, 500), "W": (33, 500), "width": (100, 2000), "classes": (1, 2000)},
    "resnet50": {"H": (33, 500), "W": (33, 500), "classes": (1, 2000)},
    "shufflenet_v2_x1_0": {"H": (217, 224), "W": (217, 224), "c5": (1, 2000)},
    "unet": {"H": (572, 587), "W": (572, 587), "classes": (1, 99)},
}
COSTS = {"params": "params", "macs": "macs", "peak": "inference_peak", "memory": "training_peak"}


@pytest.mark.exhaustive
@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("name", MANY)
def test_every_cost_is_what_summarize_gives_at_thousands_of_points(name, first):
    """Formulas made at batch 1 and 2, because PyTorch may lay out one image differently. Where one
    says that it does not hold, nothing is compared; every formula must hold at most points."""
    bounds, random = {**MANY[name], "batch": (1, 64)}, Random(first)
    names = ["input", *(one for one in bounds if one not in ("H", "W"))]
    found = {cost: cnncalc.formula(name, cost, names, batch=first) for cost in COSTS}
    written = cnncalc.formula(name, "memory", ["batch"], batch=first)
    agreeing = dict.fromkeys(COSTS, 0)
    for number in range(60):
        values = {one: random.randint(*span) for one, span in bounds.items()}
        if "width" in values:
            values["width"] /= 1000
        if first == 1 and found["memory"].domain().endswith("batch = 1"):
            values["batch"] = 1
        totals = totals_of(name, values)
        for cost, field in COSTS.items():
            with suppress(UsageError):  # the structure is another
                assert found[cost].at(**values) == getattr(totals, field), (cost, values)
                agreeing[cost] += 1
        if number < 20 and not written.domain().endswith("batch = 1"):
            batch = {"batch": max(values["batch"], first)}
            assert substituted(written, batch) == totals_of(name, batch).training_peak
    assert min(agreeing.values()) >= 30


def totals_of(name, values):
    size = {"input": [3, values["H"], values["W"]]} if "H" in values else {}
    if name == "unet" and size:
        size["input"][0] = 1
    settings = {one: n for one, n in values.items() if one not in ("H", "W", "batch")}
    return cnncalc.summarize(name, batch=values["batch"], settings=settings, **size).totals


def test_a_maximum_has_only_what_may_be_largest():
    recording = Recording()
    x, y = (recording.variable(name, 3, (1, 10**9)) for name in "xy")
    X, Y = sympy.symbols("x y", positive=True, integer=True)

    def written(result, per=None):
        return Written(result, ["x", "y"], per or {}).expression

    assert written(most((x + 1, 2 * x))) == 2 * X  # because x is at least 1
    assert written(least((x + 1, 2 * x))) == X + 1
    assert written(most((x + 5, 2 * x))) == sympy.Max(X + 5, 2 * X)
    assert written(most((3 * x, x + 5, 2 * x))) == sympy.Max(3 * X, X + 5)
    assert written(most((6 * x, 4 * y))) == 2 * sympy.Max(3 * X, 2 * Y)
    assert written(most(((x - 3) // 2, x - x))).subs(X, 1) == 0  # rounded down to -1
    decimal = sympy.Symbol("x", positive=True, integer=False)
    assert written(most((x, y - y + 1)), {"x": 10}) == sympy.Max(10 * decimal, 1)


def test_a_maximum_of_very_many_sums_is_not_written(monkeypatch):
    monkeypatch.setattr(algebra, "MOST", 3)
    found = cnncalc.formula("vgg16", "memory", ["batch"])
    assert found.at(batch=2) == exact("vgg16", "memory", {"batch": 2})
    with pytest.raises(
        UsageError, match="maximum or minimum of more than 3 sums; name fewer variables"
    ):
        str(found)


def test_memory_is_another_formula_where_pytorch_lays_out_one_image_differently():
    for first in (1, 2):
        found = cnncalc.formula("googlenet", "memory", ["batch"], batch=first)
        assert found.at(batch=first) == exact("googlenet", "memory", {"batch": first})
        with pytest.raises(UsageError, match="has a different structure with batch"):
            found.at(batch=3 - first)
    assert found.domain() == "the formula holds for batch ≥ 2"
    assert substituted(found, {"batch": 7}) == exact("googlenet", "memory", {"batch": 7})


def test_memory_is_one_formula_for_all_batches_of_maps_with_channels_last():
    spec = {"input": "3x8x8", "layers": [{"layer_norm": "channels"}, "gelu"]}
    found = cnncalc.formula(spec, "memory", ["batch"])
    assert found.domain() == "no limits of the formula were found"
    assert found.at(batch=5) == exact(spec, "memory", {"batch": 5})


def test_a_limit_beyond_the_values_that_were_tried_is_not_denied():
    layers = [
        {"conv": {"filters": "$width", "kernel": 3}},
        {"relu": None, "when": "${width > 3000}"},
    ]
    spec = {"input": "3x8x8", "parameters": {"width": 8}, "layers": layers}
    found = cnncalc.formula(spec, "layers", ["width"])
    assert found.remarks()[0] == "No limits of the formula were found."
    with pytest.raises(
        UsageError, match=r"^the network has a different structure with width=6000$"
    ):
        found.at(width=6000)


def test_a_formula_holds_where_the_structure_stays():
    found = cnncalc.formula("resnet50", "params", ["n1"])
    assert found.domain() == "the formula holds for n1 = 3"
    assert found.remarks() == ["The formula holds for n1 = 3."]  # says nothing about n1=6
    with pytest.raises(UsageError, match="the network has a different structure with n1=4"):
        found.at(n1=4)
    kernel = {"input": "3x8x8", "parameters": {"k": 3}, "layers": [
        {"conv": {"out_channels": 2, "kernel_size": "$k"}}]}  # fmt: skip
    assert cnncalc.formula(kernel, "macs", ["k"]).domain() == "the formula holds for k ≤ 8"
    wide = {"input": "3x32x32", "parameters": {"w": 0.5}, "layers": [
        {"conv": {"out_channels": 2, "kernel_size": "${ceil(20 * w)}"}}]}  # fmt: skip
    found = cnncalc.formula(wide, "macs", ["w"])
    assert found.domain() == "the formula holds for w ≤ 1.6"  # 20·1.6 = 32
    assert found.at(w=0.1) == 2 * 3 * (2 * 2) * (31 * 31)


def test_equal_sizes_may_become_different():
    found = cnncalc.formula("3x32x32-8C3s2-MP2-4C3", "macs", ["input"])
    # The axes are equal only by chance: 8·27 at ⌊(N − 1)/2⌋ places, then 4·72 at ⌊(N − 1)/4⌋ − 2.
    assert found.domain() == "the formula holds for H ≥ 13 and W ≥ 13"
    for H, W in ((64, 64), (64, 32), (32, 100)):
        first, second = (H - 1) // 2 * ((W - 1) // 2), ((H - 1) // 4 - 2) * ((W - 1) // 4 - 2)
        assert found.at(H=H, W=W) == 216 * first + 288 * second
        assert found.at(H=H, W=W) == exact("3x32x32-8C3s2-MP2-4C3", "macs", {"H": H, "W": W})
    found = cnncalc.formula("resnet50", "macs", ["input", "batch"])
    assert found.domain() == "the formula holds for H ≥ 33 and W ≥ 33"
    assert found.at(H=256) == exact("resnet50", "macs", {"H": 256, "W": 224})


def test_some_symbols_may_have_values():
    found = cnncalc.formula("resnet50", "macs", ["input", "batch"], at={"H": 224, "W": 224})
    assert found.expression == cnncalc.summarize("resnet50").totals.macs * batch
    number = cnncalc.formula("lenet5", "params", ["batch"], at={"batch": 3})
    assert number.expression == cnncalc.summarize("lenet5").totals.params
    assert number.remarks() == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("lenet5", "params", ["bacth"]), "no parameter 'bacth'; did you mean 'batch'"),
        (("lenet5", "parms", ["batch"]), "did you mean 'params'"),
        (("lenet5", "params", ["dtype"]), "'dtype' is 'float32', which is not a number"),
        (("resnet50", "params", ["v1"]), "'v1' is false, which is not a number"),
        (("8-2N", "params", ["input"]), "the network has one input, a feature map"),
    ],
)
def test_what_has_no_formula_is_refused(given, says):
    with pytest.raises(UsageError, match=says):
        cnncalc.formula(*given)


def test_values_that_do_not_fit_are_refused():
    found = cnncalc.formula("mobilenet_v2", "params", ["width"])
    for width in (0, 0.00001, 10**10, "wide", "1/0"):
        says = f"width must be a multiple of 0.0001 from 0.0001 to 100,000, not {width}"
        with pytest.raises(UsageError, match=says):
            found.at(width=width)
    says = "batch must be a whole number from 1 to 1,000,000,000, not 0.5"
    with pytest.raises(UsageError, match=says):
        cnncalc.formula("lenet5", "macs", "batch").at(batch=0.5)
    with pytest.raises(UsageError, match="has no 'depth'; it has width"):
        found.at(depth=3)
    with pytest.raises(UsageError, match="the formula has no symbol 'depth'"):
        cnncalc.formula("mobilenet_v2", "params", ["width"], at={"depth": 3})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("H=2.5", "--at: H must be a whole number of at least 1, not 2.5"),
        ("H=0", "--at: H must be a whole number of at least 1, not 0"),
        ("H=abc", "--at: H must be a whole number of at least 1, not 'abc'"),
        ("H=8,W=8", "--at: H must be a number, not '8,W=8'; repeat --at for each variable"),
    ],
)
def test_a_value_that_is_not_a_size_is_refused(words, says):
    with pytest.raises(UsageError) as refused:
        run("lenet5", "macs", "--at", words)
    assert str(refused.value) == says
    with pytest.raises(UsageError, match="at: width must be a number, not 'wide'"):
        cnncalc.formula("mobilenet_v2", "params", ["width"], at={"width": "wide"})


def test_a_quantity_may_be_named_as_in_explain():
    assert run("lenet5", "parameters") == run("lenet5", "params")


def test_an_unknown_quantity_has_no_formula():
    opaque = {"input": "3x8x8", "layers": [{"opaque": {"output": "3x8x8"}}]}
    with pytest.raises(UsageError, match="'macs' is not known"):
        cnncalc.formula(opaque, "macs", ["batch"])


def test_the_command_writes_every_format():
    text = run("1x8x8-4C3", "macs", "--in", "input,batch")
    assert text.splitlines()[1:] == [
        "The formula holds for H ≥ 3 and W ≥ 3.",
        # 36·14·14 for 36·6·6
        "Doubling H and W multiplies the MACs by 5.44.",
        "Doubling the batch size multiplies the MACs by 2.00.",
    ]
    assert run("1x8x8-4C3", "-f", "latex", "--at", "H=8").startswith(
        "\\begin{align*}\n\\text{MACs} &= 216 W - 432"
    )
    data = json.loads(run("1x8x8-4C3", "-f", "json", "--in", "batch"))
    assert data["expression"] == "1296*batch"
    assert data["symbols"] == {"batch": 1}
    assert run("mobilenet_v2", "params", "--in", "width") == run(
        "mobilenet_v2", "params", "--in", "width"
    )


def test_the_command_needs_sympy(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="needs SymPy; install it with pip"):
        run("lenet5")


def test_the_steps_of_a_decimal_do_not_show():
    assert str(symbols.STEPS) not in str(cnncalc.formula("mobilenet_v2", "params", ["width"]))


def test_only_so_many_values_are_tried_to_see_where_a_formula_holds():
    # A convolution of 3 fits maps of at least 3 pixels, but nobody waits for 10⁹ of them.
    spec = {"input": "1x1000000000x5", "layers": [{"conv": {"filters": 1, "kernel": 3}}]}
    found = cnncalc.formula(spec, "macs", ["input"])
    assert found.domain() == "the formula holds for H ≥ 999998977 and W ≥ 3"
    assert found.at(H=10**9, W=5) == 9 * (10**9 - 2) * 3


CFG = """[net]
channels=3
height=8
width=8
[convolutional]
filters=4
size=3
activation=linear
"""


def test_a_formula_in_the_input_needs_a_spec(tmp_path):
    (tmp_path / "a.cfg").write_text(CFG)
    with pytest.raises(UsageError, match="a formula in 'input' needs a spec"):
        cnncalc.formula(tmp_path / "a.cfg", "macs", ["input"])
    found = cnncalc.formula(tmp_path / "a.cfg", "macs", ["batch"])
    assert found.at(batch=2) == 2 * 4 * 27 * 36


def test_a_mistake_of_the_spec_comes_before_its_formula():
    with pytest.raises(CnncalcError, match="whole numbers"):
        cnncalc.formula({"input": [["relu"]], "layers": ["relu"]}, "macs", ["input"])


def test_a_formula_can_take_the_smaller_of_two_numbers():
    conv = {"conv": {"filters": "${min(width, 5)}", "kernel": 1}}
    spec = {"input": "3x8x8", "parameters": {"width": 2}, "layers": [conv]}
    found = cnncalc.formula(spec, "macs", ["width"])
    assert found.at(width=4) == 4 * 3 * 64
    assert "MACs = " in str(found)


def test_a_slice_has_a_formula_for_all_sizes():
    conv = {"conv": {"filters": 4, "kernel": 3}}
    layers = [{"slice": {"start": 1, "stop": 9, "along": "height"}}, conv]
    found = cnncalc.formula({"input": "3x16x16", "layers": layers}, "macs", ["input"])
    assert found.at(H=20, W=30) == 4 * 3 * 3 * 3 * 6 * 28


def test_a_number_that_became_text_is_fixed(monkeypatch):
    output = Conv.output

    def written(self, x):
        assert str(x.spatial[0])
        return output(self, x)

    monkeypatch.setattr(Conv, "output", written)
    found = cnncalc.formula(
        {"input": "1x8x8", "layers": [{"conv": {"K": 1, "F": 1}}]}, "macs", ["input"]
    )
    assert found.at(H=8, W=9) == 72
    with pytest.raises(UsageError, match="H = 8"):
        found.at(H=9, W=9)


def test_what_is_not_modelled_has_no_formula():
    normed = {"input": "3x8x8", "layers": [{"rms_norm": "channels"}]}
    with pytest.raises(UsageError, match="'memory' is not known: "):
        cnncalc.formula(normed, "memory", ["batch"])


def test_only_the_axes_that_are_symbols_are_doubled():
    """36·6·14 for 36·6·6, at H = 8; the MACs at H = 3 are 36·1·6."""
    for height in (8, 3):
        found = cnncalc.formula("1x8x8-4C3", "macs", at={"H": height})
        assert found.growth == {"input": 14 / 6}
        assert found.remarks()[-1] == "Doubling W multiplies the MACs by 2.33."
    found = cnncalc.formula("1x8x8x8-4C3", "macs", at={"D": 8, "H": 8, "W": 8})
    assert found.growth == {}
    assert found.remarks() == []


def test_growth_names_every_axis():
    found = cnncalc.formula("1x4x4x4-4C1", "macs")
    assert found.remarks()[-1] == "Doubling D, H and W multiplies the MACs by 8.00."


def test_growth_is_unknown_where_a_doubled_value_gives_no_network():
    evaluate = {4: {"macs": 3}, 8: "no network"}
    assert symbols._growth(lambda given: evaluate[given["n"]], "macs", {"n": 4}, {"n": 8}) is None
