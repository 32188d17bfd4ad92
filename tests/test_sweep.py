"""Many configurations of a network: the same numbers as summarize, and the right ones of them."""

import json
import pickle
import sys
from concurrent.futures import CancelledError, ThreadPoolExecutor
from itertools import product
from random import Random
from threading import Event, Timer
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.analysis.explore import evaluate, executors, resume
from cnncalc.analysis.explore import sweep as sweeps
from cnncalc.analysis.explore.evaluate import Configurations
from cnncalc.analysis.explore.grid import Grid
from cnncalc.analysis.explore.quantities import amount, plain_numbers
from cnncalc.core.errors import Mistakes, UsageError

TINY = {
    "name": "tiny",
    "input": "3x16x16",
    "parameters": {"width": 8, "kernel": 3, "pad": 1},
    "layers": [
        {"conv": {"out_channels": "$width", "kernel_size": "$kernel", "padding": "$pad"}},
        "relu",
        {"conv": {"out_channels": "${2 * width}", "kernel_size": 3, "stride": 2}},
        "global_avg_pool",
        {"linear": 10},
    ],
}


def run(*words, code=0, **given):
    done = CliRunner().invoke(cli.app, ["sweep", *words], terminal_width=80, **given)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.25:1:0.25", [0.25, 0.5, 0.75, 1]),
        ("0.1:0.3:0.1", [0.1, 0.2, 0.3]),
        ("96:160:32", [96, 128, 160]),
        ("3:5", [3, 4, 5]),
        ("-1:1", [-1, 0, 1]),
        ("8", [8]),
        ("float32, int8", ["float32", "int8"]),
        ("3x96x96,3x64x64", ["3x96x96", "3x64x64"]),
        ("true,false", [True, False]),
    ],
)
def test_ranges_include_both_ends_and_stay_exact(text, values):
    assert sweeps.values_of(text) == values


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3:1:1", "'3:1:1' ends before it begins; write the smaller number first"),
        ("0.5..1", "'0.5..1' is not a range; write 0.5:1:STEP"),
        ("1:2:0", "'1:2:0' needs a positive step"),
        ("1.2.3:4:5", "is not a range"),
        ("8:4:-2", "the range '8:4:-2' needs a positive step"),
        ("1:", "'1:' is not a range; write BEGIN:END:STEP"),
        ("1:x", "'1:x' is not a range; write BEGIN:END:STEP"),
        (":8:2", "':8:2' is not a range; write BEGIN:END:STEP"),
        ("", "over has a name without values; write it as in batch=1,8,64"),
        ("[1, 2]", "has brackets; write values as in 1,8,64, or a range as in 4:8:2"),
        ("range(4, 8)", "'range\\(4, 8\\)' has brackets"),
        ("1,,2", "'1,,2' has an empty value"),
        ("0:9:0.000001", "more than"),
    ],
)
def test_other_ranges_are_refused(text, says):
    with pytest.raises(UsageError, match=says):
        sweeps.values_of(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("300M", 300_000_000), ("1.5 G", 1_500_000_000), ("4GiB", 2**32), ("2KiB", 2048),
     ("7", 7), ("25,000", 25_000), ("12 B", 12), ("1kB", 1000)],
)  # fmt: skip
def test_amounts_may_have_units(text, number):
    assert amount(text) == number
    assert plain_numbers(f"macs < {text}") == f"macs < {text if text[-1] in '07' else number}"


@pytest.mark.parametrize(
    "text", ["", "x", "300 Q", "-5", "1.5", "1,5G", "2,50", "1234,567", "1,2345"]
)
def test_other_amounts_are_refused(text):
    with pytest.raises(UsageError, match="cannot be read as a number"):
        amount(text)


def test_every_point_is_what_summarize_gives():
    over = {"width": [4, 8], "kernel": [1, 3], "input": [12, 16], "batch": [1, 3],
            "dtype": ["float32", "float16"]}  # fmt: skip
    show = ["layers", "params", "macs", "flops", "activations", "weights", "peak", "memory", "rf"]
    found = cnncalc.sweep(TINY, over, show=show)
    assert found.total == found.done == found.met == len(found.points) == 32
    assert [tuple(point.values.values()) for point in found.points] == [*product(*over.values())]
    for point in Random(1).sample(found.points, 8):
        at = point.values
        report = cnncalc.summarize(
            TINY, batch=at["batch"], dtype=at["dtype"], input=[3, at["input"], at["input"]],
            settings={"width": at["width"], "kernel": at["kernel"]})  # fmt: skip
        totals = report.totals
        assert point.quantities == {
            "layers": len(report), "params": totals.params, "macs": totals.macs,
            "flops": totals.flops, "activations": totals.activations_total_bytes,
            "weights": totals.parameter_bytes, "peak": totals.inference_peak,
            "memory": totals.training_peak,
            "rf": max(report.outputs[0].receptive_field)}  # fmt: skip


