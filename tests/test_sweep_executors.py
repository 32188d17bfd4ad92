"""Sweeps that stop and resume, and sweeps on other machines: nothing is lost or repeated."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.analysis.explore import executors, many
from cnncalc.analysis.explore import sweep as sweeps
from cnncalc.api.exploring import sweeping
from cnncalc.core.errors import UsageError

ROOT = Path(__file__).parent.parent
NET = "1x8x8-4C3-2N"
OVER = {"batch": "1:40", "input": "6:20"}
CHOICES = [
    {},
    {"pareto": ["macs", "-params"], "show": ["macs", "activations"]},
    {"where": "macs < 1M", "by": "-macs", "best": 7},
    {"sample": 100, "seed": 3},
]


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(many.Arrays, "size", 64)


def steps(
    path, show=("params", "macs"), where="", pareto=(), by="", best=None, sample=None, seed=0
):
    asked = sweeps.request(show, where, pareto, by, best)
    return sweeping(NET, OVER, asked, {}, sample, seed, 1, resume=path)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_an_interrupted_sweep_resumes(choice, tmp_path):
    path, done = tmp_path / "sweep.json", []
    last = cnncalc.sweep(NET, OVER, **choice)
    for _ in range(3):
        run = steps(path, **choice)
        done.append(next(run).done)
        run.close()  # as an interrupt does
    assert 0 < done[0] < done[1] <= done[2] <= last.total
    for _ in range(2):
        *_, resumed = steps(path, **choice)
        assert resumed == last


def test_a_file_of_another_sweep_is_refused(tmp_path):
    path = tmp_path / "sweep.json"
    [*steps(path)]
    for choice in CHOICES[1:]:
        with pytest.raises(UsageError, match="does not belong to this sweep"):
            [*steps(path, **choice)]
    data = json.loads(path.read_text())
    for text in ("", "[]", "{", "null", json.dumps({**data, "kept": 3}),
                 json.dumps({**data, "version": 2})):  # fmt: skip
        path.write_text(text)
        with pytest.raises(UsageError, match="does not belong to this sweep"):
            [*steps(path)]
        assert path.read_text() == text


def test_a_file_that_cannot_be_written_is_reported(tmp_path):
    with pytest.raises(UsageError, match=r"sweep.json': there is no folder '.*no'; create it"):
        [*steps(tmp_path / "no" / "sweep.json")]


def test_the_command_resumes(tmp_path):
    words = ["sweep", NET, "--over", "batch=1:300", "--best", "3", "--resume",
             str(tmp_path / "sweep.json")]  # fmt: skip
    first, second = (CliRunner().invoke(cli.app, words).stdout for _ in range(2))
    assert first == second
    assert "3 of 300 combinations" in first


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_any_executor_gives_the_same(choice):
    with ThreadPoolExecutor(3) as executor:
        found = cnncalc.sweep(NET, OVER, executor=executor, **choice)
    assert found == cnncalc.sweep(NET, OVER, **choice)


def test_a_killed_process_is_reported():
    with executors.processes(2) as pool:
        pool.submit(os.kill, pool.submit(os.getpid).result(), signal.SIGKILL)
        with pytest.raises(UsageError, match="a process was killed"):
            cnncalc.sweep(NET, {"batch": "1:4000"}, executor=pool)


def test_a_cluster_needs_a_scheduler(monkeypatch):
    monkeypatch.setattr(executors, "CONNECTING", 1)
    says = "no Dask scheduler at" if find_spec("distributed") else "needs dask.distributed"
    with pytest.raises(UsageError, match=says), executors.cluster("tcp://127.0.0.1:1"):
        pass


LARGE = {"batch": [*range(1, 2_001)], "input": [*range(6, 16)]}
PATIENCE = 300
"""The seconds to wait for a cluster to start; a busy machine needs many."""


def killed_on_the_way(executor, *processes):
    """Kill some processes once an executor has a hundred tasks. Returns all of its tasks."""
    submit, seen = executor.submit, []

    def counting(*given):
        seen.append(given)
        if len(seen) == 100:
            for process in processes:
                process.kill()
                process.wait()
        return submit(*given)

    executor.submit = counting
    return seen


@pytest.fixture
def dask_cluster(tmp_path):
    """A scheduler and two workers, each in its own process."""
    Client = pytest.importorskip("distributed").Client
    file = tmp_path / "scheduler.json"
    begin = [sys.executable, "-m", "distributed.cli."]
    options = ["--scheduler-file", str(file), "--no-dashboard"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    running = []

    def start(kind, *more):
        words = [*begin[:2], f"{begin[2]}{kind}", *options, *more]
        quiet = subprocess.DEVNULL
        running.append(subprocess.Popen(words, env=environment, stdout=quiet, stderr=quiet))

    start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
    for number in range(2):
        start("dask_worker", "--nthreads", "1", "--no-nanny", "--name", f"worker{number}")
    try:
        while not (file.exists() and file.read_text()):
            assert running[0].poll() is None
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        with Client(address, timeout=PATIENCE) as client:  # both have started
            client.wait_for_workers(2, timeout=PATIENCE)
        yield address, running
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.mark.exhaustive
@pytest.mark.parametrize("choice", CHOICES[1:3], ids=str)
def test_a_killed_worker_loses_nothing(dask_cluster, choice):
    address, (_, worker, _) = dask_cluster
    with executors.cluster(address) as executor:
        seen = killed_on_the_way(executor, worker)
        found = cnncalc.sweep(NET, LARGE, executor=executor, **choice)
    assert len(seen) > 300
    assert found == cnncalc.sweep(NET, LARGE, **choice)
    assert found.done == found.total == 20_000


@pytest.mark.exhaustive
def test_a_killed_scheduler_is_reported(dask_cluster):
    address, (scheduler, *_) = dask_cluster
    with executors.cluster(address) as executor:
        killed_on_the_way(executor, scheduler)
        with pytest.raises(UsageError, match="the connection to the Dask scheduler is lost; with"):
            cnncalc.sweep(NET, LARGE, executor=executor)


@pytest.mark.exhaustive
def test_a_cluster_whose_workers_are_all_killed_is_given_up(dask_cluster, monkeypatch):
    monkeypatch.setattr(executors, "STARTING", 5)
    address, (_, *workers) = dask_cluster
    with executors.cluster(address) as executor:
        killed_on_the_way(executor, *workers)
        with pytest.raises(UsageError, match="the Dask cluster has no workers; start some"):
            cnncalc.sweep(NET, LARGE, executor=executor)
