"""Measure cnncalc's speed as ratios within one run; see README.md in this folder."""

import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NETWORKS = ("vgg16", "resnet152")
BARE = "import typer, yaml"
TORCHINFO = f"""
import sys; sys.path.insert(0, {str(HERE)!r})
import torch, torchinfo, networks
with torch.device("meta"):
    model = networks.{{0}}()
torchinfo.summary(model, input_size=(1, 3, 224, 224), device="meta", verbose=1)
"""


def process(code_or_args: list[str]) -> tuple[float, int]:
    """The processor time of a fresh Python process in seconds, and its peak memory in KiB."""
    measured = (
        "import resource, subprocess, sys; "
        "subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.DEVNULL, check=True); "
        "u = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(u.ru_utime + u.ru_stime, u.ru_maxrss)"
    )
    # With this variable set, every run would compile all modules again.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    out = subprocess.run(
        [sys.executable, "-c", measured, *code_or_args],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout.split()
    return float(out[0]), int(out[1])


def interleaved(runs: int, *candidates: list[str]) -> list[tuple[float, int]]:
    """The median time and the peak memory of each candidate; the candidates take turns."""
    measured: list[list[tuple[float, int]]] = [[] for _ in candidates]
    for index in range(runs + 1):
        for results, candidate in zip(measured, candidates, strict=True):
            result = process(candidate)
            if index:  # the first round only warms up
                results.append(result)
    return [
        (statistics.median(t for t, _ in results), max(m for _, m in results))
        for results in measured
    ]


def best(function: Callable[[], object], runs: int = 20) -> float:
    """The shortest of several runs, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def whole_processes() -> None:
    print("\nwhole process (processor time, median of interleaved runs)")
    for name in NETWORKS:
        ours = ["-m", "cnncalc", "summarize", name]
        (mine, memory), (bare, _) = interleaved(9, ours, ["-c", BARE])
        (again, _), (theirs, _) = interleaved(3, ours, ["-c", TORCHINFO.format(name)])
        print(
            f"  summarize {name:10} {mine / bare:5.2f} x {BARE}; "
            f"torchinfo takes {theirs / again:5.1f} x as long; {memory / 1024:.0f} MiB resident"
        )


def files_in_and_out() -> None:
    import tempfile

    import cnncalc

    print("\nwhole process, beside that of summarize resnet50")
    with tempfile.TemporaryDirectory() as folder:
        model, picture = Path(folder) / "resnet50.onnx", Path(folder) / "resnet50.svg"
        model.write_bytes(cnncalc.to_onnx("resnet50"))
        (table, _), (read, memory), (drawn, _) = interleaved(
            9,
            ["-m", "cnncalc", "summarize", "resnet50"],
            ["-m", "cnncalc", "summarize", str(model)],
            ["-m", "cnncalc", "draw", "resnet50", "-o", str(picture)],
        )
    print(f"  summarize resnet50.onnx {read / table:5.2f} x; {memory / 1024:.0f} MiB resident")
    print(f"  draw resnet50 -o FILE   {drawn / table:5.2f} x")


def in_process() -> None:
    import torch
    import torchinfo
    from torch.utils.flop_counter import FlopCounterMode

    import cnncalc

    sys.path.insert(0, str(HERE))
    import networks

    print("\nanalysis in process, from a built graph")
    for name in NETWORKS:
        spec = cnncalc.load(name)
        graph = cnncalc.build(spec)
        expanding = best(lambda spec=spec: cnncalc.build(spec))
        mine = best(lambda graph=graph: cnncalc.analyze(graph))
        with torch.device("meta"):
            model = getattr(networks, name)().eval()
            image = torch.empty(1, 3, 224, 224)

        def count(model=model, image=image) -> None:
            with FlopCounterMode(display=False):
                model(image)

        def summary(model=model) -> None:
            torchinfo.summary(model, input_size=(1, 3, 224, 224), device="meta", verbose=0)

        print(
            f"  {name:10} {mine * 1e3:5.2f} ms; building the graph {expanding / mine:4.2f} x, "
            f"torchinfo {best(summary, 5) / mine:5.0f} x, "
            f"FlopCounterMode {best(count, 5) / mine:5.0f} x"
        )


def growth() -> None:
    import cnncalc

    print("\ngrowth: a chain of n convolutions and ReLUs, from spec to totals")
    cnncalc.summarize(_chain(2))  # import everything first
    for n in (100, 1_000, 5_000):
        start = time.perf_counter()
        report = cnncalc.summarize(_chain(n))
        assert report.totals.params == n // 2 * (8 * 8 * 9 + 8)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  {n:7,} layers  {seconds / n * 1e6:6.2f} µs a layer, {peak:5.0f} MiB peak so far")


def _chain(n: int) -> dict[str, Any]:
    conv = {"conv": {"out_channels": 8, "kernel_size": 3, "padding": 1}}
    return {
        "input": "8x32x32",
        "blocks": {"pair": {"layers": [conv, "relu"]}},
        "layers": [{"pair": None, "repeat": n // 2}],
    }


def main() -> None:
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}")
    growth()
    whole_processes()
    files_in_and_out()
    in_process()


if __name__ == "__main__":
    main()
