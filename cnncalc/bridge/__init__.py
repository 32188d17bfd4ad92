"""Bridges to frameworks: the only part that imports one, and only when it is used.

What stands here needs no framework to be imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.report import Report
from cnncalc.core.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.bridge.verification import Verification
    from cnncalc.core.shape import Layout
    from cnncalc.spec.values import Shapes

INSTALL = "this needs PyTorch: pip install 'cnncalc[torch]'"


def to_torch(
    target: Report | str | os.PathLike[str] | Mapping[str, Any],
    *,
    input: Shapes | Mapping[str, Shapes] | None = None,
    settings: Mapping[str, Any] | None = None,
    layout: Layout = "chw",
) -> Any:
    """The network as a ``torch.nn.Module`` that runs and trains.

    ``target`` is a report, or whatever ``summarize`` takes, with its ``input``, ``settings`` and
    ``layout``. The parameters are named after the layers; several inputs are given in order, and
    several outputs come as a tuple. Under ``with torch.device("meta")`` nothing is allocated.

    Raises UsageError without PyTorch.
    """
    if not isinstance(target, Report):
        from cnncalc.api import summarize

        target = summarize(target, input=input, settings=settings, layout=layout)
    return _load("network").Network(target)


def verify(
    report: Report, device: str = "auto", *, training: bool = True, receptive_field: bool = False
) -> Verification:
    """Run the network in PyTorch, forward and back, and hold what it says against the report.

    ``device`` is auto, cpu, cuda, mps or meta; auto takes a GPU if there is one, else the CPU, and
    meta for what is large. Without ``training`` layers run as in inference, with gradients. The
    ``receptive_field`` takes many runs more.

    Raises UsageError without PyTorch, and where the network cannot be run there.
    """
    checked: Verification = _load("verification").verify(
        report, device, training=training, receptive_field=receptive_field
    )
    return checked


def torch_source(report: Report) -> str:
    """The network as the text of a PyTorch program, which imports nothing of this package.

    Raises UsageError without PyTorch.
    """
    written: str = _load("source").source(report)
    return written


def _load(name: str) -> Any:
    """A module of this package that imports PyTorch; raises UsageError where there is none."""
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as missing:
        if missing.name != "torch":
            raise
        raise UsageError(INSTALL) from None