def test_a_condition_keeps_what_meets_it():
    found = cnncalc.sweep(TINY, {"width": "4:32:4"}, where="macs < 0.6M and width != 8")
    every = cnncalc.sweep(TINY, {"width": "4:32:4"}).points
    assert found.points == [
        point for point in every
        if point.quantities["macs"] < 600_000 and point.values["width"] != 8
    ]  # fmt: skip
    assert 0 < found.met == len(found.points) < len(every)


def test_what_looks_like_a_range_or_a_list_gets_a_fix():
    with pytest.raises(UsageError, match="'128-320' is not a range; write 128:320:STEP"):
        cnncalc.sweep(TINY, {"input": "128-320"})
    with pytest.raises(UsageError, match="a quantity has an empty name; write quantities as"):
        cnncalc.sweep(TINY, {"width": [4]}, pareto=["-macs", ""])
    with pytest.raises(UsageError, match="a quantity has an empty name"):
        cnncalc.sweep(TINY, {"width": [4]}, by="-")


def test_a_condition_takes_the_names_of_explain():
    over = {"width": "4:32:4"}
    found = cnncalc.sweep(TINY, over, where="parameters < 5k and receptive_field < 20")
    assert found.points == cnncalc.sweep(TINY, over, where="params < 5k and rf < 20").points
    assert 0 < found.met < 8
    spec = {**TINY, "parameters": {**TINY["parameters"], "parameters": 1}}
    own = cnncalc.sweep(spec, {"parameters": [1, 2]}, where="parameters < 2")
    assert [point.values["parameters"] for point in own.points] == [1]


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("macs <", "is not an expression"),
        ("mac < 3", "did you mean 'macs'"),
        ("size < 3", "choose from layers, params, macs, .*, rf, time, width$"),
        ("parameters < 300MB", "params is a count, not bytes; write 300M"),
        ("macs + 1", "must be a condition"),
        (
            "macs = 2G and params < 3",
            "'macs = 2G and params < 3' is not a condition; compare with ==, as in macs == 2G and ",
        ),
        ("macs =< 3", "'macs =< 3' is not a condition; write <=, as in macs <= 3"),
        ("macs => 2G", "'macs => 2G' is not a condition; write >=, as in macs >= 2G"),
        ("macs < 300MB", "macs is a count, not bytes; write 300M"),
        ("open('x')", "not allowed"),
    ],
)
def test_an_invalid_condition_is_refused(where, says):
    with pytest.raises(UsageError, match=says):
        cnncalc.sweep(TINY, {"width": [4]}, where=where)


def test_a_single_quantity_may_be_a_string():
    found = cnncalc.sweep(TINY, {"width": [4, 8]}, show="macs", pareto="-macs")
    assert found.quantities == ("macs",)
    assert [point.values for point in found.points] == [{"width": 8}]


def test_the_pareto_front_is_that_of_brute_force():
    over = {"width": "4:40:4", "kernel": "1:5", "input": "8:24:4"}
    goals = ["macs", "-params"]
    every = [(-point.quantities["params"], point.quantities["macs"], point)
             for point in cnncalc.sweep(TINY, over).points]  # fmt: skip
    front = [
        one[2]
        for one in every
        if not any(
            other[0] <= one[0] and other[1] <= one[1] and other[:2] != one[:2] for other in every
        )
    ]
    assert cnncalc.sweep(TINY, over, pareto=goals).points == front


def test_the_best_are_the_first_in_order():
    over = {"width": "4:40:4", "input": "8:24:4"}
    every = cnncalc.sweep(TINY, over).points
    order = sorted(every, key=lambda point: -point.quantities["macs"])
    assert cnncalc.sweep(TINY, over, by="-macs", best=3).points == order[:3]
    assert cnncalc.sweep(TINY, over, best=2).points == every[:2]


def test_an_illegal_configuration_is_a_reason():
    found = cnncalc.sweep(TINY, {"kernel": [3, 40, 0], "input": [16, 8]})
    assert [point.values for point in found.points] == [
        {"kernel": 3, "input": 16}, {"kernel": 3, "input": 8}]  # fmt: skip
    assert sum(count for _, count in found.refused.values()) == 4
    assert all(isinstance(reason, str) and reason for reason in found.refused)
    bad = cnncalc.sweep(TINY, {"batch": [0, 1], "input": ["3x8x8", "x"]})
    assert len(bad.points) == 1


