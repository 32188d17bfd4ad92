"""Measurements that need CUDA: the time of each layer, and the allocator's memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from cnncalc import footprint
from cnncalc.analysis.report import Report
from cnncalc.bridge.network import Network
from cnncalc.core.errors import UsageError


class Measured(NamedTuple):
    """A figure that is reported but compared with nothing: a measurement, or a part of one."""

    layer: str
    quantity: str
    value: int


def measure(report: Report, network: Network, inputs: list[Tensor]) -> Iterator[Measured]:
    """Measure a forward pass at inference on CUDA, after a warm-up pass.

    Yields the microseconds of every layer, then the peak bytes of the allocator and their parts:
    what rounding to blocks of 512 bytes adds and, if the network's memory can be modelled, the
    modelled bytes (parameters, buffers, and activations as on the CPU) and the rest, such as
    workspaces.
    """
    network.eval()
    with torch.no_grad():
        network(*inputs)
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        with _timed(report, network) as events:
            network(*inputs)
        torch.cuda.synchronize()
    for name, (begin, end) in events.items():
        yield Measured(name, "microseconds", round(1000 * begin.elapsed_time(end)))
    resident = sum(tensor.nbytes for tensor in (*network.parameters(), *network.buffers()))
    yield from _parts(resident, report)


def _parts(resident: int, report: Report) -> Iterator[Measured]:
    statistics = torch.cuda.memory_stats()
    allocated = statistics["allocated_bytes.all.peak"]
    requested = statistics["requested_bytes.all.peak"]
    yield Measured("total", "allocator_peak", allocated)
    yield Measured("total", "rounding", allocated - requested)
    try:
        modelled = resident + footprint.inference_peak(report).bytes
    except UsageError:
        return
    yield Measured("total", "modelled", modelled)
    yield Measured("total", "not_modelled", requested - modelled)


@contextmanager
def _timed(report: Report, network: Network) -> Iterator[dict[str, tuple[Any, Any]]]:
    """A context that records a CUDA event before and after every layer. Yields the events by
    layer."""
    events = {row.name: (_event(), _event()) for row in report.layers}

    def begins(name: str, _: object) -> None:
        events[name][0].record()

    def ends(name: str, _: object) -> None:
        events[name][1].record()

    network._before.append(begins)
    network._after.append(ends)
    try:
        yield events
    finally:
        network._before.remove(begins)
        network._after.remove(ends)


def _event() -> Any:
    return torch.cuda.Event(enable_timing=True)
