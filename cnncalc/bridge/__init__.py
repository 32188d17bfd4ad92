"""Bridges to frameworks. No other package imports a framework, and this one only when it is
used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Unpack

from cnncalc.analysis.report import Report
from cnncalc.api import Options, Target, report_of
from cnncalc.core.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.bridge.verification import Verification

INSTALL = "this needs PyTorch: pip install 'cnncalc[torch]'"


def to_torch(target: Target, **options: Unpack[Options]) -> Any:
    """The network as a ``torch.nn.Module`` that runs and trains.

    ``target`` is a report, or anything that ``summarize`` accepts, with its options. Parameters are
    named after the layers; several inputs are passed in order, and several outputs are returned as
    a tuple. Under ``with torch.device("meta")`` nothing is allocated. Raises UsageError without
    PyTorch.
    """
    return _load("network").Network(report_of(target, options))


def verify(
    target: Target,
    device: str = "auto",
    *,
    training: bool = True,
    receptive_field: bool = False,
    **options: Unpack[Options],
) -> Verification:
    """Run a network in PyTorch, forward and backward, and compare every number with its report.

    ``target`` is a report, or anything that ``summarize`` accepts, with its options. ``device`` is
    auto, cpu, cuda, mps or meta; auto picks a GPU if there is one, otherwise the CPU, and meta for
    large networks. ``training=False`` runs the layers in eval mode, with gradients.
    ``receptive_field`` also compares the receptive field, which takes many more runs. Raises
    UsageError without PyTorch, and if the network cannot run on that device.
    """
    checked: Verification = _load("verification").verify(
        report_of(target, options), device, training=training, receptive_field=receptive_field
    )
    return checked


def torch_source(report: Report) -> str:
    """The network as the text of a PyTorch program that does not need cnncalc.

    Raises UsageError without PyTorch.
    """
    written: str = _load("source").source(report)
    return written


def _load(name: str) -> Any:
    """A module of this package that imports PyTorch; raises UsageError if it is not installed."""
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as missing:
        if missing.name != "torch":
            raise
        raise UsageError(INSTALL) from None
