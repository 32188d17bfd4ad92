"""Times in sweeps: exactly those of ``cnncalc device``, and never without their kind."""

import csv
import io
import json
from fractions import Fraction
from importlib.util import find_spec

import numpy as np
import pytest
import test_devices
import test_sweep_arrays
from test_devices import NET, round_device
from test_sweep_arrays import found, looped
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.analysis.explore import many, sweep
from cnncalc.analysis.explore.evaluate import Configurations
from cnncalc.analysis.explore.grid import Grid
from cnncalc.analysis.explore.many import Arrays
from cnncalc.analysis.explore.quantities import quantity
from cnncalc.api.exploring import sweeping
from cnncalc.api.hardware import clock_of
from cnncalc.core.errors import UnknownName, UsageError

__all__ = ["round_device"]

MEASURED = test_devices.made(2e-11, 3e-10, error=0.5)


def run(*words):
    done = CliRunner().invoke(cli.app, ["sweep", *words], terminal_width=80)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def work(network, over, on=None, calibration=None, dtype=None, number=None, **choice):
    """A sweep of times on arrays."""
    clock = clock_of(on, calibration, None, dtype)
    given = {"where": "", "pareto": (), "by": "", "best": None, **choice}
    asked = sweep.request(["macs", "time"], *given.values(), over, clock)
    parts = (network, [*over], asked.quantities, {}, cnncalc.load, cnncalc.summarize, clock)
    return Arrays(Configurations(*parts), Grid(over, number, 1), asked)


def seconds(network, values, on=None, calibration=None, dtype=None):
    """The time that ``cnncalc device`` gives for a configuration."""
    given = dict(values)
    options = {name: given.pop(name) for name in ("batch", "dtype") if name in given}
    if "input" in given:
        options["input"] = [cnncalc.summarize(network).input_shape[0], *[given.pop("input")] * 2]
    if dtype is not None:
        options["dtype"] = dtype
    done = cnncalc.device(network, on or (), calibration=calibration, settings=given, **options)
    (one,) = (*done.bounds, *done.estimates)
    return one.seconds


CASES = {
    "bound": ("mobilenet_v2", {"on": "raspberry-pi-5"}, []),
    "dtypes": ("alexnet", {"on": "t4"}, []),
    "tf32": ("resnet18", {"on": "a100", "dtype": "tf32"}, []),
    "compute": ("lenet5", {"on": "apple-m1-max"}, []),
    "estimate": ("mobilenet_v2", {"calibration": MEASURED}, ["batch"]),
}


def compare(case, number):
    """The times of a sweep on arrays with those of ``device``."""
    name, clock, fixed = CASES[case]
    over = {key: one for key, one in test_sweep_arrays.NETWORKS[name].items() if key not in fixed}
    arrays = work(name, over, **clock, number=number)
    last = found(arrays)
    assert arrays.topologies.served
    assert not arrays.topologies.failed
    for point in last.points:
        assert point.quantities["time"] == seconds(name, point.values, **clock), point.values
    return len(last.points)


@pytest.mark.parametrize("case", CASES)
def test_a_sample_has_the_times_of_the_device(case):
    assert compare(case, 16) > 4


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", CASES)
def test_a_thousand_have_the_times_of_the_device(case):
    assert compare(case, 300) >= 200


def test_a_time_worked_by_hand(round_device):
    swept = cnncalc.sweep(NET, {"batch": [1, 2]}, show=["time"], on="mine", devices=round_device)
    # All three layers are limited by memory (test_devices): 344 + 384 + 1,192 ns. A second image
    # moves its activations, 4·(32 + 48), 4·(48 + 48) and 4·(48 + 5) bytes.
    nano = [point.quantities["time"] * 10**9 for point in swept.points]
    assert nano == [1920, 1920 + 320 + 384 + 212]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_times_that_do_not_fit_into_64_bits_are_exact(dtype):
    over = {"batch": [10**k for k in range(30)], "dtype": [dtype]}
    arrays = work("lenet5", over, on="a100", by="-time")
    last = found(arrays)
    assert last == looped(arrays)
    assert last.points[0].quantities["time"] > 10**15
    for point in last.points[::7]:
        assert point.quantities["time"] == seconds("lenet5", point.values, on="a100")


OVER = {"batch": [1, 2, 3, 4, 6, 8], "input": [*range(32, 64)], "dtype": ["float32", "float16"]}
CHOICES = [
    {"where": "time < 20 us and macs > 1M"},
    {"where": "dtype == 'float16' and time < 10µs"},
    {"pareto": ["time", "-macs"]},
    {"pareto": ["-time", "macs"], "by": "time", "best": 3},
    {"by": "time", "best": 5},
    {"by": "-time", "best": 5, "where": "time <= 0.00005"},
]
SMALL = "1x32x32-6C5-16C5-2N"


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_every_choice_by_time_is_that_of_the_loop(choice):
    arrays = work(SMALL, OVER, on="t4", **choice)
    last = found(arrays)
    assert last == looped(arrays)
    assert 0 < len(last.points) < 384