def test_an_unknown_quantity_is_not_a_number():
    opaque = {"input": "3x8x8", "layers": [{"opaque": {"output": "3x8x8"}}]}
    found = cnncalc.sweep(opaque, {"batch": [1, 2]})
    assert [point.quantities["macs"] for point in found.points] == [None, None]
    for options in ({"where": "macs < 1G"}, {"pareto": ["macs"]}, {"by": "macs"}):
        assert cnncalc.sweep(opaque, {"batch": [1, 2]}, **options).points == []


def test_another_process_loads_the_network_again():
    found = Configurations(TINY, ["width"], ["params"], {}, cnncalc.load, cnncalc.summarize)
    copy = pickle.loads(pickle.dumps(found))
    assert copy.read == {}
    assert copy({"width": 4}) == found({"width": 4})


def test_a_process_keeps_one_copy_of_the_work():
    asked = sweeps.request(["params"], "", (), "", None)
    over = {"width": [4, 8]}
    evaluate = Configurations(TINY, [*over], asked.quantities, {}, cnncalc.load, cnncalc.summarize)
    work = sweeps.Loop(evaluate, Grid(over), asked)
    data = pickle.dumps(work)
    copy = pickle.loads(data)
    assert copy is pickle.loads(data) is not work
    (chunk,) = work.grid.chunks(work.size)
    assert copy(chunk) == work(chunk)
    other = pickle.loads(pickle.dumps(sweeps.Loop(evaluate, Grid(over), asked)))
    assert other is not copy


def test_too_many_combinations_are_not_shown(monkeypatch):
    monkeypatch.setattr(sweeps, "MOST_SHOWN", 30)
    over = {"width": "1:31"}
    with pytest.raises(UsageError, match="more than 30 combinations would be shown"):
        cnncalc.sweep(TINY, over)
    assert len(cnncalc.sweep(TINY, over, best=30).points) == 30


def test_a_file_that_is_too_large_is_not_resumed(tmp_path, monkeypatch):
    path = tmp_path / "sweep.json"
    found = cnncalc.sweep(TINY, {"width": [4, 8]}, resume=path)
    size = path.stat().st_size
    monkeypatch.setattr(resume, "LARGEST", size)
    assert cnncalc.sweep(TINY, {"width": [4, 8]}, resume=path) == found
    monkeypatch.setattr(resume, "LARGEST", size - 1)
    with pytest.raises(UsageError, match="does not belong to this sweep"):
        cnncalc.sweep(TINY, {"width": [4, 8]}, resume=path)


class Client:
    """What a sweep uses of ``distributed.Client``: connects to one address, and runs threads."""

    workers = 2

    def __init__(self, address, timeout):
        if address != "tcp://here:1":
            raise OSError(f"timed out after {timeout} s")

    def __enter__(self):
        self.executor = ThreadPoolExecutor(2)
        return self

    def __exit__(self, *_):
        self.executor.shutdown()

    def submit(self, function, *given, pure):
        assert not pure
        return self.executor.submit(function, *given)

    def nthreads(self):
        return dict.fromkeys(range(self.workers), 1)


class KilledWorker(Exception):
    """As in ``distributed``, no other error's subclass."""


@pytest.fixture
def _distributed(monkeypatch):
    module = SimpleNamespace(
        Client=Client, CancelledError=CancelledError, KilledWorker=KilledWorker
    )
    monkeypatch.setitem(sys.modules, "distributed", module)


@pytest.mark.usefixtures("_distributed")
def test_a_cluster_runs_a_sweep():
    over = {"width": "1:60"}
    with executors.cluster("tcp://here:1") as executor:
        assert cnncalc.sweep(TINY, over, executor=executor) == cnncalc.sweep(TINY, over)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(int)
    says = "no Dask scheduler at 'tcp://there:1': timed out after 10 s"
    with pytest.raises(UsageError, match=says), executors.cluster("tcp://there:1"):
        pass


@pytest.mark.usefixtures("_distributed")
@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError("in <TCP (closed)>: Stream is closed"), "the connection to the Dask scheduler is"),
        (
            CancelledError(),
            "the connection to the Dask scheduler is lost; if you gave a file to ",
        ),
        (KilledWorker(), "several Dask workers died on the same task, perhaps because memory ran"),
    ],
    ids=str,
)
def test_a_lost_cluster_is_reported_in_a_sentence(error, says):
    def fail(values):
        raise error

    asked = sweeps.request(["macs"], "", (), "", None)
    work = sweeps.Loop(fail, Grid({"width": [1]}), asked)
    with executors.cluster("tcp://here:1") as executor, pytest.raises(UsageError, match=says):
        [*sweeps.sweep(work, executor)]
    with executors.cluster("tcp://here:1") as executor:
        executor.client.submit = lambda *given, **named: fail(given)
        with pytest.raises(UsageError, match=says):
            [*sweeps.sweep(work, executor)]


