"""The devices on which PyTorch can run a network, and the networks that fit on them."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from cnncalc import footprint
from cnncalc.analysis.report import Report
from cnncalc.core import units
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import UsageError, unknown

DEVICES = ("auto", "cpu", "cuda", "mps", "meta")

MAX_MACS = 3 * 10**10
"""Beyond this, ``auto`` picks the meta device instead of the CPU, which would take more than a few
seconds."""

MAX_NUMBERS = 2**60
"""A tensor with this many 8-byte elements has more bytes than PyTorch's int64 can count."""

CONTAINER = Path("/sys/fs/cgroup/memory.max")
"""The file in which Linux stores a container's memory limit."""


class Remedies(NamedTuple):
    """What to do about a device that is not there, too little memory, and tensors that are too
    large for PyTorch."""

    absent: str = "use --device cpu or meta"
    full: str = "--device meta checks it without allocating anything, --tiny with a smaller input"
    beyond: str = "try a smaller --batch or --input, or --tiny"


OF_VERIFY = Remedies()


def choose(report: Report, asked: str, remedies: Remedies = OF_VERIFY, trains: bool = True) -> str:
    """The device to run on, by default for training; raises UsageError, with the remedy of the
    command, if it does not exist or is too small, or if a tensor is too large for PyTorch."""
    if asked not in DEVICES:
        meant = "cuda" if asked == "gpu" else asked
        raise unknown("device", asked, DEVICES, meant)
    require(asked, remedies)
    if asked == "auto":
        asked = "cuda" if torch.cuda.is_available() else "cpu"
        large = asked == "cpu" and report.totals.macs > MAX_MACS
        asked = "meta" if large or _too_large(report, asked, trains) else asked
    if refusal := _too_large(report, asked, trains):
        raise UsageError(refusal, remedies.full)
    if refusal := _too_many(report):
        raise UsageError(refusal, remedies.beyond)
    return asked


def require(device: str, remedies: Remedies) -> None:
    """Raise UsageError, with the remedy of the command, for a device that PyTorch does not see."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not present.get(device, True):
        raise UsageError(f"PyTorch sees no {device} device here", remedies.absent)


@contextmanager
def on(device: str, dtype: torch.dtype) -> Iterator[str]:
    """A context in which tensors are created on this device with this dtype by default. Yields the
    device that they report: for the meta device the CPU, because PyTorch then does what it does on
    the CPU, with tensors that hold no data."""
    place: AbstractContextManager[Any] = nullcontext()
    if device == "meta":
        place, device = FakeTensorMode(), "cpu"
    elif device != "cpu":
        place = torch.device(device)
    with place, of(dtype):
        yield device


@contextmanager
def of(dtype: torch.dtype) -> Iterator[None]:
    """A context in which tensors are created with this dtype by default."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(usual)


def dtype_of(report: Report) -> torch.dtype:
    """A report's dtype in PyTorch; raises UsageError if PyTorch's layers do not support it."""
    dtype = getattr(torch, report.dtype, None)
    if isinstance(dtype, torch.dtype) and dtype.is_floating_point:
        return dtype
    raise UsageError(
        f"PyTorch's layers do not compute in {report.dtype}; use float32, float64, bfloat16 or "
        "float16"
    )


def is_full(why: Exception) -> bool:
    """Whether PyTorch ran out of memory. On the CPU, there is no special type of error for that."""
    full = (torch.OutOfMemoryError, MemoryError)
    return isinstance(why, full) or "allocate memory" in str(why) or "enough memory" in str(why)


def _too_large(report: Report, device: str, trains: bool) -> str:
    """The error, with numbers, for a network that cannot fit; empty if it may fit."""
    there, needs = _memory(device), _needs(report, device, trains)
    needed = sum(needs.values())
    if there is None or needed <= there:
        return ""
    listed = ", ".join(f"{units.in_bytes(number)} for {what}" for what, number in needs.items())
    return (
        f"{report.name} needs at least {units.in_bytes(needed)} ({listed}), and {device} has "
        f"{units.in_bytes(there)}{' free' * (device == 'cuda')}"
    )


def _needs(report: Report, device: str, trains: bool) -> dict[str, int]:
    """The bytes that a network needs, by what they are for."""
    needs = {"parameters": report.totals.parameter_bytes}
    if trains and device == "cpu":  # to compare the bytes, verify runs a second copy of the network
        needs["a second copy of them"] = report.totals.parameter_bytes
    if trains:
        needs["gradients"] = report.totals.trainable * BYTES[report.dtype]
    return {**needs, "activations": _activations(report, trains)}


def _too_many(report: Report) -> str:
    """The error for tensors that PyTorch cannot create on any device; empty if there are none."""
    for row in report.rows:
        params = row.cost.params + row.cost.fixed
        numbers = max(params, row.output.elements * report.batch)
        if numbers >= MAX_NUMBERS:
            return (
                f"{report.name}: layer {row.name!r} has {units.exact(numbers)} numbers in its "
                f"{'parameters' if numbers == params else 'output'}, more than a PyTorch tensor "
                "can have"
            )
    return ""


def _activations(report: Report, trains: bool) -> int:
    """A lower bound on the bytes of activations that a forward pass needs, in training with a
    backward pass."""
    try:
        saved = footprint.saved_for_backward(report) if trains else ()
        return max(sum(one.bytes for one in saved), footprint.inference_peak(report).bytes)
    except UsageError:  # not modelled: one layer's input and output
        widest = max(sum(one.elements for one in (*row.inputs, row.output)) for row in report.rows)
        return widest * report.batch * BYTES[report.dtype]


def _memory(device: str) -> int | None:
    """The bytes of memory of a device, on CUDA only the free ones; None if unknown or, on the meta
    device, not needed."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return _main_memory() if device in {"cpu", "mps"} else None


def _main_memory() -> int | None:
    """The bytes of memory of the machine or of its container; None if the system does not report
    it."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    try:
        return min(machine, int(CONTAINER.read_text()))
    except (ValueError, OSError):  # "max": no limit
        return machine
