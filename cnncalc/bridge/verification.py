"""What PyTorch says of a network, beside what was calculated."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from cnncalc import units
from cnncalc.bridge.network import Network
from cnncalc.cost import BYTES, Cost
from cnncalc.errors import UsageError, did_you_mean, one_of
from cnncalc.report import Report

VERSION = 1
"""The version of ``to_dict``."""

DEVICES = ("auto", "cpu", "cuda", "mps", "meta")

MOST_MACS = 10**11
"""``auto`` takes the meta device beyond this: the CPU would be busy for more than some seconds."""

HELD = ("weights", "biases", "fixed", "buffers")
"""The counts of what a layer holds."""

Told = int | str | tuple[int, ...]


class Check(NamedTuple):
    """One quantity of one layer (or of the whole, named ``total``), from both sides."""

    layer: str
    quantity: str
    calculated: Told
    pytorch: Told

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same."""
        return self.calculated == self.pytorch


@dataclass(frozen=True)
class Verification:
    """All that was compared of a network."""

    name: str
    device: str
    dtype: str
    batch: int
    torch: str
    checks: tuple[Check, ...]

    @cached_property
    def disagreements(self) -> tuple[Check, ...]:
        """What the two sides say differently."""
        return tuple(check for check in self.checks if not check.agrees)

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.disagreements

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/verify.md)."""
        return {
            "format": "cnncalc.verification",
            "version": VERSION,
            "name": self.name,
            "device": self.device,
            "dtype": self.dtype,
            "batch": self.batch,
            "torch": self.torch,
            "agrees": self.agrees,
            "checks": [{**check._asdict(), "agrees": check.agrees} for check in self.checks],
        }


class Seen(NamedTuple):
    """What one layer was seen to do in a forward pass."""

    output: tuple[int, ...]
    macs: int


def verify(report: Report, device: str = "auto") -> Verification:
    """Build the network in PyTorch, run it forward without gradients, and compare.

    Raises UsageError where it cannot be run on that device.
    """
    where = _device(report, device)
    checks: list[Check] = []
    try:
        with torch.device(where):
            network = Network(report).to(_dtype(report.dtype)).eval()
        checks = [*_run(report, network, where), *_held(report, network)]
    except (torch.OutOfMemoryError, MemoryError):
        raise UsageError(
            f"{report.name} does not fit into the memory of {where}; a smaller --batch needs less, "
            "--device meta none"
        ) from None
    except NotImplementedError as why:
        raise UsageError(f"PyTorch cannot run {report.name} on {where}: {_first(why)}") from None
    except (RuntimeError, ValueError) as why:  # PyTorch refuses a layer that was taken here
        checks = [Check("total", "builds", "yes", f"no: {_first(why)}")]
    return Verification(
        report.name, where, report.dtype, report.batch, torch.__version__, tuple(checks)
    )


def _first(why: Exception) -> str:
    """The first line of what PyTorch says."""
    return str(why).strip().split("\n")[0]


def _run(report: Report, network: Network, device: str) -> Iterator[Check]:
    """A forward pass: the shapes and MACs of all layers that it comes to."""
    seen: dict[str, Seen] = {}
    inputs = [
        torch.zeros(report.batch, *shape.dimensions, dtype=_dtype(report.dtype), device=device)
        for shape in report.input_shapes.values()
    ]
    counter = FlopCounterMode(display=False)
    refusal = ""
    with torch.no_grad(), counter, _watched(report, network, counter, seen):
        try:
            network(*inputs)
        except (torch.OutOfMemoryError, NotImplementedError):
            raise
        except (RuntimeError, ValueError) as why:
            if "can't allocate memory" in str(why):  # the CPU has no error of its own for it
                raise MemoryError from None
            refusal = _first(why)
    for row in report.layers:
        if row.name not in seen:  # the first that was not run to its end
            yield Check(row.name, "runs", "yes", f"no: {refusal}")
            return
        output, macs = seen[row.name]
        yield Check(row.name, "output", (report.batch, *row.output.dimensions), output)
        yield Check(row.name, "macs", row.cost.macs, macs)
    yield Check("total", "macs", report.totals.macs, _macs(counter))


def _macs(counter: FlopCounterMode) -> int:
    """PyTorch counts two operations for each multiply-accumulate."""
    flops: int = counter.get_total_flops()
    return flops // 2


@contextmanager
def _watched(
    report: Report, network: Network, counter: FlopCounterMode, seen: dict[str, Seen]
) -> Iterator[None]:
    """Note what every layer puts out and how much it multiplies, while this lasts."""
    before: dict[str, int] = {}
    handles = []
    for row in report.layers:

        def starts(module: nn.Module, inputs: Any, name: str = row.name) -> None:
            before[name] = _macs(counter)

        def ends(module: nn.Module, inputs: Any, y: Tensor, name: str = row.name) -> None:
            seen[name] = Seen(tuple(y.shape), _macs(counter) - before[name])

        layer = network.get_submodule(row.name)
        handles.append(layer.register_forward_pre_hook(starts))
        handles.append(layer.register_forward_hook(ends))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _held(report: Report, network: Network) -> Iterator[Check]:
    """What every layer holds, and the whole."""
    for row in report.layers:
        yield from _compared(row.name, row.cost, network.get_submodule(row.name))
    yield from _compared("total", report.totals, network)


def _compared(name: str, cost: Cost, module: nn.Module) -> Iterator[Check]:
    told = dict.fromkeys(HELD, 0)
    for parameter_name, parameter in module.named_parameters():
        trained = "biases" if parameter_name.endswith("bias") else "weights"
        told[trained if parameter.requires_grad else "fixed"] += parameter.numel()
    told["buffers"] = sum(buffer.numel() for buffer in module.buffers())
    for quantity in HELD:
        yield Check(name, quantity, getattr(cost, quantity), told[quantity])


# Where it runs.


def _device(report: Report, asked: str) -> str:
    """The device to run on; raises UsageError where it is not there or too small."""
    if asked not in DEVICES:
        hint = did_you_mean(asked, DEVICES) or f"; a device is {one_of(DEVICES)}"
        raise UsageError(f"no device {asked!r}{hint}")
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not present.get(asked, True):
        raise UsageError(f"PyTorch sees no {asked} device here; --device cpu or meta runs anywhere")
    if asked == "auto":
        asked = "cuda" if present["cuda"] else "cpu"
        large = asked == "cpu" and report.totals.macs > MOST_MACS
        return "meta" if large or _too_large(report, asked) else asked
    if refusal := _too_large(report, asked):
        raise UsageError(refusal)
    return asked


def _too_large(report: Report, device: str) -> str:
    """Why the network cannot fit there, with the numbers; nothing where it may."""
    memory = _memory(device)
    size = BYTES[report.dtype]
    widest = max(sum(shape.elements for shape in (*row.inputs, row.output)) for row in report.rows)
    parameters = report.totals.parameter_bytes
    needed = parameters + (report.totals.buffers + widest * report.batch) * size
    if memory is None or needed <= memory:
        return ""
    return (
        f"{report.name} needs at least {units.in_bytes(needed)} "
        f"({units.in_bytes(parameters)} of it for parameters), and {device} has "
        f"{units.in_bytes(memory)}; --device meta checks it without allocating anything"
    )


def _memory(device: str) -> int | None:
    """The bytes that a device has free, None where they are not known or not needed."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return _main_memory() if device in {"cpu", "mps"} else None


def _main_memory() -> int | None:
    """The bytes of the machine's memory; None where the system does not say."""
    import os

    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _dtype(name: str) -> torch.dtype:
    """PyTorch's dtype; raises UsageError for one that no layer computes in."""
    dtype = getattr(torch, name, None)
    if isinstance(dtype, torch.dtype) and dtype.is_floating_point:
        return dtype
    raise UsageError(f"PyTorch's layers do not compute in {name}; float32 and its like can be run")
