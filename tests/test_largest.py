"""The largest value of a parameter within a budget, compared with trying every value."""

import json
from random import Random

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.analysis.explore import largest as search
from cnncalc.analysis.explore.sweep import values_of
from cnncalc.api import exploring
from cnncalc.core.errors import UsageError

ROUNDED = {
    "input": "3x16x16",
    "parameters": {"width": 1.0, "depth": 1, "kernel": 3},
    "layers": [
        {"conv": {"out_channels": "${round_to(32 * width, 8)}", "kernel_size": "$kernel"}},
        {"conv": {"out_channels": "${round_to(24 * width, 8)}", "kernel_size": 1}, "name": "m",
         "repeat": "$depth"},
        "global_avg_pool",
        {"linear": 10},
    ],
}  # fmt: skip


COSTS = [("memory", "training_peak"), ("peak", "inference_peak"), ("macs", "macs"),
         ("params", "params")]  # fmt: skip


def solve(*words, code=0):
    done = CliRunner().invoke(cli.app, ["solve", *words], terminal_width=80)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def brute_force(spec, name, values, budgets):
    """The largest of some values that fits."""
    quantities = cnncalc.sweep(spec, {name: values}, show=[*budgets]).points
    fitting = [
        point
        for point in quantities
        if all(point.quantities[key] <= limit for key, limit in budgets.items())
    ]
    return fitting[-1].values[name] if fitting else None


@pytest.mark.parametrize("budget", [150_000, 400_000])
def test_the_largest_width_is_that_of_brute_force(budget):
    found = cnncalc.largest(ROUNDED, "width", {"macs": budget})
    assert found.within.value == brute_force(ROUNDED, "width", "0.01:2:0.01", {"macs": budget})
    assert found.within.quantities["macs"] <= budget < found.beyond.quantities["macs"]
    assert round(found.beyond.value - found.within.value, 2) == 0.01


SEARCHED = {
    "densenet121": {"growth": "4:64:4", "batch": "1:20"},
    "efficientnet_b0": {"width": "0.5:2:0.1", "batch": "1:20"},
    "googlenet": {"input": "224:512:32", "batch": "1:20"},
    "inception_v3": {"input": "96:416:32", "batch": "1:20"},
    "mobilenet_v1": {"width": "0.1:2:0.1", "batch": "1:20"},
    "mobilenet_v2": {"width": "0.1:2:0.1", "input": "32:384:32"},
    "resnet50": {"input": "32:384:32", "batch": "1:20"},
    "shufflenet_v2_x1_0": {"c5": "100:2000:100", "input": "32:384:32"},
    "unet": {"batch": "1:20"},
}
BUDGETS = 64


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SEARCHED)
def test_a_thousand_searches_find_what_summarize_gives(name, monkeypatch):
    """The largest value, the next one and their costs, for random budgets between the costs of the
    smallest and the largest of some values. Every configuration is summarized only once."""
    known, random = {}, Random(1)

    def once(target, **options):
        key = repr(options)
        if key not in known:
            known[key] = cnncalc.summarize(target, **options)
        return known[key]

    monkeypatch.setattr(exploring, "summarize", once)
    for parameter, span in SEARCHED[name].items():
        step = span.split(":")[2] if span.count(":") == 2 else "1"
        totals = {}
        for value in values_of(span):
            options = {"input": {"input": [3, value, value]}, "batch": {"batch": value}}
            given = options.get(parameter, {"settings": {parameter: value}})
            totals[value] = cnncalc.summarize(name, **given).totals
        for number in range(BUDGETS):
            cost, field = COSTS[number % (3 if parameter in ("input", "batch") else 4)]
            costs = {value: getattr(one, field) for value, one in totals.items()}
            if len({*costs.values()}) == 1:
                continue
            budget = random.randint(min(costs.values()), max(costs.values()) - 1)
            found = cnncalc.largest(name, parameter, {cost: budget}, step=step)
            best = max(value for value, one in costs.items() if one <= budget)
            beyond = min(value for value in costs if value > best)
            assert found.within == (best, {cost: costs[best]})
            assert found.beyond == (beyond, {cost: costs[beyond]})


