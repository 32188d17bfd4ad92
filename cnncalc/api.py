"""The library in one call: from anything that describes a network to its report."""

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cnncalc.analysis import report, walk
from cnncalc.core.cost import Cost
from cnncalc.core.shape import Layout, layout_of
from cnncalc.spec import load
from cnncalc.spec.graph import Graph, build
from cnncalc.spec.text import Item
from cnncalc.spec.values import Shapes

if TYPE_CHECKING:
    from cnncalc.conventions.convention import Count
    from cnncalc.footprint import Memory

__all__ = ["Report", "Totals", "analyze", "build", "load", "summarize"]


class Totals(Cost):
    """The sums of a network, and the bytes that PyTorch needs to run and train it.

    The bytes come from ``Report.memory`` when they are first read; reading them raises UsageError
    for a network whose memory is not modelled.
    """

    report: "Report"

    @property
    def saved_for_backward(self) -> int:
        """The bytes that autograd saves between the forward and the backward pass."""
        return self.report.memory.saved_for_backward

    @property
    def inference_peak(self) -> int:
        """The peak bytes of live activations in a forward pass without gradients."""
        return self.report.memory.inference_peak.bytes

    @property
    def training_peak(self) -> int:
        """The peak bytes of a training step: parameters, gradients, state and activations."""
        return self.report.memory.training_peak.bytes


class Report(report.Report):
    """The report of a network: one row per layer, with totals, memory and a table.

    Iterate over it for the layers, index it by name for one of them, ``print`` it for the table.
    """

    @cached_property
    def totals(self) -> Totals:
        """Everything added up, including the inputs' activations."""
        totals = Totals(*super().totals)
        totals.report = self
        return totals

    @cached_property
    def memory(self) -> "Memory":
        """What PyTorch needs to train it with SGD (docs/memory.md).

        Raises UsageError for a network whose memory is not modelled.
        """
        from cnncalc.footprint import measure

        return measure(self)

    def under(self, convention: str) -> "Count":
        """The total that another tool prints, with its parts (docs/reconcile.md).

        Raises UsageError for an unknown convention, and where it is not known what the tool counts.
        """
        from cnncalc.conventions import count_report

        return count_report(convention, self)

    def __str__(self) -> str:
        """The table of ``cnncalc summarize``, 100 columns wide."""
        from cnncalc.render.formats import table
        from cnncalc.render.view import View

        return table.render(View(self)).rstrip("\n")

    def _repr_html_(self) -> str:
        """The table in a notebook."""
        from cnncalc.render.formats import html
        from cnncalc.render.view import View

        return html.piece(View(self))


def analyze(graph: Graph, *, batch: int = 1, dtype: str = "float32") -> Report:
    """The report of a graph; see ``cnncalc.analysis.walk.analyze`` for what it raises."""
    found = walk.analyze(graph, batch=batch, dtype=dtype)
    return Report(**vars(found))


def summarize(
    target: str | os.PathLike[str] | Mapping[str, Any] | Item,
    *,
    batch: int = 1,
    input: Shapes | Mapping[str, Shapes] | None = None,
    dtype: str = "float32",
    settings: Mapping[str, Any] | None = None,
    layout: Layout = "chw",
    tiny: bool = False,
    extends_anywhere: bool | None = None,
) -> Report:
    """Everything that can be counted about a network.

    ``target`` is a built-in's name, a path, the one-line notation, or a spec as plain data.
    ``input`` replaces the input's shape (``"3x256x256"``, or several by name), ``settings``
    replaces parameters of the spec, ``batch`` multiplies activations, MACs and operations.
    ``layout`` says how ``input`` is written (``chw`` or ``hwc``); specs are always channels first.
    ``tiny`` cuts the input to as few pixels as the network takes (``cnncalc.analysis.smallest``).
    ``extends_anywhere`` lets a spec extend files outside its own folder.

    Raises CnncalcError with a clear sentence for whatever cannot be used.

    >>> summarize("1x28x28-10N").totals.params
    7850
    """
    graph = build(
        load(target, extends_anywhere=extends_anywhere), settings, input, layout_of(layout)
    )
    if tiny:
        from cnncalc.analysis.smallest import smallest

        graph = smallest(graph)
    return analyze(graph, batch=batch, dtype=dtype)
