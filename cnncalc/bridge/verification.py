"""Build and run a network in PyTorch, and compare PyTorch's numbers with the calculated ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from cnncalc.analysis.report import Report
from cnncalc.bridge import devices, gpu
from cnncalc.bridge.gpu import Measured
from cnncalc.bridge.importing import Read
from cnncalc.bridge.network import Network
from cnncalc.bridge.original import compare, compare_saved, constants
from cnncalc.bridge.quantities import QUANTITIES, Check, Ran, Skipped
from cnncalc.bridge.trial import Trial, first_line
from cnncalc.core.errors import UsageError

VERSION = 1
"""The version of ``to_dict``."""


@dataclass(frozen=True)
class Verification:
    """The result of ``verify``: what was compared, what was skipped, and what was only measured."""

    name: str
    device: str
    dtype: str
    batch: int
    training: bool
    torch: str
    checks: tuple[Check, ...]
    skipped: tuple[Skipped, ...] = ()
    measured: tuple[Measured, ...] = ()
    warnings: tuple[str, ...] = ()

    @cached_property
    def disagreements(self) -> tuple[Check, ...]:
        """The comparisons whose two sides differ."""
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
            "training": self.training,
            "torch": self.torch,
            "agrees": self.agrees,
            "checks": [{**check._asdict(), "agrees": check.agrees} for check in self.checks],
            "skipped": [one._asdict() for one in self.skipped],
            "measured": [one._asdict() for one in self.measured],
            "warnings": list(self.warnings),
        }


def verify(
    report: Report,
    device: str = "auto",
    *,
    training: bool = True,
    receptive_field: bool = False,
    original: Read | None = None,
) -> Verification:
    """Build the network in PyTorch, run it forward and backward, and compare the numbers.

    ``device`` is auto, cpu, cuda, mps or meta. With ``training=False``, layers run in eval mode.
    ``receptive_field`` adds the receptive field, which takes several more runs. If the network was
    read from an ``original`` model, its outputs and what autograd saves are compared with those of
    the original as well.

    Raises UsageError if the network cannot run on the device, or if it is not known what one of its
    layers computes.
    """
    if report.opaque:
        row = report.opaque[0]
        raise UsageError(
            f"{report.name} cannot be compared: it is not known what layer {row.name!r} "
            f"({row.kind}) computes"
        )
    where, dtype = devices.choose(report, device), devices.dtype_of(report)
    wanted = [name for name in QUANTITIES if name != "receptive_field" or receptive_field]
    try:
        with devices.on(where, dtype) as tensors:
            given = constants(original) if original is not None else {}
            found = list(_compared(report, given, where, tensors, training, wanted))
            found = [_known(one, report, given) for one in found]
        if original is not None:
            # A copy runs first: a model may keep what it computes in its first run.
            found.append(compare_saved(original, report, where, training))
            found.append(compare(original, where))
    except NotImplementedError as why:
        raise UsageError(
            f"PyTorch cannot run {report.name} on {where}: {first_line(why)}"
        ) from None
    except (RuntimeError, MemoryError) as why:
        if not devices.is_full(why):
            raise
        raise UsageError(
            f"{report.name} does not fit in the memory of {where}; --tiny or a smaller --batch "
            "needs less memory, and --device meta needs none"
        ) from None
    place = {row.name: index for index, row in enumerate(report.layers)}
    found.sort(key=lambda one: place.get(one.layer, len(place)))
    return Verification(
        name=report.name,
        device=where,
        dtype=report.dtype,
        batch=report.batch,
        training=training,
        torch=torch.__version__,
        checks=tuple(one for one in found if isinstance(one, Check)),
        skipped=tuple(one for one in found if isinstance(one, Skipped)),
        measured=tuple(one for one in found if isinstance(one, Measured)),
        warnings=report.warnings,
    )


def _known(
    one: Check | Skipped | Measured, report: Report, given: Mapping[str, nn.Module]
) -> Check | Skipped | Measured:
    """The comparison, or a reason to skip it if it counts the products that compute a constant:
    those are not computed, because the constant is copied."""
    costly = {name for name in given if report[name].macs}
    products = isinstance(one, Check) and one.quantity in ("macs", "backward_macs")
    if products and costly and one.layer in (*costly, "total"):
        return Skipped(
            one.layer, one.quantity, "the constant is copied, so its products are not computed"
        )
    return one


def _compared(
    report: Report,
    given: Mapping[str, nn.Module],
    device: str,
    tensors: str,
    training: bool,
    wanted: Sequence[str],
) -> Iterator[Check | Skipped | Measured]:
    """Run a network, and yield the requested comparisons."""
    try:
        network = Network(report, given)
    except (RuntimeError, ValueError) as why:  # PyTorch refuses a layer that cnncalc accepts
        if devices.is_full(why):
            raise
        yield Check("total", "builds", "yes", f"no: {first_line(why)}")
        return
    inputs = [
        torch.zeros(report.batch, *shape.dimensions, device=tensors)
        for shape in report.input_shapes.values()
    ]
    trial = Trial(report, network, training)
    trial.run(*inputs)
    ran = Ran(report, network, trial, device, tensors)
    if not ran.whole:
        yield _stopped(ran)
    for quantity in wanted:
        yield from QUANTITIES[quantity](ran)
    if device == "cuda" and ran.whole:
        yield from gpu.measure(report, network, inputs)


def _stopped(ran: Ran) -> Check:
    """The failed comparison for the layer at which a run stopped.

    Raises UsageError if a larger batch, a larger input or eval mode would help.
    """
    refusal = ran.trial.refusal
    not_run = [row.name for row in ran.report.layers if row.name not in ran.trial.outputs]
    layer = (not_run or ["total"])[0]
    if "more than 1 value per channel" in refusal:
        # Without running statistics, eval mode measures them too.
        tracks = getattr(ran.network._layer(layer), "track_running_stats", False)
        fix = "--batch 2 or --eval" if tracks and ran.trial.training else "--batch 2"
        raise UsageError(
            f"{ran.report.name}: PyTorch cannot run layer {layer!r} with one value per "
            f"channel; use {fix}"
        )
    if "more than 1 spatial element" in refusal:
        raise UsageError(
            f"{ran.report.name}: PyTorch cannot train layer {layer!r} with one position per "
            "channel; use a larger --input or --eval"
        )
    return Check(layer, "runs", "yes", f"no: {refusal}")
