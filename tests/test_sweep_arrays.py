"""Sweeps on arrays: for every configuration, exactly what summarize gives, whatever the network."""

from fractions import Fraction
from math import ceil, floor
from random import Random

import numpy as np
import pytest

import cnncalc
from cnncalc.analysis.explore import sweep as sweeps
from cnncalc.analysis.explore import topologies
from cnncalc.analysis.explore.arrays import Program
from cnncalc.analysis.explore.evaluate import Configurations
from cnncalc.analysis.explore.grid import Grid
from cnncalc.analysis.explore.many import Arrays
from cnncalc.analysis.explore.paths import path_of, split
from cnncalc.core.errors import UsageError
from cnncalc.formulas.recorded import Portion, Recording
from cnncalc.formulas.vocabulary import gcd, holds, least, most, positive_part
from cnncalc.spec import catalog
from cnncalc.spec.expression import calculate

EVERY = ["layers", "params", "macs", "flops", "activations", "weights", "peak", "memory", "rf"]

NETWORKS = {
    "alexnet": {"input": [*range(40, 400)], "batch": [*range(9)], "dtype": ["float32", "float16"]},
    "lenet5": {"input": [*range(1, 99)], "batch": [*range(1, 99)]},
    "mobilenet_v2": {
        "width": [n / 20 for n in range(4, 31)],
        "input": [*range(1, 300)],
        "batch": [*range(1, 65)],
    },
    "resnet18": {"n1": [0, 1, 2], "input": [*range(1, 300)], "classes": [*range(-1, 1000)]},
    "unet": {"input": [*range(100, 700)], "batch": [*range(1, 9)], "padding": [0, 1]},
    "densenet121": {"growth": [*range(1, 65)], "input": [*range(20, 400)], "batch": [1, 8]},
    "efficientnet_b0": {
        "width": [n / 10 for n in range(5, 21)],
        "depth": [n / 10 for n in range(5, 21)],
        "input": [*range(100, 400)],
    },
    "inception_v3": {"input": [*range(60, 400)], "batch": [*range(1, 300)]},
    "googlenet": {"input": [*range(60, 400)], "batch": [*range(1, 65)], "classes": [2, 10, 1000]},
    "mobilenet_v1": {
        "width": [n / 20 for n in range(4, 31)],
        "input": [*range(1, 300)],
        "batch": [*range(1, 65)],
    },
    "resnet50": {"input": [*range(1, 400)], "batch": [*range(1, 65)], "classes": [*range(1, 1001)]},
    "shufflenet_v2_x1_0": {"c2": [*range(2, 244, 2)], "input": [*range(20, 400)], "batch": [1, 8]},
    "vit_b_16": {"width": [*range(12, 1200, 12)], "input": [*range(16, 400)], "depth": [1, 2]},
}
DAILY = [*NETWORKS][:5]


def work(network, over, show=EVERY, where="", pareto=(), by="", best=None, sample=None, seed=0):
    """A sweep on arrays."""
    asked = sweeps.request(show, where, pareto, by, best)
    given = (network, [*over], asked.quantities, {}, cnncalc.load, cnncalc.summarize)
    return Arrays(Configurations(*given), Grid(over, sample, seed), asked)


def found(arrays):
    *_, last = sweeps.sweep(arrays)
    return last


KNOWN = {}


def looped(arrays):
    """The same sweep without arrays."""

    def exact(values):
        key = repr((arrays.evaluate.target, arrays.evaluate.quantities, values))
        if key not in KNOWN:
            KNOWN[key] = arrays.evaluate(values)
        return KNOWN[key]

    *_, last = sweeps.sweep(sweeps.Loop(exact, arrays.grid, arrays.request))
    return last


def check(arrays):
    """Compare a sweep with one without arrays, and tell how many had arrays."""
    assert found(arrays) == looped(arrays)
    assert not arrays.topologies.failed
    return arrays.topologies.served


@pytest.mark.parametrize("name", DAILY)
def test_a_sample_is_what_summarize_gives(name):
    assert check(work(name, NETWORKS[name], sample=16, seed=1)) == 16