def test_conditions_on_times_are_exact(round_device):
    given = {"show": ["time"], "on": "mine", "devices": round_device}
    for where, number in [("time <= 1.92us", 1), ("time < 1.92us", 0), ("time < 1921 ns", 1),
                          ("time < 0.00000192", 0), ("time <= 0.00192 ms", 1),
                          ("time < 1s", 1), ("time > 1.92 μs", 0)]:  # fmt: skip
        swept = cnncalc.sweep(NET, {"batch": [1]}, where=where, **given)
        assert len(swept.points) == number, where


def test_the_front_of_times_is_not_rounded():
    points = [many.Point({"n": n}, {"time": Fraction(n, 10), "macs": -n}) for n in range(9)]
    goals = sweep.goals_of(["time", "-macs"])
    assert many.front(points, goals) == sweep.front(points, goals) == points[:1]
    goals = sweep.goals_of(["time", "macs"])
    assert many.front(points, goals) == sweep.front(points, goals) == points


def test_a_sweep_of_times_resumes(tmp_path, monkeypatch):
    monkeypatch.setattr(Arrays, "size", 64)
    path, clock = tmp_path / "sweep.json", clock_of("t4", None, None, None)
    asked = sweep.request(["time"], "", ["time", "-macs"], "", None, OVER, clock)
    first = sweeping(SMALL, OVER, asked, {}, None, 0, 1, resume=path)
    assert 0 < next(first).done < 384
    first.close()
    saved = json.loads(path.read_text())
    *_, last = sweeping(SMALL, OVER, asked, {}, None, 0, 1, resume=path)
    assert last == cnncalc.sweep(SMALL, OVER, show=["time"], pareto=["time", "-macs"], on="t4")
    other = sweep.request(["time"], "", ["time", "-macs"], "", None, OVER,
                          clock_of("a100", None, None, None))  # fmt: skip
    for change in ({}, {"kept": [[{}, {"time": "1/0"}]]}):
        path.write_text(json.dumps({**saved, **change}))
        with pytest.raises(UsageError, match="does not belong to this sweep"):
            [*sweeping(SMALL, OVER, asked if change else other, {}, None, 0, 1, resume=path)]


def test_other_processes_give_the_same_times():
    over = {"batch": [*range(1, 60)]}
    given = {"show": ["time"], "by": "-time", "best": 4, "calibration": MEASURED}
    alone = cnncalc.sweep(SMALL, {"input": [*range(32, 92)]}, **given)
    assert alone == cnncalc.sweep(SMALL, {"input": [*range(32, 92)]}, **given, jobs=2)
    given = {"show": ["time"], "on": "t4"}
    assert cnncalc.sweep(SMALL, over, **given) == cnncalc.sweep(SMALL, over, **given, jobs=2)


def test_the_table_says_which_device_and_which_kind(tmp_path):
    done = run("lenet5", "--over", "batch=1,2", "--report", "time", "--on", "t4")
    lines = done.stdout.splitlines()
    assert lines[0] == "batch  Time on t4 (bound)"
    # All layers are limited by memory: 367.70 kB at 320 GB/s are 1.149 µs, rounded down.
    assert lines[2].split(maxsplit=1) == ["1", "1.14 µs"]
    file = tmp_path / "mine.yaml"
    file.write_text(MEASURED.to_yaml(), encoding="utf-8")
    done = run("lenet5", "--over", "batch=1,2", "--show", "time", "--calibration", str(file))
    assert done.stdout.startswith("batch  Time on made up (estimate)\n")
    assert "warning: made up: 90% of networks from families left out of the fit took" in done.stderr
    assert "batch=2: the calibration was made with batch 1, not 2; run" in done.stderr
    assert "1 of 2 combinations" in done.stdout


@pytest.mark.parametrize("form", ["csv", "json", "markdown", "latex", "html"])
def test_every_format_has_the_device_and_the_kind(form):
    words = ["lenet5", "--over", "batch=1,2", "--show", "time,macs", "--on", "t4", "-f", form]
    text = run(*words).stdout
    exact = [float(seconds("lenet5", {"batch": batch}, on="t4")) for batch in (1, 2)]
    if form == "json":
        assert json.loads(text) == [
            {
                "batch": batch,
                "device": "t4",
                "kind": "bound",
                "seconds": time,
                "macs": 416520 * batch,
            }
            for batch, time in zip((1, 2), exact)
        ]
    elif form == "csv":
        rows = [*csv.DictReader(io.StringIO(text))]
        assert [float(row["seconds"]) for row in rows] == exact
        assert [*rows[0]] == ["batch", "device", "kind", "seconds", "macs"]
    assert text.count("bound") == 2
    assert all(str(one) in text for one in exact)