@pytest.mark.usefixtures("_distributed")
def test_a_cluster_that_stays_without_workers_is_given_up(monkeypatch):
    monkeypatch.setattr(executors, "STARTING", 0.01)
    freed = Event()
    asked = sweeps.request(["macs"], "", (), "", None)
    work = sweeps.Loop(lambda values: freed.wait() and {"macs": 3}, Grid({"width": [1]}), asked)
    with executors.cluster("tcp://here:1") as executor:
        Timer(0.1, freed.set).start()
        *_, last = sweeps.sweep(work, executor)  # a slow task is waited for
        assert last.points[0].quantities == {"macs": 3}
        freed.clear()
        monkeypatch.setattr(Client, "workers", 0)
        try:
            with pytest.raises(UsageError, match="the Dask cluster has no workers; start some"):
                [*sweeps.sweep(work, executor)]
        finally:
            freed.set()  # or leaving the cluster would wait for the task


def test_unknown_names_are_refused_at_once():
    with pytest.raises(UsageError, match="no parameter 'widht'; did you mean 'width'"):
        cnncalc.sweep(TINY, {"widht": [1]})
    with pytest.raises(UsageError, match="quantity"):
        cnncalc.sweep(TINY, {"width": [1]}, show=["params", "mac"])
    with pytest.raises(UsageError, match="quantity"):
        cnncalc.sweep(TINY, {"width": [1]}, pareto=["mac"])
    with pytest.raises(UsageError, match="more than 1,000,000,000"):
        cnncalc.sweep(TINY, {"width": "1:2000", "kernel": "1:2000", "batch": "1:2000"})
    with pytest.raises(UsageError, match="must be from 1 to 1,000, not 0"):
        cnncalc.sweep(TINY, {"width": [1]}, jobs=0)


def test_mistakes_that_no_value_causes_are_those_of_the_network(tmp_path):
    file = tmp_path / "bad.yaml"
    layers = "[{cnov: 4}, {conv: {filter: 4, kernel: 3}}]"
    file.write_text(f"input: 3x8x8\nlayers: {layers}\n", encoding="utf-8")
    for batches in ([1, 2], [*range(1, 200)]):
        with pytest.raises(Mistakes) as wrong:
            cnncalc.sweep(file, {"batch": batches})
        assert [one.where.column for one in wrong.value.errors] == [11, 29]
    with pytest.raises(Mistakes, match=r"bad\.yaml:2:11: no layer kind 'cnov'"):
        run(str(file), "--over", "batch=1,2")
    with pytest.raises(UsageError, match="there is no module 'nosuch'"):
        run("nosuch:Net", "--over", "batch=1,2")


def test_mistakes_of_all_values_are_reasons():
    """Whether the default network is valid, or has another mistake."""
    for width in (1, -1):
        spec = {"input": 8, "parameters": {"width": width}, "layers": [{"linear": "$width"}]}
        found = cnncalc.sweep(spec, {"width": [0, -2]})
        assert (found.points, len(found.refused)) == ([], 2)


def test_one_size_needs_one_feature_map():
    flat = {"input": 8, "layers": [{"linear": 2}]}
    assert "one feature map" in next(iter(cnncalc.sweep(flat, {"input": [4]}).refused))


def test_a_parameter_may_be_called_as_an_option():
    spec = {"input": 8, "parameters": {"batch": 3}, "layers": [{"linear": "$batch"}]}
    found = cnncalc.sweep(spec, {"batch": [1, 2]}, show=["params"])
    assert [point.quantities["params"] for point in found.points] == [9, 18]


def test_several_processes_give_the_same():
    over = {"width": "1:60"}
    alone = cnncalc.sweep(TINY, over, where="macs < 5M")
    assert cnncalc.sweep(TINY, over, where="macs < 5M", jobs=2) == alone


def test_chunks_run_in_any_executor_and_come_in_order():
    over = {"width": [*range(1, 90)]}
    with ThreadPoolExecutor(2) as executor:
        asked = sweeps.request(["macs"], "", (), "", None)
        work = sweeps.Loop(lambda at: {"macs": at["width"]}, Grid(over), asked)
        *steps, last = sweeps.sweep(work, executor)
    assert [point.values["width"] for point in last.points] == over["width"]
    assert len(steps) == 89 // sweeps.CHUNK


