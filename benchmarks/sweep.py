"""Configurations per second: MobileNetV2 over widths and resolutions.

    python benchmarks/sweep.py [CONFIGURATIONS] [--dask | --memory]

compares a loop of `summarize`, arrays on one core, on all cores and, with --dask, on the workers of
a Dask scheduler. The sweeps find the Pareto front of MACs and parameters. Beside them, fvcore and
torchinfo count models in a loop, fvcore on the CPU and torchinfo on the meta device; the models are
built beforehand. A tool that is not installed is left out. What runs in one process is also shown
per second of its processor time, which leaves out the time that other programs took.

With --memory, only the arrays on one core run, and the peak of resident memory is shown on the way.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import cnncalc
from cnncalc.analysis.explore.executors import cluster
from cnncalc.analysis.explore.sweep import request
from cnncalc.api.exploring import sweeping

GOALS = ["macs", "-params"]
SIDE = 96
LOOPED = 25
"""The number of configurations of a loop, which is enough to time it."""
Timed = tuple[int, float, float]
"""A number of configurations, and the seconds and the processor time that they took."""


def timed(run: Callable[[], int]) -> Timed:
    begin, used = time.perf_counter(), time.process_time()
    done = run()
    return done, time.perf_counter() - begin, time.process_time() - used


def values(number: int) -> dict[str, list[float]]:
    """Widths from 0.25 and resolutions from ``SIDE``, equally many of each, for about this many
    configurations."""
    each = max(round(number**0.5), 1)
    return {
        "width": [round(0.25 + place / 1000, 3) for place in range(each)],
        "input": [SIDE + place for place in range(each)],
    }


def sweep(number: int, **how: Any) -> Timed:
    return timed(lambda: cnncalc.sweep("mobilenet_v2", values(number), pareto=GOALS, **how).done)


def memory(number: int) -> None:
    """The peak of resident memory after 10⁶, 10⁷, … configurations, and at the end."""
    asked, shown = request(["params", "macs"], "", GOALS, "", None), 10**6
    for found in sweeping("mobilenet_v2", values(number), asked, {}, None, 0, 1):
        if found.done >= min(shown, found.total):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{found.done:>13,}  {peak:.0f} MiB  {time.process_time():.1f} s of processor time"
            )
            shown *= 10


def some() -> list[tuple[float, int]]:
    """The configurations of a loop."""
    return [(width, int(side)) for width, side in product(*values(LOOPED).values())]


def summarize() -> Timed:
    def run() -> int:
        options = [({"width": width}, [3, side, side]) for width, side in some()]
        reports = [cnncalc.summarize("mobilenet_v2", settings=a, input=b) for a, b in options]
        return len([report.totals.macs for report in reports])

    return timed(run)


def tool(device: str, count: Callable[[Any, Any], object]) -> Timed:
    """Time a tool that counts PyTorch models, one for each configuration of the loop."""
    import torch

    models = []
    for width, side in some():
        with torch.device(device):
            model = cnncalc.to_torch(
                "mobilenet_v2", settings={"width": width}, input=[3, side, side]
            )
            models.append((model.eval(), torch.empty(1, 3, side, side)))
    return timed(lambda: len([count(model, x) for model, x in models]))


def torchinfo() -> Timed:
    from torchinfo import summary

    return tool("meta", lambda model, x: summary(model, input_data=x, device="meta", verbose=0))


def fvcore() -> Timed:
    from fvcore.nn import FlopCountAnalysis

    def count(model: Any, x: Any) -> object:
        return FlopCountAnalysis(model, x).unsupported_ops_warnings(False).total()

    return tool("cpu", count)


@contextmanager
def dask() -> Iterator[str]:
    """The address of a scheduler with a worker for each core, all on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        options = ["--scheduler-file", str(file), "--no-dashboard"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        commands = [
            ["dask_scheduler", "--host", "127.0.0.1", "--port", "0"],
            *[["dask_worker", "--nthreads", "1", "--no-nanny"]] * (os.cpu_count() or 1),
        ]
        running = [
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{name}", *more, *options], **quiet
            )
            for name, *more in commands
        ]
        try:
            while not file.exists():
                time.sleep(0.1)
            time.sleep(10)  # the workers import what they need
            yield json.loads(file.read_text())["address"]
        finally:
            for process in running:
                process.kill()
                process.wait()


def on_dask(number: int) -> Timed:
    import distributed  # noqa: F401  # main() leaves Dask out if this fails

    with dask() as address, cluster(address) as executor:
        return sweep(number, executor=executor)


def main() -> None:
    parser = argparse.ArgumentParser(description="Configurations per second of a sweep.")
    parser.add_argument("number", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    cores = os.cpu_count() or 1
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    if given.memory:
        memory(given.number)
        return
    candidates: dict[str, Callable[[], Timed]] = {
        "loop of summarize": summarize,
        "arrays on one core": lambda: sweep(given.number),
        f"processes, {cores} of them": lambda: sweep(given.number, jobs=cores),
        "loop of torchinfo": torchinfo,
        "loop of fvcore": fvcore,
    }
    if given.dask:
        candidates[f"Dask workers, {cores} of them"] = lambda: on_dask(given.number)
    for name, run in candidates.items():
        try:
            done, seconds, used = run()
        except ImportError as why:
            print(f"{name:22} left out: {why}")
        else:
            alone = (
                "" if "of them" in name else f", {done / used:,.1f} per second of processor time"
            )
            print(f"{name:22} {done:>9,} in {seconds:>6.2f} s: {done / seconds:>9,.1f}/s{alone}")


if __name__ == "__main__":
    main()