def test_drops_of_the_cost_are_not_missed():
    def cost(at):
        return {"macs": 10 * at["n"] - 30 * (at["n"] % 7 == 0)}

    for budget in (95, 105, 130, 1_000, 9_990):
        found = search.largest(cost, "n", {"macs": budget}, search.Fraction(1), False)
        best = max(n for n in range(1, 2_000) if cost({"n": n})["macs"] <= budget)
        assert found.within.value == best
        assert found.tried < 1_000


@pytest.mark.parametrize("steady", [True, False])
@pytest.mark.parametrize("most", [1, 5, 64, 100, 700])
def test_a_cost_that_stops_growing_over_the_budget_gives_the_largest_that_fits(most, steady):
    def cost(at):
        return {"macs": 24_300 * min(at["n"], most)}

    for budget in range(24_300, 24_300 * most, max(24_300 * most // 50, 1)):
        found = search.largest(cost, "n", {"macs": budget}, search.Fraction(1), steady)
        best = max(n for n in range(1, 1_000) if cost({"n": n})["macs"] <= budget)
        assert found.within == (best, cost({"n": best}))
        assert found.beyond == (best + 1, cost({"n": best + 1}))
    for budget in (24_300 * most, 24_300 * most + 1):
        level = next(2**power for power in range(11) if 2**power >= most)
        says = f"ended at n=1048576, which still fits; the cost is the same from n={level} on"
        with pytest.raises(UsageError, match=says):
            search.largest(cost, "n", {"macs": budget}, search.Fraction(1), steady)


@pytest.mark.parametrize("steady", [False, True])
def test_a_cost_that_may_reach_the_budget_gets_a_larger_step(steady):
    says = "ended at n=1048576, which still fits; a larger step may reach the budget"
    with pytest.raises(UsageError, match=says):
        search.largest(
            lambda at: {"macs": at["n"]}, "n", {"macs": 2**20}, search.Fraction(1), steady
        )


@pytest.mark.parametrize("budget", [30, 300, 2_000])
def test_a_cost_that_falls_has_no_largest_value(budget):
    def cost(at):
        return {"params": 28 * max(100 - at["n"], 1)}

    says = "n=1048576, which still fits; the cost falls as n grows, so there is no largest value"
    with pytest.raises(UsageError, match=says):
        search.largest(cost, "n", {"params": budget}, search.Fraction(1), steady=False)
    none = search.largest(cost, "n", {"params": 27}, search.Fraction(1), steady=False)
    assert none.within is None


def test_invalid_values_are_skipped():
    spec = {"input": "4x8x8", "parameters": {"n": 8}, "layers": [
        {"conv": {"out_channels": "$n", "kernel_size": 1, "groups": 4}}]}  # fmt: skip
    found = cnncalc.largest(spec, "n", {"params": 45})
    assert (found.within.value, found.beyond.value) == (20, 24)  # n weights and n biases
    assert found.within.quantities["params"] == 40


def test_the_smallest_values_may_be_invalid():
    net = {"input": "1x4x4", "parameters": {"n": 12}, "layers": [
        {"conv": {"out_channels": "$n", "kernel_size": 1, "groups": 1}, "name": "wide"},
        {"conv": {"out_channels": 3, "kernel_size": "${n - 2}", "padding": "same", "groups": 3,
                  "bias": False}}]}  # fmt: skip
    # n = 3, 6, 9, … : n weights and n biases, and (n − 2)² weights for each of n inputs
    costs = {n: 2 * n + n * (n - 2) ** 2 for n in range(3, 60, 3)}
    for budget in (*range(9, 200, 7), *range(200, 9_000, 400)):
        found = cnncalc.largest(net, "n", {"params": budget})
        best = max(n for n, cost in costs.items() if cost <= budget)
        assert found.within == (best, {"params": costs[best]})
        assert found.beyond.value == best + 3
    found = cnncalc.largest(net, "n", {"params": 8})
    assert (found.within, found.beyond) == (None, (3, {"params": 9}))


def test_a_number_of_bytes_needs_no_unit():
    image = cnncalc.summarize("lenet5").totals.inference_peak
    assert cnncalc.largest("lenet5", "batch", {"peak": 3 * image}).within.value == 3


def test_several_budgets_hold_at_once():
    budgets = {"macs": 200_000, "params": 1_000}
    found = cnncalc.largest(ROUNDED, "width", budgets)
    assert found.within.value == brute_force(ROUNDED, "width", "0.01:2:0.01", budgets)


def test_the_largest_batch_is_that_of_the_memory_command():
    from cnncalc.footprint.budget import fit

    report = cnncalc.summarize("lenet5")
    budget = 10_000_000
    found = cnncalc.largest("lenet5", "batch", {"memory": budget})
    assert found.within.value == fit(report, budget).batch
    assert found.beyond.value == found.within.value + 1


def test_the_input_can_grow_to_a_multiple_of_its_cost():
    found = cnncalc.largest("resnet18", "input", {"macs": "2x"}, step=32)
    at = found.within.value
    assert at % 32 == 0
    double = 2 * cnncalc.summarize("resnet18").totals.macs
    assert found.budgets == {"macs": double}
    assert cnncalc.summarize("resnet18", input=[3, at, at]).totals.macs <= double
    more = cnncalc.summarize("resnet18", input=[3, at + 32, at + 32])
    assert more.totals.macs == found.beyond.quantities["macs"] > double


def test_repeats_stop_at_the_most_layers():
    found = cnncalc.largest(ROUNDED, "depth", {"layers": 100})
    assert found.within.value == 96  # and a convolution, a pool, a flatten and a linear layer


def test_the_largest_valid_value_has_nothing_beyond():
    found = cnncalc.largest(ROUNDED, "kernel", {"macs": "1G"})
    assert found.within.value == 16  # the size of the input
    assert found.beyond is None


def test_a_budget_that_nothing_fits_is_reported():
    found = cnncalc.largest(ROUNDED, "width", {"params": 5})
    assert found.within is None
    assert found.beyond.value == 0.01


@pytest.mark.parametrize(
    ("name", "budgets", "options", "says"),
    [
        ("width", {}, {}, "give a budget"),
        ("widht", {"macs": 5}, {}, "did you mean 'width'"),
        ("speed", {"macs": 5}, {}, "choose from .*input, batch$"),
        ("width", {"mac": 5}, {}, "quantity"),
        ("width", {"tims": 5}, {}, "no quantity 'tims'; choose from layers, .*, rf$"),
        (
            "width",
            {"time": 5},
            {},
            "'time' is a quantity only in a sweep; choose from layers, params, macs, ",
        ),
        ("width", {"macs": 0}, {}, "at least 1"),
        ("width", {"macs": "many"}, {}, "cannot be read as a number"),
        (
            "width",
            {"macs": "0x"},
            {},
            "the budget for macs is '0x', which cannot be read as a multiple",
        ),
        (
            "width",
            {"macs": "x"},
            {},
            "is 'x', which cannot be read as a multiple; write it as 300M",
        ),
        ("width", {"ram": "x"}, {}, "is 'x', which cannot be read as a multiple; write it as 4GiB"),
        ("width", {"macs": 5}, {"step": -1}, "'step' must be a positive decimal, such as 0.05"),
        (
            "width",
            {"macs": "4GiB"},
            {},
            "'4GiB' cannot be read as a number; write it like 300M or 1.5G",
        ),
        (
            "width",
            {"ram": "4X"},
            {},
            "'4X' cannot be read as a number of bytes; write it like 4GiB or 500MB",
        ),
        ("batch", {"params": 10**9}, {}, "ended at batch=1048576, which still fits; the cost is"),
        (
            "input",
            {"macs": "2x"},
            {"settings": {"kernel": 0}},
            "the budget for macs is '2x', but the default network's is not known: ",
        ),
    ],
)
def test_what_cannot_be_solved_is_refused(name, budgets, options, says):
    with pytest.raises(UsageError, match=says):
        cnncalc.largest(ROUNDED, name, budgets, **options)


def test_an_unknown_quantity_has_no_budget():
    spec = {"input": "3x8x8", "layers": [{"opaque": {"output": "3x8x8"}}]}
    says = r"'macs' is not known, because of layer 'opaque1' \(opaque\); state its counts"
    for budget in (5, "2x"):
        with pytest.raises(UsageError, match=says):
            cnncalc.largest(spec, "batch", {"macs": budget})
    with pytest.raises(UsageError, match=says):
        cnncalc.formula(spec, "macs", ["batch"])
    spec = {"input": "3x8x8", "layers": [{"rms_norm": "channels"}]}
    with pytest.raises(UsageError, match=r"'memory' is not known: .*layer 'rms_norm1'"):
        cnncalc.largest(spec, "batch", {"memory": "1GiB"})


def test_a_search_stops_where_a_quantity_is_not_known():
    sometimes = {"input": "3x8x8", "parameters": {"n": 1}, "layers": [
        {"opaque": {"output": "3x8x8", "macs": 2}, "when": "${n == 1}"},
        {"opaque": {"output": "3x8x8"}, "when": "${n > 1}"}]}  # fmt: skip
    with pytest.raises(UsageError, match="'macs' is not known or not modelled"):
        cnncalc.largest(sometimes, "n", {"macs": 5})


def test_a_search_without_a_valid_network_says_why():
    spec = {"input": "3x8x8", "parameters": {"n": 1}, "layers": [
        {"conv": {"out_channels": 4, "kernel_size": "${n + 9}"}}]}  # fmt: skip
    with pytest.raises(UsageError, match="no value of 'n' gives a valid network: layer 'conv1'"):
        cnncalc.largest(spec, "n", {"macs": 5})


def test_too_many_values_near_the_budget_are_refused(monkeypatch):
    monkeypatch.setattr(search, "MOST", 30)
    with pytest.raises(UsageError, match="values of 'width' are near the budget") as caught:
        cnncalc.largest(ROUNDED, "width", {"macs": 400_000})
    assert caught.value.help == "give a larger 'step'"


def test_the_command_shows_the_value_and_the_next_one():
    text = solve("mobilenet_v2", "--for", "width", "--macs", "300M", "--step", "0.05")
    # Sandler et al. 2018, table 4: 300 M multiply-adds at width 1.
    assert [line.split() for line in text.splitlines()[2:]] == [
        ["within", "0.95", "284.54", "M"], ["beyond", "1", "300.77", "M"],
        ["budget", "300.00", "M"]]  # fmt: skip
    text = solve("resnet18", "--for", "batch", "--macs", "2G", "--input", "64", "--set", "n1=1")
    macs = cnncalc.summarize("resnet18", input="3x64x64", settings={"n1": 1}).totals.macs
    assert text.splitlines()[2].split()[:2] == ["within", str(2 * 10**9 // macs)]


def test_the_command_says_when_no_larger_value_is_valid(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(json.dumps(ROUNDED))
    text = solve(str(file), "--for", "kernel", "--macs", "1T")
    assert text.splitlines()[2].split()[:2] == ["within", "16"]  # as large as the input
    assert "the next larger values of kernel do not give valid networks" in text


def test_the_command_says_when_nothing_fits():
    assert "no batch size fits the budget" in solve(
        "lenet5", "--for", "batch", "--macs", "1K", code=1
    )
    assert "no batch size that is a multiple of 1000 fits the budget" in solve(
        "lenet5", "--for", "batch", "--macs", "1M", "--step", "1000", code=1
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["lenet5"], "a network needs --for and a budget"),
        (["lenet5", "--for", "batch"], "a network needs --for and a budget"),
        (["--for", "batch"], "need a network"),
        (["--macs", "3M"], "need a network"),
    ],
)
def test_the_command_needs_a_network_a_name_and_a_budget(words, says):
    with pytest.raises(UsageError, match=says):
        solve(*words)


SCALED = {
    "input": "1x10x6",
    "parameters": {"filters": 4, "width": 1.5},
    "layers": [
        {"conv": {"out_channels": "$filters", "kernel_size": 1}},
        {"conv": {"out_channels": "${round_to(8 * width, 8)}", "kernel_size": 1}},
    ],
}


def test_several_values_grow_together():
    found = cnncalc.largest(SCALED, {"filters": 2, "input": "1.5"}, {"macs": 16_200}, step=1)
    # φ = 1: 8 filters on 15·9, then 8 of 16 (1.5·8 = 12 is rounded up): 8·135 + 128·135 = 18,360;
    # φ = 0: 4·60 + 64·60 = 4,080.
    assert found.name == "coefficient"
    assert found.within.value == {"coefficient": 0, "filters": 4, "input": [1, 10, 6]}
    assert found.within.quantities == {"macs": 4_080}
    assert found.beyond.value == {"coefficient": 1, "filters": 8, "input": [1, 15, 9]}
    assert found.beyond.quantities == {"macs": 18_360}


def test_values_are_rounded():
    found = cnncalc.largest(SCALED, {"filters": 1.1, "width": 1.2}, {"macs": "2x"}, step="0.5")
    for tried in (found.within, found.beyond):
        power = tried.value["coefficient"]
        assert tried.value["filters"] == round(4 * 1.1**power)
        assert tried.value["width"] == round(1.5 * 1.2**power, 4)


def test_the_largest_coefficient_is_that_of_brute_force():
    ratios, budget = {"width": 1.1, "depth": 1.3, "input": 1.05}, 600_000
    found = cnncalc.largest(ROUNDED, ratios, {"macs": budget}, step=0.1)
    fits = []
    for number in range(100):
        power = number / 10
        settings = {"width": round(1.1**power, 4), "depth": round(1.3**power)}
        size = round(16 * 1.05**power)
        report = cnncalc.summarize(ROUNDED, input=(3, size, size), settings=settings)
        fits += [power] * (report.totals.macs <= budget)
    assert found.within.value["coefficient"] == fits[-1] > 1


def test_a_batch_and_a_set_parameter_grow_from_what_they_are():
    found = cnncalc.largest(
        SCALED, {"batch": 2, "filters": 1}, {"macs": 10**5}, step=1, settings={"filters": 8}
    )
    # 8·60 + 128·60 = 8,160 for each image
    assert found.within.value == {"coefficient": 3, "batch": 8, "filters": 8}
    assert found.within.quantities["macs"] == 8 * 8_160


@pytest.mark.parametrize(
    ("ratios", "says"),
    [
        ({"filters": 0.9}, "the ratio of filters must be a number of at least 1, not '0.9'"),
        ({"filters": "x"}, "the ratio of filters must be a number of at least 1, not 'x'; write"),
        ({"filtres": 2}, "no parameter 'filtres'; did you mean 'filters'"),
        ({"dtype": 2}, "a dtype has no largest value"),
        ({"filters": 1}, "which still fits"),
    ],
)
def test_invalid_ratios_are_refused(ratios, says):
    with pytest.raises(UsageError, match=says):
        cnncalc.largest(SCALED, ratios, {"macs": "2x"})


@pytest.mark.parametrize(
    ("spec", "name", "says"),
    [
        ({"input": "4", "layers": [{"linear": 2}]}, "input", "whose only input is a feature map"),
        ({"input": {"a": "4x5x5", "b": "4x5x5"}, "layers": [{"add": {"from": ["a", "b"]}}]},
         "input", "whose only input is a feature map"),
        ({**SCALED, "parameters": {**SCALED["parameters"], "word": "same"}}, "word",
         "'word' is 'same', not a number that can be scaled"),
    ],
)  # fmt: skip
def test_what_cannot_be_scaled_is_refused(spec, name, says):
    with pytest.raises(UsageError, match=says):
        cnncalc.largest(spec, {name: 2}, {"macs": "2x"})


def test_an_argument_of_code_has_no_known_default(tmp_path, monkeypatch):
    code = "from torch import nn\n\ndef net(width):\n    return nn.Conv2d(3, width, 1)\n"
    (tmp_path / "wide.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        UsageError,
        match="'width' has no known value that could be scaled; give it a value with --set",
    ):
        solve("wide:net", "--for", "width,batch", "--ratio", "2:1", "--macs", "1G")
    options = ["--set", "width=8", "--input", "3x4x4", "--macs", "1536"]
    found = solve("wide:net", "--for", "width", "--ratio", "2", *options)
    assert "    32  1,536\n" in found  # 3·4·4 = 48 multiply-accumulates for each filter


def test_growth_stops_at_a_thousandfold_or_the_largest_valid_value():
    # No parameter depends on the batch.
    for step in (1, "0.5"):
        with pytest.raises(UsageError, match="is not reached before batch has grown 1,000-fold"):
            cnncalc.largest("1-1N", {"batch": 10}, {"params": 10**6}, step=step)
    found = cnncalc.largest(ROUNDED, {"kernel": 2}, {"macs": "1T"}, step=1)
    assert found.within.value["kernel"] == 12  # 24 is larger than the input
    assert found.beyond is None


def test_the_command_scales_several_values():
    shown = solve("efficientnet_b0", "--for", "width,depth,input", "--ratio", "1.1:1.2:1.15",
                  "--macs", "2x", "--step", "0.5")  # fmt: skip
    # 1.1^0.5 = 1.0488, 1.2^0.5 = 1.0954, 224·1.15^0.5 = 240.2
    assert "within          0.5  1.0488  1.0954  3×240×240" in shown
    assert "beyond            1     1.1     1.2  3×258×258" in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--for", "width,depth"], "several names need --ratio, as in --for width,depth --ratio 1"),
        (["--for", "a,b", "--ratio", "2"], "--for has 2 names but --ratio has 1 number; give a"),
        (["--for", "a,a", "--ratio", "2:2"], "a name occurs twice in --for a,a"),
    ],
)
def test_names_and_ratios_must_match(words, says):
    with pytest.raises(UsageError, match=says):
        solve("efficientnet_b0", *words, "--macs", "2x")


def test_the_batch_may_be_scaled_from_one_image():
    found = cnncalc.largest("lenet5", {"batch": 2}, {"memory": "1MB"})
    assert found.within.value == {"coefficient": 3.08, "batch": 8}  # 2 ** 3.08 = 8.46
    assert found.beyond.value == {"coefficient": 3.09, "batch": 9}  # 2 ** 3.09 = 8.51
    needs = [cnncalc.memory("lenet5", batch=batch).training_peak.bytes for batch in (8, 9)]
    assert needs[0] <= 1_000_000 < needs[1]


def test_scaling_leaves_0_as_it_is():
    layers = [{"conv": {"filters": "$w", "kernel": 3}}, {"linear": "${10 + z}"}]
    net = {"input": "3x32x32", "parameters": {"w": 16, "z": 0}, "layers": layers}
    found = cnncalc.largest(net, {"w": "1.1", "z": "1.2"}, {"params": "150k"})
    assert found.within.value == {"coefficient": 0.32, "w": 16, "z": 0}  # 16 · 1.1^0.32 = 16.49
    assert found.beyond.value == {"coefficient": 0.33, "w": 17, "z": 0}  # 16 · 1.1^0.33 = 16.51


def test_sizes_that_are_too_small_for_the_network_are_passed_over():
    found = cnncalc.largest("lenet5", "input", {"macs": 1_000})
    assert found.within is None
    assert found.beyond is not None
    assert found.beyond.quantities["macs"] > 1_000
