"""The report that users get: rows and totals, with methods for memory, tables and pictures."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from cnncalc.analysis import report, walk
from cnncalc.core.cost import Cost
from cnncalc.core.errors import UsageError
from cnncalc.spec.graph import Graph

if TYPE_CHECKING:
    from cnncalc.conventions.convention import Count
    from cnncalc.footprint import Memory
    from cnncalc.footprint.arena import Arena
    from cnncalc.render.pictures import Picture


class Totals(Cost):
    """The total costs of a network, and the bytes that PyTorch needs to run and train it.

    The bytes come from ``Report.memory`` when they are first read; reading them raises UsageError
    for a network whose memory is not modelled.
    """

    report: "Report"

    @property
    def saved_for_backward(self) -> int:
        """The bytes that autograd keeps between the forward and the backward pass."""
        return self.report.memory.saved_for_backward

    @property
    def inference_peak(self) -> int:
        """The peak bytes of live activations in a forward pass without gradients."""
        return self.report.memory.inference_bytes

    @property
    def training_peak(self) -> int:
        """The peak bytes of a training step: parameters, gradients, state and activations."""
        return self.report.memory.training_bytes


class Report(report.Report):
    """The report of a network: one row per layer, with totals, memory and a table.

    Iterate over a report for its layers, index it by name for one layer, and ``print`` it for the
    table.
    """

    @cached_property
    def totals(self) -> Totals:
        """The sum of all costs, including the inputs' activations."""
        totals = Totals(*super().totals)
        totals.report = self
        return totals

    @cached_property
    def memory(self) -> "Memory":
        """The memory that PyTorch needs to run the network and to train it with SGD
        (docs/memory.md).

        Raises UsageError for a network whose memory is not modelled.
        """
        from cnncalc.footprint import measure

        return measure(self)

    @cached_property
    def arena(self) -> "Arena":
        """The memory that a microcontroller needs to run the network in int8 (docs/memory.md).

        Raises UsageError for a network whose number of weights is not known.
        """
        from cnncalc.footprint.arena import arena

        return arena(self)

    def under(self, convention: str) -> "Count":
        """The total that another tool prints, with its parts (docs/reconcile.md).

        Raises UsageError for an unknown convention, and if it is not known what the tool counts.
        """
        from cnncalc import conventions

        return conventions.count(convention, self)

    def draw(self, style: str = "graph", **options: Any) -> "Picture":
        """A picture, shown in a notebook; ``save("net.svg")`` writes a file (docs/pictures.md).

        ``style`` and the options are those of ``cnncalc draw``: ``depth``, ``only``, ``label``,
        ``colour`` and others. Raises UsageError for an unknown style or option.
        """
        from cnncalc.render.pictures import picture

        return picture(self, style, **options)

    def __str__(self) -> str:
        """The table of ``cnncalc summarize``, as wide as when it is piped."""
        from cnncalc.render.formats import table
        from cnncalc.render.view import View

        return table.render(View(self)).rstrip("\n")

    def _repr_html_(self) -> str:
        """The table in a notebook."""
        from cnncalc.render.formats import html
        from cnncalc.render.view import View

        return html.piece(View(self))


def analyze(graph: Graph, *, batch: int = 1, dtype: str | None = None) -> Report:
    """The report of a graph; see ``cnncalc.analysis.walk.analyze`` for what it raises."""
    if not isinstance(graph, Graph):
        raise UsageError(f"analyze needs a graph, not {graph!r:.60}", "call summarize instead")
    found = walk.analyze(graph, batch=batch, dtype=dtype)
    return Report(**vars(found))