POINTS = 100
"""The number of points for each network; together more than a thousand."""


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", NETWORKS)
def test_more_than_a_thousand_are_what_summarize_gives(name, monkeypatch):
    monkeypatch.setattr(topologies, "REASONS", POINTS)
    check(work(name, NETWORKS[name], sample=POINTS, seed=2))


def test_there_are_more_than_a_thousand_points():
    assert POINTS * len(NETWORKS) > 1_000


def nearby(name):
    """Values around those of a built-in, for up to three of its parameters and everything else."""
    found = Configurations(name, [], ["macs"], {}, cnncalc.load, cnncalc.summarize)
    over = {}
    for parameter, value in found.parameters.items():
        if type(value) is int:
            over[parameter] = [max(value - 1, 0), value, value + 1, 2 * value]
        elif type(value) is float:
            over[parameter] = [round(value * part / 20, 4) for part in (10, 17, 20, 21, 30)]
    over = dict([*over.items()][:3])
    shapes = found.shapes()
    if len(shapes) == 1 and len(shapes[0]) > 1:
        size = shapes[0][1]
        over["input"] = [max(size // 4, 1), size // 2 + 1, size - 1, size, size + 1, size + 32]
    return {**over, "batch": [1, 3, 16], "dtype": ["float32", "float16"]}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", catalog.names())
def test_every_built_in_gives_what_summarize_gives(name):
    """Also finds code that looks up sizes in a set or a dictionary, where a recorded number never
    equals another."""
    check(work(name, nearby(name), sample=20, seed=4))


SMALL = {
    "input": "3x8x8",
    "parameters": {"width": 8, "deep": 2, "kernel": 3, "wide": False},
    "layers": [
        {"conv": {"out_channels": "$width", "kernel_size": "$kernel", "padding": 1}},
        {"conv": {"out_channels": "${2 * width}", "kernel_size": 1}, "repeat": "$deep"},
        {"conv": {"out_channels": 4, "kernel_size": 1}, "when": "${wide or width > 12}"},
        "global_avg_pool",
        {"linear": 2},
    ],
}
STRUCTURE = {
    "width": [*range(-1, 20)], "deep": [0, 1, 3], "kernel": [1, 3, 11], "wide": [False, True],
}  # fmt: skip


def test_structural_parameters_split_a_sweep_into_topologies(monkeypatch):
    monkeypatch.setattr(topologies, "FREE", 100)
    arrays = work(SMALL, STRUCTURE)
    assert check(arrays) == 21 * 3 * 3 * 2
    assert arrays.topologies.recorded < 60


def test_a_configuration_whose_topology_is_its_own_is_computed_alone(monkeypatch):
    monkeypatch.setattr(topologies, "FREE", 2)
    arrays = work(SMALL, STRUCTURE)
    assert 0 < check(arrays) < 21 * 3 * 3 * 2
    assert arrays.topologies.recorded == 2


def test_code_that_cannot_be_recorded_is_computed_alone(monkeypatch):
    arrays = work(SMALL, {"batch": [*range(1, 6)]})
    report = arrays.evaluate.report

    def brittle(values):
        if type(values["batch"]) is not int:
            raise TypeError
        return report(values)

    monkeypatch.setattr(arrays.evaluate, "report", brittle)
    assert found(arrays) == looped(arrays)
    assert arrays.topologies.failed


def test_code_that_changes_a_number_is_computed_alone(monkeypatch):
    arrays = work(SMALL, {"batch": [*range(1, 6)]}, ["macs"])
    report = arrays.evaluate.report

    def changing(values):
        return report(values if type(values["batch"]) is int else {"batch": 7})

    monkeypatch.setattr(arrays.evaluate, "report", changing)
    each = cnncalc.summarize(SMALL).totals.macs
    assert [point.quantities["macs"] for point in found(arrays).points] == [
        batch * each for batch in range(1, 6)
    ]
    assert arrays.topologies.failed


def test_a_decision_without_a_guard_refuses_no_other_configuration(monkeypatch):
    arrays = work(SMALL, {"batch": [*range(1, 6)]}, ["params", "flops"])
    report = arrays.evaluate.report

    def secretive(values):
        batch = values["batch"]
        if getattr(batch, "value", batch) < 3:
            raise UsageError(f"{batch} is too few")
        return report(values)

    monkeypatch.setattr(arrays.evaluate, "report", secretive)
    last = found(arrays)
    assert last == looped(arrays)
    assert [point.values["batch"] for point in last.points] == [3, 4, 5]
    assert [*last.refused] == ["1 is too few", "2 is too few"]


def test_a_number_that_was_written_out_is_pinned(monkeypatch):
    arrays = work(SMALL, {"batch": [*range(1, 6)]}, ["params", "layers"])
    report = arrays.evaluate.report
    written = [0, 10, 20, 30, 40, 50]

    def writing(values):
        return report({"batch": 1, "width": written[int(f"{values['batch']}")]})

    monkeypatch.setattr(arrays.evaluate, "report", writing)
    assert found(arrays) == looped(arrays)
    assert arrays.topologies.recorded == 5


def test_a_sample_may_lack_some_combinations_of_words():
    over = {"dtype": ["float32", "float16"], "wide": [False, True], "width": [*range(1, 9)]}
    arrays = work(SMALL, over, ["weights"], sample=3)
    drawn = {(point.values["dtype"], point.values["wide"]) for point in looped(arrays).points}
    assert len(drawn) < 4
    assert check(arrays) == 3


def test_topologies_of_earlier_chunks_are_known(monkeypatch):
    monkeypatch.setattr(Arrays, "size", 16)
    monkeypatch.setattr(topologies, "FREE", 100)
    arrays = work(SMALL, {"width": [*range(1, 65)], "deep": [0, 1, 3]})
    assert check(arrays) == 64 * 3
    assert arrays.topologies.recorded == 6  # with and without the wide layer, for each depth


def test_every_choice_is_that_of_the_loop():
    where = "macs < 20k and (params > 300 or width < 4)"
    show = ["macs", "params", "rf"]
    for asked in ({}, {"by": "-macs", "best": 7}, {"best": 5}, {"pareto": ["macs", "-params"]},
                  {"pareto": ["macs", "-params", "-rf"], "by": "params", "best": 3}):  # fmt: skip
        check(work(SMALL, STRUCTURE, show, where=where, **asked))
        check(work(SMALL, STRUCTURE, show, sample=100, **asked))
    check(work(SMALL, STRUCTURE, show, where="wide and macs < 20k"))
    check(work(SMALL, STRUCTURE, show, where="width > 5 and macs < 20k", sample=100))
    check(work("mobilenet_v2", {"width": [0.5, 0.75, 1.0], "batch": [1, 2]},
               where="width < 0.75 or batch / 2 == width", show=["params"]))  # fmt: skip


def test_an_unknown_quantity_stays_unknown():
    opaque = {"input": "3x8x8", "layers": [{"opaque": {"output": "3x8x8"}}]}
    for asked in ({}, {"where": "macs < 1G"}, {"pareto": ["macs"]}, {"by": "macs"}):
        check(work(opaque, {"batch": [*range(1, 9)]}, ["macs"], **asked))


@pytest.mark.parametrize("count", [10, 1_000])
def test_a_condition_on_words_holds_where_no_quantity_is_known(count):
    opaque = {"opaque": {"output": "4x8x8", "params": 10}}
    spec = {
        "input": "8x8x8",
        "parameters": {"w": 4, "mode": "a"},
        "layers": [{"conv": {"filters": "$w", "kernel": 1}}, opaque],
    }
    over = {"w": f"1:{count}", "mode": ["a", "b"]}
    found = cnncalc.sweep(spec, over, show=["macs"], where="mode == 'b'")
    assert len(found.points) == count


def test_networks_that_are_read_anew_are_computed_one_by_one(monkeypatch):
    seen = []
    plain = sweeps.Loop.__call__
    monkeypatch.setattr(sweeps.Loop, "__call__", lambda work, chunk: seen.append(chunk) or plain(
        work, chunk))  # fmt: skip
    cnncalc.sweep("lenet5", {"input": [f"1x{n}x32" for n in range(32, 43)], "batch": [*range(10)]})
    assert not seen  # each input shares a recording with ten batch sizes
    cnncalc.sweep("lenet5", {"input": [f"1x{n}x32" for n in range(32, 52)], "batch": [*range(6)]})
    assert len(seen) == 7  # chunks of three inputs with six batch sizes, the last of two


def test_large_numbers_are_exact():
    over, lenet = {"batch": [10**k for k in range(40)]}, cnncalc.summarize("lenet5")
    arrays = work("lenet5", over, ["macs", "memory"])
    assert check(arrays) == 40
    assert found(arrays).points[30].quantities["macs"] == 10**30 * lenet.totals.macs
    front = work("lenet5", over, ["macs"], pareto=["-macs", "memory"])
    assert check(front) == len(found(front).points) == 40
    least = work("lenet5", over, ["macs"], pareto=["macs"])
    assert [point.values["batch"] for point in found(least).points] == [1]


def test_reasons_beyond_a_number_are_those_of_the_first(monkeypatch):
    monkeypatch.setattr(topologies, "REASONS", 2)
    last = found(work(SMALL, {"kernel": [*range(11, 40)]}))
    assert [count for _, count in last.refused.values()] == [28, 1]
    assert [first["kernel"] for first, _ in last.refused.values()] == [11, 12]


def test_a_sample_is_random_and_repeatable():
    over = {"batch": [*range(1, 101)], "input": [*range(8, 108)]}
    some = [Grid(over, 50, seed).drawn for seed in (1, 1, 2)]
    assert some[0] == some[1] != some[2]
    assert len({*some[0]}) == 50
    assert Grid(over, 10**6).total == 10_000
    long = Grid(dict.fromkeys("abcd", range(10**5)), 3)
    assert len({*long.drawn}) == 3
    assert max(long.drawn) > 10**17
    with pytest.raises(UsageError, match="'sample' must be from 1 to 1,000,000, not 0"):
        Grid(over, 0)


@pytest.mark.parametrize("most", [1, 5, 6, 7, 24, 1000])
def test_chunks_have_every_configuration_in_order(most):
    grid = Grid({"a": [1, 2], "b": [1, 2, 3], "c": [1, 2, 3, 4]})
    chunks = [*grid.chunks(most)]
    assert max(chunk.number for chunk in chunks) <= most
    every = [places for chunk in chunks for places in chunk.places()]
    assert every == [(a, b, c) for a in range(2) for b in range(3) for c in range(4)]
    assert every == [chunk.at(n) for chunk in chunks for n in range(chunk.number)]


def chosen(x, y):
    return x * 3 if x > y else y - 7


def listed(x, y):
    return sum(range(x % 4)) + [5, 6, 7][y % 3]


FUNCTIONS = [
    lambda x, y: (x - 3 + 2 * 1) // 2 + 1,
    lambda x, y: -(-x // (abs(y) + 1)) * x - y,
    lambda x, y: (x * y) % (y * y + 1) + divmod(x, 7)[1] + divmod(100, abs(x) + 1)[0],
    lambda x, y: most((x, y, 3)) - least((x, y)) + positive_part(x - y),
    lambda x, y: gcd(x, y) + gcd(x, 6) + holds(x * x >= y) + holds(x != y) - holds(x == 4),
    chosen,
    listed,
    lambda x, y: max(x, y) + min(x, 5) + sum([x > 2, y > x]),
    lambda x, y: x * 10**17 * y - x,
    lambda x, y: floor(Fraction(x, 3) + Fraction(y, 2)) if type(x) is int else (2 * x + 3 * y) // 6,
    lambda x, y: calculate("round_to(x * 0.35 + y / 4, 8) + floor(x / 3) + ceil(y * 1.5)",
                           {"x": x, "y": y}),
    lambda x, y: calculate("(x if y > 2 and x < 5 or y == -3 else abs(y) + 1) ** 2 // 3",
                           {"x": x, "y": y}),
    lambda x, y: int(f"{x}") if x > 3 else 0,
    lambda x, y: floor(float(x)) + floor(x / 2) + floor(6 / (abs(y) + 1)) + 2 ** abs(y),
    lambda x, y: floor(x * 0.5) + floor(2.5 - y) + (y if x < 1.5 else floor(y % 2.5)),
    lambda x, y: floor(x) + ceil(x) + [10, 20][y > 2] + int(x == y),
]  # fmt: skip


WHOLE_ONLY = (2, 4, 6, 8, 9, 12)


@pytest.mark.parametrize(
    ("number", "per"),
    [(number, per) for number in range(len(FUNCTIONS)) for per in (1, 4)
     if per == 1 or number not in WHOLE_ONLY],
)  # fmt: skip
def test_recorded_arithmetic_is_that_of_integers(number, per):
    """Everything that a recording does to numbers, for all values of two variables."""
    function, whole = FUNCTIONS[number], np.arange(-6, 9)
    variables = {"x": whole[:, None], "y": whole[None, :]}

    def record(now):
        recording = Recording()
        x, y = (recording.variable(name, one, (-6, 8)) for name, one in now.items())
        result = function(Portion(x, per) if per > 1 else x, y)
        for text in [*recording.texts]:
            text.plain()
        if type(result) is Portion:
            result = result.whole * (12 // result.per)
        elif per > 1 and type(result) is Fraction:
            result = int(result * 12)
        elif per > 1:
            result = result * 12
        return path_of(recording, Program([result]))

    positions = np.arange(15 * 15).reshape(15, 15)
    results = np.full(15 * 15, None)
    for path, region in split(variables, positions, [], record):
        results[region.positions] = region.column(path.result.run(region.variables)[0])
    for x in range(-6, 9):
        for y in range(-6, 9):
            exact = function(Fraction(x, per) if per > 1 else x, y)
            assert results[(x + 6) * 15 + y + 6] == (exact * 12 if per > 1 else exact), (x, y)


@pytest.mark.parametrize("divide", [lambda x: x // 0, lambda x: x % 0, lambda x: 7 // (x - 3)])
def test_a_recorded_number_is_not_divided_by_zero(divide):
    with pytest.raises(ZeroDivisionError):
        divide(3)
    with pytest.raises(ZeroDivisionError):
        divide(Recording().variable("x", 3, (0, 8)))


def test_recorded_numbers_pass_for_what_they_stand_for():
    x = Recording().variable("x", 3, (0, 8))
    assert isinstance(x, int)
    assert isinstance(x > 2, bool)
    assert not isinstance(Portion(x, 4), int)


def test_a_portion_that_is_written_out_is_a_text():
    recording = Recording()
    x, y = (recording.variable(name, 3, (0, 8)) for name in "xy")
    assert f"{Portion(x, 4)}" == "3/4"
    assert [*recording.texts] == [x]
    # Equal only in this run: layers with the same numbers in their texts would be taken for one.
    assert repr(Portion(x, 4)) != repr(Portion(y, 4))


def test_the_front_is_that_of_brute_force():
    random = Random(3)
    for goals in (1, 2, 3):
        rows = [[random.randrange(6) for _ in range(goals)] for _ in range(80)]
        kept = sweeps_unbeaten(rows)
        assert kept == [
            place for place, row in enumerate(rows)
            if not any(other != row and all(a <= b for a, b in zip(other, row)) for other in rows)
        ]  # fmt: skip


def sweeps_unbeaten(rows):
    from cnncalc.analysis.explore.many import unbeaten

    return unbeaten([np.array(column) for column in zip(*rows)]).tolist()


def test_a_divisor_may_be_0_where_a_condition_does_not_ask_for_the_quotient():
    # With a number of more than 64 bits, the arrays hold Python's whole numbers.
    for large in (10**3, 10**20):
        where = f"batch > 1 and {large} // (batch - 1) > {large // 3}"
        found = cnncalc.sweep("lenet5", {"batch": "1:200"}, where=where)
        assert [point.values["batch"] for point in found.points] == [2, 3]