def test_parquet_and_pictures_have_the_kind(tmp_path):
    words = [SMALL, "--over", "batch=1,8", "--over", "input=32,63", "--on", "t4"]
    path = tmp_path / "sweep.svg"
    for more in (["--show", "time,macs"], ["--heat", "time"]):
        run(*words, *more, "-o", str(path))
        picture = path.read_text(encoding="utf-8")
        assert "Time on t4 (bound)" in picture
        assert "760 ns (bound)" in picture
    for more in (["--show", "time,macs", "--plot"], ["--heat", "time"]):
        assert run(*words, *more).stdout.count("Time on t4 (bound)") == 2
    swept = cnncalc.sweep("lenet5", {"batch": [1, 2]}, show=["time"], on="t4")
    assert swept.columns == ("batch", "device", "kind", "seconds")
    if find_spec("pyarrow"):
        from pyarrow import parquet

        path = tmp_path / "sweep.parquet"
        run("lenet5", "--over", "batch=1,2", "--show", "time", "--on", "t4", "-o", str(path))
        assert parquet.read_table(path).to_pylist() == swept.to_dict()


def test_a_network_with_unknown_counts_has_no_time():
    opaque = {"input": "3x8x8", "layers": [{"opaque": {"output": "3x8x8"}}]}
    for clock in ({"on": "t4"}, {"calibration": MEASURED}):
        given = {"show": ["time"], **clock}
        (point,) = cnncalc.sweep(opaque, {"batch": [1]}, **given).points
        assert point.quantities == {"time": None}
        (line,) = cnncalc.sweep(opaque, {"batch": [1]}, **given).to_dict()
        assert line["seconds"] is None
        assert cnncalc.sweep(opaque, {"batch": [1]}, by="time", **given).points == []


def test_notes_of_the_device_are_shown():
    words = ["lenet5", "--over", "batch=1", "--show", "time", "--on"]
    assert "warning: a100: PyTorch computes convolutions in tf32" in run(*words, "a100").stderr
    assert run(*words, "a100", "--dtype", "tf32").stderr == ""
    assert "the bandwidth is not known" in run(*words, "stm32f746", "--dtype", "int8").stderr


def test_a_dtype_without_a_known_peak_is_a_reason():
    swept = cnncalc.sweep("lenet5", {"dtype": ["float32", "float64"]}, show=["time"], on="t4")
    assert [point.values["dtype"] for point in swept.points] == ["float32"]
    assert [*swept.refused] == ["t4 has no known peak for float64; "
                                "choose from float32, float16, int8"]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--show", "time"], "the time depends on the device; name one with --on"),
        (
            ["--show", "time", "--on", "a100", "--over", "dtype=float32,tf32"],
            "a sweep cannot vary tf32; give --dtype the value tf32 instead",
        ),
        (["--show", "tims"], "no quantity 'tims'; did you mean 'time'?"),
        (["--where", "time < 5ms"], "the time depends on the device"),
        (["--pareto", "macs,time"], "the time depends on the device"),
        (["--by=-time"], "the time depends on the device"),
        (["--heat", "time"], "the time depends on the device"),
        (["--on", "t4"], "a device is only used for the time; add time to --show"),
        (["--on", "t4", "--where", "time < 5M"], "a time is in seconds; write time < 5ms"),
        (["--on", "t4", "--where", "time < 5 kB"], "a time is in seconds; write time < 5ms"),
        (["--on", "t4", "--where", "macs < 5 ms"], "macs is not a time; leave out 'ms'"),
        (["--on", "t4", "--calibration", "x", "--show", "time"], "either a bound or an estimate"),
    ],
)
def test_what_has_no_time_is_refused_in_a_sentence(words, says):
    with pytest.raises(UsageError, match=says):
        run("lenet5", "--over", "batch=1,2", *words)


def test_an_unknown_device_is_refused():
    with pytest.raises(UnknownName, match="no device 't5'"):
        run("lenet5", "--over", "batch=1", "--show", "time", "--on", "t5")


@pytest.mark.parametrize("name", ["layers", "time"])
def test_a_value_hides_the_quantity_of_its_name(name):
    spec = {"input": 8, "parameters": {name: 3}, "layers": [{"linear": f"${name}"}]}
    over = {name: [1, 2, 3, 4]}
    for size in (1, 40):  # one by one, and on arrays
        given = {**over, "batch": [*range(1, size + 1)]}
        swept = cnncalc.sweep(spec, given, show=["params"], where=f"{name} >= 3")
        assert {point.values[name] for point in swept.points} == {3, 4}


def test_a_recorded_number_is_divided_exactly_by_a_fraction():
    from cnncalc.formulas.recorded import Portion, Recording

    x = Recording().variable("x", 3, (0, 8))
    third = x / Fraction(3, 2)
    assert type(third) is Portion
    assert (third.whole.value, third.per) == (6, 3)
    assert np.float64(x / 2) == 1.5


def test_an_unknown_number_is_a_question_mark():
    assert quantity("macs").exact(None) == "?"
