"""The library in one call: from anything that means a network to its report."""

import os
from collections.abc import Mapping
from typing import Any

from cnncalc.analysis import analyze
from cnncalc.graph import build
from cnncalc.report import Report
from cnncalc.shape import Layout, layout_of
from cnncalc.spec import load
from cnncalc.spec.text import Item
from cnncalc.values import Shapes


def summarize(
    target: str | os.PathLike[str] | Mapping[str, Any] | Item,
    *,
    batch: int = 1,
    input: Shapes | Mapping[str, Shapes] | None = None,
    dtype: str = "float32",
    settings: Mapping[str, Any] | None = None,
    layout: Layout = "chw",
    tiny: bool = False,
) -> Report:
    """Everything that can be counted about a network.

    ``target`` is a built-in's name, a path, the one-line notation, or a spec as plain data.
    ``input`` replaces the input's shape (``"3x256x256"``, or several by name), ``settings``
    replaces parameters of the spec, ``batch`` multiplies activations, MACs and operations.
    ``layout`` says how ``input`` is written (``chw`` or ``hwc``); specs are always channels first.
    ``tiny`` cuts the input to as few pixels as the network takes (``cnncalc.smallest``).

    Raises CnncalcError with a clear sentence for whatever cannot be used.

    >>> summarize("1x28x28-10N").totals.params
    7850
    """
    graph = build(load(target), settings, input, layout_of(layout))
    if tiny:
        from cnncalc.smallest import smallest

        graph = smallest(graph)
    return analyze(graph, batch=batch, dtype=dtype)


def _drawn(report: Report) -> str:
    from cnncalc.render import html
    from cnncalc.view import View

    return html.piece(View(report))


def _measured(report: Report) -> Any:
    from cnncalc.memory import measure

    return measure(report)


Report.drawing = staticmethod(_drawn)
Report.measuring = staticmethod(_measured)