def test_the_command_shows_a_table_and_the_reasons():
    done = run("resnet18", "--over", "input=32:96:32", "--over", "n1=0,1", "--set", "classes=10")
    assert "6 of 6 combinations" in done.output
    assert "11.11 M" in done.output  # 11,689,512 − 990·513, without a block of 73,984
    done = run("resnet18", "--over", "n1=-1,1,x,[],1.5,{", "--best", "1")
    assert "warning: ResNet-18 does not take n1=-1: 'repeat' must be" in done.output
    assert "n1=-1: ResNet-18 does" not in done.output  # the value is named once
    assert "warning: not shown: 2 more reasons\n" in done.output
    assert "1 of 6 combinations" in done.output
    none = run("resnet18", "--over", "n1=-1", code=1)
    assert "0 of 1 combination shown" in none.output
    one = run("lenet5", "--over", "batch=2", "--show", "parameters,receptive-field", "--by", "-rf")
    assert one.output.split()[:4] == ["batch", "Parameters", "Receptive", "field"]


def test_the_command_writes_every_format():
    words = ["resnet18", "--over", "width=1", "--over", "input=32,64"]
    with pytest.raises(UsageError, match="no parameter 'width'"):
        run(*words)
    found = json.loads(run("resnet18", "--over", "input=32,64", "--format", "json").stdout)
    assert found[1]["macs"] == cnncalc.summarize("resnet18", input="3x64x64").totals.macs
    text = run("resnet18", "--over", "input=32,64", "--format", "csv", "--show", "macs").stdout
    assert text.splitlines()[0] == "input,macs"


def test_the_command_reads_standard_input():
    done = run("-", "--over", "batch=1,2", input="1x8x8-4C3-2N")
    assert "2 of 2 combinations" in done.output


def test_an_interrupt_keeps_what_is_done(monkeypatch):
    plain = sweeps.sweep

    def interrupted(*given, **named):
        for number, found in enumerate(plain(*given, **named)):
            if number == 1:
                raise KeyboardInterrupt
            yield found

    monkeypatch.setattr(sweeps, "sweep", interrupted)
    done = run("1x8x8-4C3-2N", "--over", "batch=1:90")
    assert "stopped after 20 of 90 combinations" in done.output
    assert "20 of 90 combinations\n" in done.output


def test_options_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="over varies 'batch', which is also fixed; leave out one"):
        cnncalc.sweep(TINY, {"batch": [1, 2]}, batch=4)
    with pytest.raises(UsageError, match="over varies 'classes', which is also fixed"):
        cnncalc.sweep("resnet18", {"classes": [2, 3]}, settings={"classes": 10})
    with pytest.raises(UsageError, match="best must be at least 1"):
        run("lenet5", "--over", "batch=1", "--best", "0")


def test_the_number_of_processes_must_be_positive():
    with pytest.raises(UsageError, match="must be from 1 to 1,000, not 0"):
        run("lenet5", "--over", "batch=1,2", "--jobs", "0")


def test_only_so_many_readings_of_a_network_are_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "REMEMBERED", 2)
    path = tmp_path / "net.yaml"
    path.write_text(cnncalc.to_yaml(TINY))
    found = Configurations(path, [], ["params"], {}, cnncalc.load, cnncalc.summarize)
    sizes = ["3x8x8", "3x9x9", "3x10x10", "3x11x11"]
    read = [found.spec_for(size) for size in sizes]
    assert len({*map(id, read)}) == 4
    assert [*found.read] == ["'3x11x11'"]  # the fifth, which is the first after forgetting two


def test_a_warning_never_controls_the_terminal(tmp_path):
    file = tmp_path / "net.yaml"
    layers = '[{linear: $n}, {relu: , from: "\\x9B31m"}]'
    file.write_text(f"input: 8\nparameters: {{n: 2}}\nlayers: {layers}\n", encoding="utf-8")
    shown = run(str(file), "--over", "n=0,2", code=1).output
    assert "\\x9b31m" in shown
    assert "\x9b" not in shown


def test_a_large_sweep_without_numpy_says_how_to_be_faster(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("cnncalc.cli.sweep.MANY", 1)
    done = run("1x8x8-4C3-2N", "--over", "batch=1,2")
    assert (
        "warning: without NumPy, this takes a long time: pip install 'cnncalc[sweep]'"
        in done.output
    )


def test_only_the_batch_size_never_runs_the_code_of_a_model_again():
    code = object.__new__(evaluate.Models)
    assert [name for name in ("batch", "input", "width") if code.records(name)] == ["batch"]
