"""The time of a forward pass in PyTorch, for ``calibrate``."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from cnncalc.analysis.hardware.calibration import Measured
from cnncalc.analysis.report import Report
from cnncalc.bridge import devices
from cnncalc.bridge.network import Network
from cnncalc.core.errors import UsageError, unknown

DEVICES = tuple(name for name in devices.DEVICES if name != "meta")
SMALLER = "choose smaller 'networks', or a smaller 'batch'"
REMEDIES = devices.Remedies("set 'device' to cpu", SMALLER, SMALLER)
RUNS, SECONDS = 5, 1.0
"""The minimum number of runs of a network, and their minimum total time."""


def place(device: str) -> str:
    """The device to run on. Raises UsageError if no device has that name, or if PyTorch does not
    see it."""
    if device not in DEVICES:
        raise unknown("device", device, DEVICES, "cuda" if device == "gpu" else device)
    devices.require(device, REMEDIES)
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return device


@contextmanager
def using(threads: int | None) -> Iterator[None]:
    """A context in which PyTorch runs with this number of threads. Raises UsageError for an
    impossible number."""
    most = os.cpu_count() or 1
    if threads is not None and not 1 <= threads <= most:
        raise UsageError(f"threads must be from 1 to {most}, not {threads}")
    usual = torch.get_num_threads()
    torch.set_num_threads(threads or usual)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def describe(device: str) -> str:
    """A description of the device, without anything that identifies this machine."""
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    if device == "mps":
        return "Apple GPU"
    threads = torch.get_num_threads()
    return f"{platform.machine()} CPU, {threads} thread{'s' * (threads != 1)}"


def software() -> str:
    """The version of PyTorch."""
    return f"PyTorch {torch.__version__.partition('+')[0]}"


def measure(
    reports: Iterator[tuple[str, Report]], device: str, seen: Callable[[Measured], None]
) -> Iterator[Measured]:
    """The FLOPs and bytes of each network, and the time of its shortest forward pass at inference,
    after a warm-up pass.

    Raises UsageError for a network that cannot run on the device.
    """
    for name, report in reports:
        cost = report.totals
        found = Measured(name, cost.flops, cost.bytes_moved, _seconds(report, device))
        seen(found)
        yield found


def _seconds(report: Report, device: str) -> float:
    where = devices.choose(report, device, REMEDIES, trains=False)
    dtype = devices.dtype_of(report)
    try:
        with torch.inference_mode(), devices.on(where, dtype):
            network = Network(report).eval()
            shapes = report.input_shapes.values()
            inputs = [torch.zeros(report.batch, *shape.dimensions) for shape in shapes]
            return _shortest(network, inputs, where)
    except (RuntimeError, ValueError, MemoryError) as why:
        first = str(why).strip().split("\n")[0]
        raise UsageError(f"PyTorch cannot run {report.name} on {where}: {first}") from None


def _shortest(network: Network, inputs: list[Tensor], device: str) -> float:
    # Other programs disturb the processor time of a single thread less than they disturb the clock.
    alone = device == "cpu" and torch.get_num_threads() == 1
    clock = time.process_time if alone else time.perf_counter
    wait = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}.get(device, lambda: None)
    network(*inputs)
    wait()
    times: list[float] = []
    while len(times) < RUNS or sum(times) < SECONDS:
        begin = clock()
        network(*inputs)
        wait()
        times.append(clock() - begin)
    return min(times)
